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
/**
 * Loads checkout.js once and gives its constructor; null on a server, where there is nothing to show. When
 * all tries failed it rejects, and the next call tries anew.
 */
export declare function loadPaymentGateway(options: LoadOptions): Promise<typeof PaymentGateway | null>;
declare global {
    interface Window {
        PaymentGateway: typeof PaymentGateway;
    }
}
