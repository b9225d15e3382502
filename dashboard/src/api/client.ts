import type { components } from './schema'

type Schemas = components['schemas']
export type Payment = Schemas['Payment']
export type Order = Schemas['Order']
export type Refund = Schemas['Refund']
export type PaymentEvent = Schemas['Event']
export type Endpoint = Schemas['WebhookEndpoint']
export type Delivery = Schemas['WebhookDelivery']
export type DeliveryDetail = Schemas['WebhookDeliveryDetail']
export type Balance = Schemas['Balance']
export type BalanceTransaction = Schemas['BalanceTransaction']
export type Attempt = Schemas['WebhookAttempt']
export type Task = Schemas['WebhookTask']

export interface List<Item> {
  data: Item[]
  has_more: boolean
}

export interface Me {
  email: string
  role: 'owner' | 'developer' | 'viewer'
  operator: boolean
  merchant: string
  merchant_id: string
  /** Where the REST API and the checkout are reached from outside. */
  api_url?: string
  checkout_url?: string
  /** The demo shop of `paygate dev`. */
  shop_url?: string
}

/** An answer that is no success, with the sentence that the server gave for it. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param?: string,
    readonly requestId?: string,
  ) {
    super(message)
  }
}

/** Where the server is: the page's <base>, which names the path that a proxy shows it under. */
export function at(path: string): string {
  return new URL(path.replace(/^\//, ''), document.baseURI).href
}

async function problem(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => null)
  return new Problem(
    response.status,
    body?.code ?? 'unreachable',
    body?.detail ?? `The server answered ${response.status} without saying why. Try again in a moment.`,
    body?.param,
    body?.request_id,
  )
}

export async function send<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  // A click that reaches the server twice happens once.
  if (method === 'POST' && path.startsWith('/api/')) headers['Idempotency-Key'] = crypto.randomUUID()
  let response: Response
  try {
    response = await fetch(at(path), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  } catch {
    throw new Problem(0, 'unreachable', 'The server cannot be reached. Check the connection, then try again.')
  }
  if (!response.ok) throw await problem(response)
  return (response.status === 204 ? undefined : await response.json()) as Answer
}

/** Sends a file as it is. */
export async function upload(path: string, file: File): Promise<void> {
  const response = await fetch(at(path), { method: 'PUT', headers: { 'Content-Type': file.type }, body: file }).catch(() => {
    throw new Problem(0, 'unreachable', 'The server cannot be reached. Check the connection, then try again.')
  })
  if (!response.ok) throw await problem(response)
}

export const get = <Answer>(path: string) => send<Answer>('GET', path)

/** A query string of what has a value. */
export function query(values: Record<string, string | number | undefined>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}
