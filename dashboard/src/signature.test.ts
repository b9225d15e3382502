import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { examine, parseHeaders } from './signature'

const secret = 'whsec_cGF5Z2F0ZS1kZW1vLXJlY2VpdmVyLTI0'
const body = '{"id":"evt_1","type":"webhook.test"}'
const at = 1_795_000_000
const headers = {
  'X-Webhook-Signature': createHmac('sha256', secret).update(body).digest('hex'),
  'webhook-id': 'evt_1',
  'webhook-timestamp': String(at),
  'webhook-signature': `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`evt_1.${at}.${body}`).digest('base64')}`,
}
const lines = (of: object) => Object.entries(of).map(([name, value]) => `${name}: ${value}`).join('\n')
const failing = async (change: { secret?: string; body?: string; headers?: string }, now = at * 1000) =>
  (await examine({ secret, body, headers: lines(headers), ...change }, now)).filter((check) => check.ok === false).map((check) => check.name)

it('accepts what the gateway signs', async () => expect(await failing({})).toEqual([]))
it('accepts one of several signatures', async () =>
  expect(await failing({ headers: lines({ ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` }) })).toEqual([]))
it('finds another secret', async () =>
  expect(await failing({ secret: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })).toEqual(['X-Webhook-Signature', 'webhook-signature']))
it('finds a formatted body', async () => expect(await failing({ body: JSON.stringify(JSON.parse(body), null, 2) })).toContain('Body'))
it('finds a line break at the end', async () => expect(await failing({ body: `${body}\n` })).toContain('Body'))
it('finds an old timestamp', async () => expect(await failing({}, (at + 301) * 1000)).toEqual(['webhook-timestamp']))
it('finds a header that a proxy dropped', async () =>
  expect(await failing({ headers: lines({ 'webhook-signature': headers['webhook-signature'] }) })).toEqual(['webhook-signature']))
it('finds an undecoded secret', async () => {
  const wrong = `v1,${createHmac('sha256', secret).update(`evt_1.${at}.${body}`).digest('base64')}`
  const checks = await examine({ secret, body, headers: lines({ ...headers, 'webhook-signature': wrong }) }, at * 1000)
  expect(checks.find((check) => check.name === 'webhook-signature')?.says).toContain('Decode')
})
it('reads headers in any form', () => {
  const wanted = new Map([['webhook-id', 'evt_1']])
  expect(parseHeaders('Webhook-Id: evt_1')).toEqual(wanted)
  expect(parseHeaders('{"webhook-id":"evt_1"}')).toEqual(wanted)
  expect(parseHeaders(`-H 'webhook-id: evt_1' \\`)).toEqual(wanted)
})
