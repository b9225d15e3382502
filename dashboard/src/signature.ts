// The checks that a receiver makes, one by one, so that the debugger can say which of them fails.
// Standard Webhooks: https://www.standardwebhooks.com

export interface Check {
  name: string
  ok: boolean | null
  says: string
}

export interface Delivery {
  secret: string
  body: string
  headers: string
}

const encoder = new TextEncoder()

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, encoder.encode(text)))
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes))

/** Headers as copied from anywhere: `name: value` lines, a JSON object, or curl's -H. */
export function parseHeaders(text: string): Map<string, string> {
  const headers = new Map<string, string>()
  try {
    for (const [name, value] of Object.entries(JSON.parse(text))) headers.set(name.toLowerCase(), String(value))
    return headers
  } catch {
    // not JSON, so lines
  }
  for (const line of text.split('\n')) {
    const match = /^\s*(?:-H\s+)?['"]?([A-Za-z0-9-]+)\s*:\s*(.*?)['"]?\s*\\?\s*$/.exec(line)
    if (match) headers.set(match[1]!.toLowerCase(), match[2]!)
  }
  return headers
}

/** How far a timestamp may be off, in seconds. */
const tolerance = 300

export async function examine(delivery: Delivery, now = Date.now()): Promise<Check[]> {
  const checks: Check[] = []
  const add = (name: string, ok: boolean | null, says: string) => checks.push({ name, ok, says })
  const secret = delivery.secret.trim()
  const headers = parseHeaders(delivery.headers)

  let key: Uint8Array<ArrayBuffer> | undefined
  if (!secret) add('Secret', false, 'No secret is given.')
  else {
    try {
      key = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (c) => c.charCodeAt(0))
      if (!secret.startsWith('whsec_')) add('Secret', false, 'An endpoint’s secret starts with whsec_. Is this an API key?')
      else if (secret !== delivery.secret) add('Secret', true, 'Well-formed. Spaces around it were ignored; your code would not.')
      else add('Secret', true, 'Well-formed.')
    } catch {
      add('Secret', false, 'What follows whsec_ is not base 64. Was it cut short when it was copied?')
    }
  }

  try {
    JSON.parse(delivery.body)
    if (delivery.body !== delivery.body.trim()) add('Body', false, 'There is white space around it, a line break at the end perhaps. Signatures cover every byte.')
    else if (/^\{\s*\n|":\s+["{[\d]/.test(delivery.body)) add('Body', false, 'It has been formatted. The body arrives compact: sign the raw bytes, before any parser touches them.')
    else add('Body', true, 'Compact JSON, as it is sent.')
  } catch {
    add('Body', false, 'This is not JSON, so something is missing or was added.')
  }

  const seeds = headers.get('x-webhook-signature')
  if (seeds === undefined) add('X-Webhook-Signature', null, 'The header is not among those given.')
  else if (secret) {
    const wanted = hex(await hmac(encoder.encode(secret) as Uint8Array<ArrayBuffer>, delivery.body))
    if (seeds === wanted) add('X-Webhook-Signature', true, 'It matches: hex(HMAC-SHA256(secret, body)).')
    else if (seeds.toLowerCase() === wanted) add('X-Webhook-Signature', false, 'It would match in lower case.')
    else add('X-Webhook-Signature', false, 'It does not match: another secret, or another body, byte for byte.')
  }

  const id = headers.get('webhook-id')
  const stamp = headers.get('webhook-timestamp')
  const signatures = headers.get('webhook-signature')
  const missing = [['webhook-id', id], ['webhook-timestamp', stamp], ['webhook-signature', signatures]].filter(([, value]) => value === undefined)
  if (missing.length === 3) add('webhook-signature', null, 'None of the Standard Webhooks headers is among those given.')
  else if (missing.length > 0) add('webhook-signature', false, `${missing.map(([name]) => name).join(' and ')} missing: does a proxy drop it?`)
  else {
    const age = Math.round(now / 1000) - Number(stamp)
    if (!/^\d+$/.test(stamp!)) add('webhook-timestamp', false, 'It is not a number of seconds since 1970.')
    else if (Math.abs(age) > tolerance)
      add('webhook-timestamp', false, `It is ${Math.abs(age)} s ${age > 0 ? 'old' : 'ahead'}; more than ${tolerance} s is refused. Fine for a delivery from the past that you look at here, not for one that has just arrived: then check the server’s clock.`)
    else add('webhook-timestamp', true, 'Within five minutes of now.')
    if (key) {
      const wanted = `v1,${base64(await hmac(key, `${id}.${stamp}.${delivery.body}`))}`
      const given = signatures!.split(/\s+/)
      if (given.includes(wanted)) add('webhook-signature', true, given.length > 1 ? 'One of them matches, as during a rotation.' : 'It matches: base64(HMAC-SHA256(decoded secret, id.timestamp.body)).')
      else if (given.includes(`v1,${base64(await hmac(encoder.encode(secret) as Uint8Array<ArrayBuffer>, `${id}.${stamp}.${delivery.body}`))}`))
        add('webhook-signature', false, 'It was made with the secret as text. Decode what follows whsec_ from base 64 first.')
      else add('webhook-signature', false, 'It does not match: another secret, id, timestamp or body.')
    }
  }
  return checks
}
