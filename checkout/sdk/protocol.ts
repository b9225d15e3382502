// What the shop's page and the frame say to each other. Every message carries the nonce of its session,
// and is taken only from the window and the origin that it has to come from.

import { checkAttempt, type Attempt } from './attempt';

/** Marks our messages among all others that a page may get. */
export const protocol = 1;

export type FrameMessage =
  | { type: 'ready' }
  | { type: 'resize'; height: number }
  | { type: 'busy'; busy: boolean }
  | { type: 'attempt'; key: string; submitted: boolean }
  | { type: 'close_pending' }
  | { type: 'close_modal'; reason: string }
  | { type: 'payment_success'; paymentId: string; orderId: string; status: string; signature: string }
  | { type: 'payment_failed'; paymentId: string; orderId: string; status: string; code: string; message: string }
  | { type: 'event'; name: string; data: Record<string, unknown> }
  | { type: 'error'; code: string; message: string };

export type ParentMessage =
  | { type: 'init'; prefill: Record<string, unknown> }
  | { type: 'close_request'; reason: string };

export type Envelope<T> = T & { paygate: typeof protocol; nonce: string };

/** The message in an event, or null when it is not from there, not of this session, or none of ours. */
export function received<T extends { type: string }>(
  event: MessageEvent,
  from: { source: unknown; origin: string; nonce: string },
): T | null {
  const data: unknown = event.data;
  if (!from.source || event.source !== from.source || event.origin !== from.origin) return null;
  if (typeof data !== 'object' || data === null) return null;
  const message = data as { paygate?: unknown; nonce?: unknown; type?: unknown };
  if (message.paygate !== protocol || !from.nonce || message.nonce !== from.nonce) return null;
  return typeof message.type === 'string' ? (data as T) : null;
}

/** The frame's fragment: the nonce, and the attempt that the shop's page keeps. */
export function writeFragment(nonce: string, attempt: Attempt): string {
  return `${nonce}.${attempt.key}.${attempt.submitted ? 1 : 0}`;
}

export function readFragment(hash: string): { nonce: string; attempt: Attempt | null } {
  const [nonce = '', key, submitted] = hash.replace(/^#/, '').split('.');
  return { nonce, attempt: checkAttempt({ key, submitted: submitted === '1' }) };
}
