/** What the server puts into the page; see pageConfig in page.go. */
export interface Config {
  key: string;
  order: Order;
  merchant: string;
  banks: { code: string; name: string }[];
  parent_origin: string;
  return_url: string;
  locale: 'en' | 'hi';
  accent: string;
  /** Path of the merchant's picture; empty for none. */
  logo: string;
  test: boolean;
}

export interface Order {
  id: string;
  amount: number;
  currency: string;
  /** Decimals of the currency's minor unit. */
  exponent: number;
  status: string;
  payable: boolean;
}

export function readConfig(): Config {
  return JSON.parse(document.getElementById('config')?.textContent ?? '') as Config;
}
