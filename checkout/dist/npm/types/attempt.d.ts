/**
 * One attempt to pay, under one idempotency key. The key stands in the session's storage before anything is
 * sent, so that a page that is loaded again in the middle asks about the same payment and makes no second.
 */
export interface Attempt {
    key: string;
    /** Something was sent under this key; what became of it may be unknown. */
    submitted: boolean;
}
/** What is kept for an order, or null, also where the browser keeps nothing. */
export declare function readAttempt(order: string): Attempt | null;
export declare function writeAttempt(order: string, attempt: Attempt): void;
export declare function checkAttempt(value: unknown): Attempt | null;
export declare function newAttempt(): Attempt;
/** 128 bits; not crypto.randomUUID, which pages without TLS do not have. */
export declare function randomToken(): string;
