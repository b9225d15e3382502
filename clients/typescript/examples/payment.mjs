// Pays, hears of it by a verified webhook, refunds a part, and lists what was paid. It works with the gateway that
// `paygate dev` runs; PAYGATE_URL and PAYGATE_SECRET choose another one, and another merchant.
import { once } from 'node:events'
import { createServer } from 'node:http'

import { Paygate, PaygateError, verifyWebhook } from '../dist/index.js'

const paygate = new Paygate(process.env.PAYGATE_URL ?? 'http://localhost:8000', process.env.PAYGATE_SECRET ?? 'secret_test_xyz789')
const timer = setTimeout(() => { console.error('nothing came within a minute'); process.exit(1) }, 60_000)

// An endpoint for as long as this runs. Its secret is shown this once.
const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const { data: endpoint } = await paygate.api.POST('/api/v1/webhook_endpoints', {
  body: { url: `http://127.0.0.1:${server.address().port}/webhooks`, event_types: ['payment.success'] },
})

const told = new Map() // payments by id
server.on('request', async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  try {
    const event = await verifyWebhook(Buffer.concat(chunks), request.headers, endpoint.secret)
    response.writeHead(204).end()
    told.set(event.data.payment.id, event.data.payment)
    server.emit('told')
  } catch {
    response.writeHead(401).end()
  }
})

try {
  // The key belongs to what is meant, here one run of this program: keep yours with the order.
  const key = crypto.randomUUID()
  const payment = await paygate.createPayment({ amount: 50000, currency: 'INR' }, { idempotencyKey: key })
  console.log(`Payment ${payment.id} of ${payment.amount} ${payment.currency} is ${payment.status}.`)
  while (!told.has(payment.id)) await once(server, 'told')
  console.log(`Webhook payment.success, verified: ${payment.id} is ${told.get(payment.id).status}.`)

  const refund = await paygate.refund({ payment_id: payment.id, amount: 10000 }, { idempotencyKey: `${key}-refund` })
  console.log(`Refund ${refund.id} of ${refund.amount} is ${refund.status}.`)

  // More than is left is refused, and says so.
  const tooMuch = await paygate.refund({ payment_id: payment.id, amount: 50000 }).catch((error) => error)
  if (!(tooMuch instanceof PaygateError) || tooMuch.code !== 'refund_exceeds_available') throw new Error('more was refunded than captured')

  let listed = false
  for await (const one of paygate.payments()) {
    listed = one.id === payment.id
    if (listed) break
  }
  if (!listed) throw new Error(`the list of payments lacks ${payment.id}`)
} finally {
  await paygate.api.DELETE('/api/v1/webhook_endpoints/{id}', { params: { path: { id: endpoint.id } } })
  server.close()
  server.closeAllConnections()
  clearTimeout(timer)
}
