/** What the gateway refused, and why (RFC 9457). Branch on `code`; show `message` to yourself. */
export declare class PaygateError extends Error {
    readonly name = "PaygateError";
    readonly status: number;
    /** Stable; the contract lists them under `ErrorCode`. Empty when something in between answered. */
    readonly code: string;
    /** The field, query parameter or header at fault, when a single one is. */
    readonly param: string | undefined;
    /** For whoever runs the gateway. */
    readonly requestId: string;
    /** How many seconds the gateway asks to wait; 0 when it does not say. */
    readonly retryAfter: number;
    constructor(response: Response, body: string);
    /** Whether the same request may get another answer later. */
    get temporary(): boolean;
}
