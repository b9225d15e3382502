import type { API, Answer, Instrument, Payment, Problem } from './api';
import type { Attempts } from './attempt';

/** Where the customer stands. */
export type State =
  | { name: 'form'; problem?: Problem; notice?: 'not_started' }
  | { name: 'processing'; offline: boolean; slow: boolean }
  | { name: 'action'; url: string; paymentId: string }
  | { name: 'success'; payment: Payment }
  | { name: 'failed'; payment: Payment }
  /** Another payment of this order is under way. */
  | { name: 'busy' }
  | { name: 'paid' }
  /** The order or the key is no longer there for us. */
  | { name: 'gone' };

export interface Clock {
  /** Resolves after so many milliseconds, or earlier when the network is back. */
  pause(ms: number): Promise<void>;
  now(): number;
}

/** When to say that it takes long. */
const slowAfter = 8_000;
/** How often a page that was loaded again asks for an attempt that the server does not know. */
const lookups = 6;

/** Money is, or may be, under way. */
export function inFlight(state: State): boolean {
  return state.name === 'processing' || state.name === 'action';
}

/**
 * Brings one attempt to its end: whatever happens to the network or the page, everything is sent under the
 * attempt's key, and only the server's word ends it.
 */
export class Flow {
  state: State;

  #api: API;
  #attempts: Attempts;
  #clock: Clock;
  #changed: (state: State) => void;
  #running = false;
  #begun = 0;

  constructor(deps: { api: API; attempts: Attempts; clock: Clock; payable: boolean; changed: (state: State) => void }) {
    this.#api = deps.api;
    this.#attempts = deps.attempts;
    this.#clock = deps.clock;
    this.#changed = deps.changed;
    this.state = deps.attempts.current.submitted ? { name: 'processing', offline: false, slow: false } : { name: deps.payable ? 'form' : 'paid' };
  }

  /** Takes up an attempt that was under way when the page was left. */
  async resume(): Promise<void> {
    if (this.#attempts.current.submitted) await this.#exclusively(() => this.#track(null, lookups));
  }

  /** Pays. While a payment is under way it does nothing. */
  async submit(instrument: Instrument): Promise<void> {
    await this.#exclusively(async () => {
      this.#attempts.submit();
      this.#show({ name: 'processing', offline: false, slow: false });
      await this.#send(instrument);
    });
  }

  /** Back to the form, for another attempt. */
  retry(): void {
    if (!this.#running) this.#show({ name: 'form' });
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#begun = this.#clock.now();
    try {
      await work();
    } finally {
      this.#running = false;
    }
  }

  async #send(instrument: Instrument): Promise<void> {
    for (let tries = 0; ; tries++) {
      const answer = await this.#api.pay(this.#attempts.current.key, instrument);
      if ('payment' in answer) return this.#track(answer.payment, 0);
      if ('problem' in answer && answer.problem.code === 'idempotency_key_reused') {
        // An earlier request did arrive: that one counts, and this one began nothing.
        return this.#track(null, lookups);
      }
      if (this.#ends(answer)) return;
      await this.#waitFor(answer, tries);
    }
  }

  /** Follows the attempt's payment. An attempt that the server does not know may still be on its way. */
  async #track(payment: Payment | null, unknown: number): Promise<void> {
    let current = payment;
    for (let tries = 0; ; tries++) {
      if (current && this.#shows(current)) return;
      const answer = await this.#api.attempt(this.#attempts.current.key, current?.updated_at ?? null);
      if ('payment' in answer) {
        tries = -1;
        current = answer.payment;
        if (this.state.name === 'processing') this.#show({ name: 'processing', offline: false, slow: this.#slow() });
        continue;
      }
      if ('problem' in answer && answer.problem.code === 'not_found' && answer.problem.param === 'attempt' && !current) {
        if (unknown-- > 0) {
          await this.#clock.pause(700);
          continue;
        }
        // It never arrived. The key stays: should it arrive yet, it is the same payment.
        this.#attempts.withdraw();
        this.#show({ name: 'form', notice: 'not_started' });
        return;
      }
      if (this.#ends(answer)) return;
      await this.#waitFor(answer, tries);
    }
  }

  /** Shows how the payment stands; true when that is its end. */
  #shows(payment: Payment): boolean {
    switch (payment.status) {
      case 'success':
      case 'authorized':
        this.#attempts.finish();
        this.#show({ name: 'success', payment });
        return true;
      case 'failed':
      case 'canceled':
        this.#attempts.finish();
        this.#show({ name: 'failed', payment });
        return true;
      case 'requires_action':
        if (payment.action_url && this.state.name !== 'action') {
          this.#show({ name: 'action', url: payment.action_url, paymentId: payment.payment_id });
        }
        return false;
      default:
        if (this.state.name !== 'processing') this.#show({ name: 'processing', offline: false, slow: this.#slow() });
        return false;
    }
  }

  /** Takes an answer after which there is nothing to wait for. */
  #ends(answer: Answer): boolean {
    if (!('problem' in answer)) return false;
    const { problem } = answer;
    switch (problem.code) {
      case 'order_already_paid':
        this.#attempts.finish();
        this.#show({ name: 'paid' });
        return true;
      case 'order_payment_in_progress':
        this.#attempts.finish();
        this.#show({ name: 'busy' });
        return true;
      case 'credentials_invalid':
      case 'credentials_missing':
      case 'forbidden':
      case 'not_found':
        this.#show({ name: 'gone' });
        return true;
    }
    if (problem.status < 400 || problem.status >= 500 || problem.status === 409 || problem.status === 429) return false;
    this.#attempts.withdraw();
    this.#show({ name: 'form', problem });
    return true;
  }

  /** Lost, busy or broken: the same again after a pause that grows. */
  async #waitFor(answer: Answer, tries: number): Promise<void> {
    const offline = 'lost' in answer;
    if (this.state.name === 'processing') this.#show({ name: 'processing', offline, slow: this.#slow() });
    const asked = 'problem' in answer ? answer.problem.retryAfter * 1000 : 0;
    await this.#clock.pause(Math.max(asked, Math.min(8_000, 400 * 2 ** Math.min(tries, 5))));
  }

  #slow(): boolean {
    return this.#clock.now() - this.#begun > slowAfter;
  }

  #show(state: State): void {
    this.state = state;
    this.#changed(state);
  }
}
