/**
 * An amount in minor units, as people read it. The exponent is ISO 4217's, which the server knows: browsers
 * go by CLDR, which shows no fils or krona cents where banks count them.
 */
export function formatMoney(amount: number, currency: string, exponent: number, locale: string): string {
  return new Intl.NumberFormat(locale === 'hi' ? 'hi-IN' : currency === 'INR' ? 'en-IN' : 'en', {
    style: 'currency', currency, minimumFractionDigits: exponent, maximumFractionDigits: exponent,
  }).format(amount / 10 ** exponent);
}
