import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { verifyWebhook } from '../src/index'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const other = 'whsec_' + Buffer.alloc(24, 7).toString('base64')
const now = Date.parse('2026-11-23T09:00:01.480Z')

/** The signed message that the contract ends with. */
function vector() {
  const text = readFileSync(new URL('../../../httpapi/openapi.yaml', import.meta.url), 'utf8').split('\nx-webhook-vector:\n')[1]!
  const member = (name: string) => new RegExp(`^ +${name}: '?(.*?)'?$`, 'm').exec(text)![1]!
  expect(member('secret')).toBe(secret)
  return { body: member('body'), headers: Object.fromEntries(['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [name, member(name)])) }
}

function signed(body: string, at = now / 1000) {
  const signature = createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`evt_1.${Math.floor(at)}.${body}`).digest('base64')
  return { 'webhook-id': 'evt_1', 'webhook-timestamp': String(Math.floor(at)), 'webhook-signature': `v1,${signature}` }
}

test("the contract's message is genuine, as text and as bytes, with either kind of headers", async () => {
  const { body, headers } = vector()
  const at = { now: Number(headers['webhook-timestamp']) * 1000 }
  for (const form of [body, new TextEncoder().encode(body)]) {
    for (const kind of [headers, new Headers(headers)]) {
      const event = await verifyWebhook(form, kind, [other, secret], at)
      expect(event.type).toBe('payment.success')
      expect(event).toEqual(JSON.parse(body))
    }
  }
})

test('anything else is refused', async () => {
  const body = '{"id":"evt_1","type":"webhook.test","timestamp":"","data":{}}'
  const headers = signed(body)
  await expect(verifyWebhook(body, headers, secret, { now })).resolves.toMatchObject({ id: 'evt_1' })
  await expect(verifyWebhook(body, { ...headers, 'webhook-signature': `v1,AAAA v2,x ${headers['webhook-signature']}` }, secret, { now })).resolves.toBeDefined()

  await expect(verifyWebhook(body + ' ', headers, secret, { now })).rejects.toThrow('No signature')
  await expect(verifyWebhook(body, headers, other, { now })).rejects.toThrow('No signature')
  await expect(verifyWebhook(body, headers, [], { now })).rejects.toThrow('No signature')
  await expect(verifyWebhook(body, headers, 'whsec_', { now })).rejects.toThrow('no webhook secret')
  await expect(verifyWebhook(body, headers, 'whsec_!', { now })).rejects.toThrow('no webhook secret')
  await expect(verifyWebhook(body, { ...headers, 'webhook-id': 'evt_2' }, secret, { now })).rejects.toThrow('No signature')
  await expect(verifyWebhook(body, { ...headers, 'webhook-signature': headers['webhook-signature'].replace('v1', 'v2') }, secret, { now })).rejects.toThrow('No signature')
  await expect(verifyWebhook(body, { ...headers, 'webhook-signature': 'v1,!' }, secret, { now })).rejects.toThrow('No signature')
  await expect(verifyWebhook(body, { ...headers, 'webhook-timestamp': 'soon' }, secret, { now })).rejects.toThrow('is not a time')
  for (const name of Object.keys(headers)) {
    await expect(verifyWebhook(body, { ...headers, [name]: undefined }, secret, { now })).rejects.toThrow(`${name} is missing`)
  }
  for (const seconds of [-301, 301]) {
    await expect(verifyWebhook(body, signed(body, now / 1000 + seconds), secret, { now })).rejects.toThrow('too old or too new')
  }
})
