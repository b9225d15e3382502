// The npm package: it brings no copy of checkout.js, which has to come from the gateway, but loads it.
import type { CheckoutError, PaymentGateway } from './gateway';

export type { CheckoutError, PaymentGateway };
export type * from './types';

export interface LoadOptions {
  /** Where checkout.js is: the gateway's own address, or that of a pinned version. */
  src: string;
  /** The hash of a pinned version (subresource integrity). */
  integrity?: string;
  /** How often a load that failed is tried again, with growing pauses. Default 2. */
  retries?: number;
}

const loading = new Map<string, Promise<typeof PaymentGateway | null>>();

/**
 * Loads checkout.js once and gives its constructor; null on a server, where there is nothing to show. When
 * all tries failed it rejects, and the next call tries anew.
 */
export function loadPaymentGateway(options: LoadOptions): Promise<typeof PaymentGateway | null> {
  if (typeof window === 'undefined' || typeof document === 'undefined') return Promise.resolve(null);
  if (window.PaymentGateway) return Promise.resolve(window.PaymentGateway);
  const known = loading.get(options.src);
  if (known) return known;
  const promise = load(options, options.retries ?? 2, 500).catch((error: unknown) => {
    loading.delete(options.src);
    throw error;
  });
  loading.set(options.src, promise);
  return promise;
}

async function load(options: LoadOptions, retries: number, pause: number): Promise<typeof PaymentGateway> {
  try {
    return await inject(options);
  } catch (error) {
    if (retries <= 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return load(options, retries - 1, pause * 3);
  }
}

function inject({ src, integrity }: LoadOptions): Promise<typeof PaymentGateway> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = src;
    script.async = true;
    if (integrity) {
      script.integrity = integrity;
      script.crossOrigin = 'anonymous';
    }
    script.onload = () => {
      if (window.PaymentGateway) resolve(window.PaymentGateway);
      else reject(new Error(`${src} is not Paygate's checkout.js`));
    };
    script.onerror = () => {
      script.remove(); // so that the next try is a new request
      reject(new Error(`${src} did not load`));
    };
    document.head.append(script);
  });
}

declare global {
  interface Window {
    PaymentGateway: typeof PaymentGateway;
  }
}
