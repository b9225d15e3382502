import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'

import { Paygate, PaygateError } from '../src/index'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

const closing: (() => void)[] = []
afterEach(() => { for (const close of closing.splice(0)) close() })

/** A server that gives one answer after the other, and the requests that it got. */
async function gateway(...answers: Answer[]) {
  const seen: { method: string; url: string; key: string | undefined; authorization: string | undefined }[] = []
  const server = createServer((request, response) => {
    seen.push({
      method: request.method ?? '', url: request.url ?? '',
      key: request.headers['idempotency-key'] as string | undefined, authorization: request.headers.authorization,
    })
    const answer = answers.shift() ?? problem(500, 'internal')
    request.resume().on('end', () => answer(request, response))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  closing.push(() => { server.close(); server.closeAllConnections() })
  return { seen, paygate: new Paygate(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 'secret', { pause: 1, timeout: 2000 }) }
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => (_, response) =>
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
const problem = (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  json(status, { status, code, detail: `It is ${code}.`, param: 'amount', request_id: 'req_1' }, headers)
const broken: Answer = (_, response) => { response.writeHead(200, { 'Content-Length': '100' }).write('{'); response.destroy() }
const order = { amount: 1, currency: 'INR' }

test('a POST is repeated with the same key until it is answered', async () => {
  const { seen, paygate } = await gateway(broken, problem(503, 'unavailable'), problem(409, 'idempotency_in_progress', { 'Retry-After': '0' }), json(201, { id: 'pay_1' }))
  expect((await paygate.createPayment(order)).id).toBe('pay_1')
  expect(seen).toHaveLength(4)
  expect(seen[0]?.key).toBeTruthy()
  expect(new Set(seen.map(({ key, authorization }) => `${key} ${authorization}`)).size).toBe(1)
  expect(seen[0]?.authorization).toBe('Bearer secret')
})

test('the key of the caller is sent as it is', async () => {
  const { seen, paygate } = await gateway(json(201, { id: 'rfnd_1' }))
  await paygate.refund({ payment_id: 'pay_1' }, { idempotencyKey: 'return-17' })
  expect(seen.map(({ key }) => key)).toEqual(['return-17'])
})

test('a refusal is thrown at once, and says why', async () => {
  const { seen, paygate } = await gateway(problem(422, 'refund_exceeds_available'))
  const error = await paygate.refund({ payment_id: 'pay_1' }).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(PaygateError)
  expect(error).toMatchObject({ status: 422, code: 'refund_exceeds_available', message: 'It is refund_exceeds_available.', param: 'amount', requestId: 'req_1' })
  expect(seen).toHaveLength(1)
})

test('a POST without a key is not repeated', async () => {
  const { seen, paygate } = await gateway(problem(500, 'internal'))
  await expect(paygate.api.POST('/api/v1/payments', { body: order })).rejects.toThrow('It is internal.')
  expect(seen).toHaveLength(1)
})

test('attempts are bounded', async () => {
  const { seen, paygate } = await gateway()
  await expect(paygate.balance()).rejects.toMatchObject({ code: 'internal', temporary: true })
  expect(seen).toHaveLength(4)
})

test('what is aborted is not repeated', async () => {
  const { seen, paygate } = await gateway(() => controller.abort(new Error('enough')))
  const controller = new AbortController()
  await expect(paygate.balance({ signal: controller.signal })).rejects.toThrow('enough')
  expect(seen).toHaveLength(1)
})

test('the answer of something in between is an error, too', async () => {
  const { paygate } = await gateway((_, response) => response.writeHead(413).end('<html>'))
  await expect(paygate.balance()).rejects.toMatchObject({ status: 413, code: '', message: 'The gateway answered 413.' })
})

test('lists go over all pages, and no further than asked', async () => {
  const page = (ids: string[], more: boolean) => json(200, { object: 'list', data: ids.map((id) => ({ id })), has_more: more })
  const { seen, paygate } = await gateway(page(['pay_3', 'pay_2'], true), page(['pay_1'], false))
  const ids: string[] = []
  for await (const payment of paygate.payments({ status: 'success' })) ids.push(payment.id)
  expect(ids).toEqual(['pay_3', 'pay_2', 'pay_1'])
  expect(seen.map(({ url }) => url)).toEqual(['/api/v1/payments?status=success', '/api/v1/payments?status=success&starting_after=pay_2'])

  const first = await gateway(page(['evt_2', 'evt_1'], true))
  for await (const event of first.paygate.events()) { expect(event.id).toBe('evt_2'); break }
  expect(first.seen).toHaveLength(1)
})
