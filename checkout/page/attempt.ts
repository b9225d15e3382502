import { newAttempt, readAttempt, writeAttempt, type Attempt } from '../sdk/attempt';

/** Where an attempt is kept over a reload. */
export interface Keeper {
  read(): Attempt | null;
  write(attempt: Attempt): void;
}

export class Attempts {
  #keeper: Keeper;
  #current: Attempt;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    this.#current = keeper.read() ?? newAttempt();
  }

  get current(): Attempt {
    return this.#current;
  }

  /** To be called before sending. */
  submit(): void {
    this.#keep({ ...this.#current, submitted: true });
  }

  /** The server said that it began nothing: the same key is good for another request. */
  withdraw(): void {
    this.#keep({ ...this.#current, submitted: false });
  }

  /** The end of this attempt is known: what comes next is another payment. */
  finish(): void {
    this.#keep(newAttempt());
  }

  #keep(attempt: Attempt): void {
    this.#current = attempt;
    this.#keeper.write(attempt);
  }
}

/**
 * The keeper of a page that stands alone. A frame cannot rely on its own storage, which browsers refuse to
 * frames of other sites in private windows: there the shop's page keeps the attempt.
 */
export function storedAttempts(order: string): Keeper {
  return {
    read: () => readAttempt(order),
    write: (attempt) => writeAttempt(order, attempt),
  };
}
