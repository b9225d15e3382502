import { type Attempt } from './attempt';
/** Marks our messages among all others that a page may get. */
export declare const protocol = 1;
export type FrameMessage = {
    type: 'ready';
} | {
    type: 'resize';
    height: number;
} | {
    type: 'busy';
    busy: boolean;
} | {
    type: 'attempt';
    key: string;
    submitted: boolean;
} | {
    type: 'close_pending';
} | {
    type: 'close_modal';
    reason: string;
} | {
    type: 'payment_success';
    paymentId: string;
    orderId: string;
    status: string;
    signature: string;
} | {
    type: 'payment_failed';
    paymentId: string;
    orderId: string;
    status: string;
    code: string;
    message: string;
} | {
    type: 'event';
    name: string;
    data: Record<string, unknown>;
} | {
    type: 'error';
    code: string;
    message: string;
};
export type ParentMessage = {
    type: 'init';
    prefill: Record<string, unknown>;
} | {
    type: 'close_request';
    reason: string;
};
export type Envelope<T> = T & {
    paygate: typeof protocol;
    nonce: string;
};
/** The message in an event, or null when it is not from there, not of this session, or none of ours. */
export declare function received<T extends {
    type: string;
}>(event: MessageEvent, from: {
    source: unknown;
    origin: string;
    nonce: string;
}): T | null;
/** The frame's fragment: the nonce, and the attempt that the shop's page keeps. */
export declare function writeFragment(nonce: string, attempt: Attempt): string;
export declare function readFragment(hash: string): {
    nonce: string;
    attempt: Attempt | null;
};
