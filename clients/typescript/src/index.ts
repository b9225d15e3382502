import createClient, { type Client } from 'openapi-fetch'

import { retrying, type RetryOptions } from './retry.js'
import type { components, paths } from './schema.js'

export { PaygateError } from './error.js'
export type { RetryOptions } from './retry.js'
export { verifyWebhook, type Event, type VerifyOptions } from './webhook.js'

type Schemas = components['schemas']
export type Order = Schemas['Order']
export type Payment = Schemas['Payment']
export type Refund = Schemas['Refund']
export type Balance = Schemas['Balance']
export type BalanceTransaction = Schemas['BalanceTransaction']
export type EventRecord = Schemas['Event']

export interface CallOptions {
  /**
   * The Idempotency-Key: one for each thing you mean to do, kept with it, and the same when you ask again. Without it the
   * call makes one of its own, which covers its own retries alone.
   */
  idempotencyKey?: string
  signal?: AbortSignal
}

type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } } ? Q : never
type Page<T> = { data: T[]; has_more: boolean }

/** One merchant at one gateway. Everything that the gateway refuses is thrown as a `PaygateError`. */
export class Paygate {
  /** Every route of the contract, typed, with the same credentials, retries and errors. */
  readonly api: Client<paths>

  /** `baseUrl` is as `https://pay.example`, without a path. The secret belongs on a server. */
  constructor(baseUrl: string, secret: string, options: RetryOptions = {}) {
    this.api = createClient<paths>({
      baseUrl: baseUrl.replace(/\/$/, ''), headers: { Authorization: `Bearer ${secret}` }, fetch: retrying(options),
    })
  }

  async createOrder(order: Schemas['OrderCreate'], options: CallOptions = {}): Promise<Order> {
    return resource(await this.api.POST('/api/v1/orders', { body: order, ...call(options) }))
  }

  async order(id: string, options: CallOptions = {}): Promise<Order> {
    return resource(await this.api.GET('/api/v1/orders/{id}', { params: { path: { id } }, ...signal(options) }))
  }

  /** It settles in the background: only `success` means that money moved. */
  async createPayment(payment: Schemas['PaymentCreate'], options: CallOptions = {}): Promise<Payment> {
    return resource(await this.api.POST('/api/v1/payments', { body: payment, ...call(options) }))
  }

  async payment(id: string, options: CallOptions = {}): Promise<Payment> {
    return resource(await this.api.GET('/api/v1/payments/{id}', { params: { path: { id } }, ...signal(options) }))
  }

  /** No amount means what is left. */
  async refund(refund: Schemas['RefundCreate'], options: CallOptions = {}): Promise<Refund> {
    return resource(await this.api.POST('/api/v1/refunds', { body: refund, ...call(options) }))
  }

  async balance(options: CallOptions = {}): Promise<Balance> {
    return resource(await this.api.GET('/api/v1/balance', signal(options)))
  }

  /** Newest first, over all pages; a page is asked for when it is needed. So do the others. */
  payments(query: Query<'/api/v1/payments'> = {}): AsyncGenerator<Payment> {
    return pages(query, async (query) => resource(await this.api.GET('/api/v1/payments', { params: { query } })))
  }

  refunds(query: Query<'/api/v1/refunds'> = {}): AsyncGenerator<Refund> {
    return pages(query, async (query) => resource(await this.api.GET('/api/v1/refunds', { params: { query } })))
  }

  events(query: Query<'/api/v1/events'> = {}): AsyncGenerator<EventRecord> {
    return pages(query, async (query) => resource(await this.api.GET('/api/v1/events', { params: { query } })))
  }

  balanceTransactions(query: Query<'/api/v1/balance/transactions'> = {}): AsyncGenerator<BalanceTransaction> {
    return pages(query, async (query) => resource(await this.api.GET('/api/v1/balance/transactions', { params: { query } })) as Page<BalanceTransaction>)
  }
}

function signal(options: CallOptions): { signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal }
}

function call(options: CallOptions) {
  return { ...signal(options), params: { header: { 'Idempotency-Key': options.idempotencyKey ?? crypto.randomUUID() } } }
}

/** What a route answers; it is absent only where something in between answered in its place. */
function resource<T>(answer: { data?: T; response: Response }): T {
  if (answer.data === undefined) throw new Error(`The answer ${answer.response.status} is not the gateway's`)
  return answer.data
}

async function* pages<Q extends object, T extends { id: string }>(query: Q, fetchPage: (query: Q) => Promise<Page<T>>): AsyncGenerator<T> {
  let page = await fetchPage(query)
  for (;;) {
    yield* page.data
    const last = page.data.at(-1)
    if (!page.has_more || last === undefined) return
    page = await fetchPage({ ...query, starting_after: last.id })
  }
}
