/**
 * One attempt to pay, under one idempotency key. The key stands in the session's storage before anything is
 * sent, so that a page that is loaded again in the middle asks about the same payment and makes no second.
 */
export interface Attempt {
  key: string;
  /** Something was sent under this key; what became of it may be unknown. */
  submitted: boolean;
}

const prefix = 'paygate:attempt:';

/** What is kept for an order, or null, also where the browser keeps nothing. */
export function readAttempt(order: string): Attempt | null {
  try {
    return checkAttempt(JSON.parse(sessionStorage.getItem(prefix + order) ?? 'null'));
  } catch {
    return null;
  }
}

export function writeAttempt(order: string, attempt: Attempt): void {
  try {
    sessionStorage.setItem(prefix + order, JSON.stringify(attempt));
  } catch {
    // Kept in memory alone: a reload starts anew, and the order's own guard stays.
  }
}

export function checkAttempt(value: unknown): Attempt | null {
  const { key, submitted } = (value ?? {}) as Partial<Attempt>;
  return typeof key === 'string' && /^[0-9a-f]{32}$/.test(key) ? { key, submitted: submitted === true } : null;
}

export function newAttempt(): Attempt {
  return { key: randomToken(), submitted: false };
}

/** 128 bits; not crypto.randomUUID, which pages without TLS do not have. */
export function randomToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
