export interface RetryOptions {
    /** How often a request is sent at most; 4 when absent, 1 for no retries. */
    attempts?: number;
    /** Milliseconds before the first retry when the gateway does not say; 200 when absent. It doubles each time. */
    pause?: number;
    /** Milliseconds that one attempt may take; 30,000 when absent. */
    timeout?: number;
    /** What sends a request; the global `fetch` when absent. */
    fetch?: (request: Request) => Promise<Response>;
}
/**
 * Returns a `fetch` that repeats what may be repeated, a GET or a request with an Idempotency-Key, until it has an answer
 * that repeating would not better. It throws a {@link PaygateError} for answers of 400 and above.
 */
export declare function retrying(options: RetryOptions): (request: Request) => Promise<Response>;
