import { type Client } from 'openapi-fetch';
import { type RetryOptions } from './retry.js';
import type { components, paths } from './schema.js';
export { PaygateError } from './error.js';
export type { RetryOptions } from './retry.js';
export { verifyWebhook, type Event, type VerifyOptions } from './webhook.js';
type Schemas = components['schemas'];
export type Order = Schemas['Order'];
export type Payment = Schemas['Payment'];
export type Refund = Schemas['Refund'];
export type Balance = Schemas['Balance'];
export type BalanceTransaction = Schemas['BalanceTransaction'];
export type EventRecord = Schemas['Event'];
export interface CallOptions {
    /**
     * The Idempotency-Key: one for each thing you mean to do, kept with it, and the same when you ask again. Without it the
     * call makes one of its own, which covers its own retries alone.
     */
    idempotencyKey?: string;
    signal?: AbortSignal;
}
type Query<Path extends keyof paths> = paths[Path] extends {
    get: {
        parameters: {
            query?: infer Q;
        };
    };
} ? Q : never;
/** One merchant at one gateway. Everything that the gateway refuses is thrown as a `PaygateError`. */
export declare class Paygate {
    /** Every route of the contract, typed, with the same credentials, retries and errors. */
    readonly api: Client<paths>;
    /** `baseUrl` is as `https://pay.example`, without a path. The secret belongs on a server. */
    constructor(baseUrl: string, secret: string, options?: RetryOptions);
    createOrder(order: Schemas['OrderCreate'], options?: CallOptions): Promise<Order>;
    order(id: string, options?: CallOptions): Promise<Order>;
    /** It settles in the background: only `success` means that money moved. */
    createPayment(payment: Schemas['PaymentCreate'], options?: CallOptions): Promise<Payment>;
    payment(id: string, options?: CallOptions): Promise<Payment>;
    /** No amount means what is left. */
    refund(refund: Schemas['RefundCreate'], options?: CallOptions): Promise<Refund>;
    balance(options?: CallOptions): Promise<Balance>;
    /** Newest first, over all pages; a page is asked for when it is needed. So do the others. */
    payments(query?: Query<'/api/v1/payments'>): AsyncGenerator<Payment>;
    refunds(query?: Query<'/api/v1/refunds'>): AsyncGenerator<Refund>;
    events(query?: Query<'/api/v1/events'>): AsyncGenerator<EventRecord>;
    balanceTransactions(query?: Query<'/api/v1/balance/transactions'>): AsyncGenerator<BalanceTransaction>;
}
