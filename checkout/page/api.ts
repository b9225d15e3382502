import type { Config } from './config';

/** A payment as the page may see it; see attempt in api.go. */
export interface Payment {
  payment_id: string;
  order_id: string;
  status: 'pending' | 'processing' | 'requires_action' | 'authorized' | 'success' | 'failed' | 'canceled';
  method: string | null;
  failure_code: string | null;
  failure_message: string | null;
  action_url: string | null;
  signature: string | null;
  updated_at: string;
}

export interface Instrument {
  method: 'card' | 'upi' | 'netbanking';
  card?: { number: string; exp_month: number; exp_year: number; cvc: string; holder_name?: string };
  vpa?: string;
  bank?: string;
}

/** What the server refused. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  param?: string;
  /** Seconds. */
  retryAfter: number;
}

/** An answer, a refusal, or nothing: then nobody knows whether the request arrived. */
export type Answer = { payment: Payment } | { problem: Problem } | { lost: true };

/** Longer than the server waits for news. */
const timeout = 30_000;

export class API {
  #config: Config;
  #base: string;

  constructor(config: Config) {
    this.#config = config;
    this.#base = `/pay/${encodeURIComponent(config.order.id)}`;
  }

  pay(key: string, instrument: Instrument): Promise<Answer> {
    return this.#ask('/payments', {
      method: 'POST',
      keepalive: true, // it arrives, though the page is left or loaded again at this moment
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body: JSON.stringify(instrument),
    });
  }

  /** With after, the updated_at of an earlier answer, the server waits for news, for a while. */
  attempt(key: string, after: string | null): Promise<Answer> {
    return this.#ask(`/payments/${encodeURIComponent(key)}${after ? `?after=${encodeURIComponent(after)}` : ''}`, {});
  }

  async #ask(path: string, init: RequestInit): Promise<Answer> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeout);
    try {
      const response = await fetch(this.#base + path, {
        ...init,
        cache: 'no-store',
        credentials: 'omit',
        headers: { ...init.headers, 'X-Api-Key': this.#config.key },
        signal: abort.signal,
      });
      const body: unknown = await response.json();
      if (response.ok) return { payment: body as Payment };
      const { code, detail, param } = body as { code?: string; detail?: string; param?: string };
      return {
        problem: {
          status: response.status, code: code ?? 'internal', detail: detail ?? '', param,
          retryAfter: Number(response.headers.get('Retry-After')) || 0,
        },
      };
    } catch {
      return { lost: true };
    } finally {
      clearTimeout(timer);
    }
  }
}
