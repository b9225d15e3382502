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

/** The browser may refuse storage to a frame; then a reload starts anew, and the server's own guard stays. */
function storage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

export class Attempts {
  #order: string;
  #current: Attempt;

  constructor(order: string) {
    this.#order = order;
    this.#current = this.#read() ?? fresh();
  }

  get current(): Attempt {
    return this.#current;
  }

  /** To be called before sending. */
  submit(): void {
    this.#current = { ...this.#current, submitted: true };
    this.#write();
  }

  /** The server said that it began nothing: the same key is good for another request. */
  withdraw(): void {
    this.#current = { ...this.#current, submitted: false };
    this.#write();
  }

  /** The end of this attempt is known and told: what comes next is another payment. */
  finish(): void {
    this.#current = fresh();
    try {
      storage()?.removeItem(prefix + this.#order);
    } catch {
      // Nothing was kept, so nothing stays.
    }
  }

  #read(): Attempt | null {
    try {
      const text = storage()?.getItem(prefix + this.#order);
      const kept = text ? (JSON.parse(text) as Partial<Attempt>) : null;
      return kept && typeof kept.key === 'string' && /^[0-9a-f]{32}$/.test(kept.key)
        ? { key: kept.key, submitted: kept.submitted === true }
        : null;
    } catch {
      return null;
    }
  }

  #write(): void {
    try {
      storage()?.setItem(prefix + this.#order, JSON.stringify(this.#current));
    } catch {
      // Kept in memory alone.
    }
  }
}

function fresh(): Attempt {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''), submitted: false };
}
