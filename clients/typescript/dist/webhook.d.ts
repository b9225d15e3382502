import type { components } from './schema.js';
export type Event = components['schemas']['EventBody'];
type Headers = {
    get(name: string): string | null;
} | Record<string, string | string[] | undefined>;
export interface VerifyOptions {
    /** Milliseconds since 1970; the clock when absent. */
    now?: number;
}
/**
 * Returns the event in the body of a delivery, when a holder of a secret signed exactly these bytes within the last five
 * minutes, and throws otherwise. `body` is what arrived, before anything parsed it; `headers` are `Request.headers` or
 * Node's `IncomingMessage.headers`; `secrets` is `whsec_…`, or the old and the new one while it is changed.
 */
export declare function verifyWebhook(body: string | Uint8Array, headers: Headers, secrets: string | string[], options?: VerifyOptions): Promise<Event>;
export {};
