import type { components } from './schema.js'

export type Event = components['schemas']['EventBody']

/** How far a delivery's timestamp may lie from now, in seconds, either way. */
const tolerance = 300

type Headers = { get(name: string): string | null } | Record<string, string | string[] | undefined>

export interface VerifyOptions {
  /** Milliseconds since 1970; the clock when absent. */
  now?: number
}

/**
 * Returns the event in the body of a delivery, when a holder of a secret signed exactly these bytes within the last five
 * minutes, and throws otherwise. `body` is what arrived, before anything parsed it; `headers` are `Request.headers` or
 * Node's `IncomingMessage.headers`; `secrets` is `whsec_…`, or the old and the new one while it is changed.
 */
export async function verifyWebhook(
  body: string | Uint8Array, headers: Headers, secrets: string | string[], options: VerifyOptions = {},
): Promise<Event> {
  const id = header(headers, 'webhook-id')
  const timestamp = header(headers, 'webhook-timestamp')
  const signatures = header(headers, 'webhook-signature')
  if (!/^\d{1,12}$/.test(timestamp)) throw new Error('webhook-timestamp is not a time')
  if (Math.abs((options.now ?? Date.now()) / 1000 - Number(timestamp)) > tolerance) throw new Error('The webhook is too old or too new')
  const encoder = new TextEncoder()
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  const prefix = encoder.encode(`${id}.${timestamp}.`)
  const content = new Uint8Array(prefix.length + bytes.length)
  content.set(prefix)
  content.set(bytes, prefix.length)
  const given = signatures.split(' ').filter((entry) => entry.startsWith('v1,')).map((entry) => decoded(entry.slice(3)))
  for (const secret of [secrets].flat()) {
    const raw = decoded(secret.replace(/^whsec_/, ''))
    if (raw === undefined || raw.length < 24) throw new Error('This is no webhook secret')
    const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    for (const signature of given) {
      // WebCrypto compares in constant time.
      if (signature !== undefined && (await crypto.subtle.verify('HMAC', key, signature, content))) {
        return JSON.parse(new TextDecoder().decode(bytes)) as Event
      }
    }
  }
  throw new Error('No signature of the webhook matches')
}

function header(headers: Headers, name: string): string {
  const value = typeof headers.get === 'function' ? headers.get(name) : (headers as Record<string, unknown>)[name]
  if (typeof value !== 'string' || value === '') throw new Error(`${name} is missing`)
  return value
}

function decoded(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
