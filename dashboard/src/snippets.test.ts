import { execFileSync, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { verifyCheckout, verifyWebhook } from './snippets'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const body = '{"id":"evt_1","type":"payment.success","data":{"note":"naïve ₹"}}'
const mac = (text: string) => createHmac('sha256', secret).update(text).digest('hex')

// Those whose language is at hand are run as they stand, each in one program.
const languages: Record<string, { command: string; program: (webhook: string[], checkout: string[]) => string }> = {
  Python: {
    command: 'python3 -',
    program: (webhook, checkout) => `${verifyWebhook.Python}\n${verifyCheckout.Python}
print([genuine(${JSON.stringify(body)}.encode(), of, "${secret}") for of in ${JSON.stringify(webhook)}], [paid("order_1", "pay_1", of, "${secret}") for of in ${JSON.stringify(checkout)}])`,
  },
  'Node.js': {
    command: 'node --input-type=module -',
    program: (webhook, checkout) => `${verifyWebhook['Node.js']}\n${verifyCheckout['Node.js']}
const show = (of) => '[' + of.join(', ') + ']'
console.log(show(${JSON.stringify(webhook)}.map((of) => genuine(Buffer.from(${JSON.stringify(body)}), of, '${secret}'))), show(${JSON.stringify(checkout)}.map((of) => paid('order_1', 'pay_1', of, '${secret}'))))`,
  },
}

const at = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

test.each(Object.entries(languages).filter(([, { command }]) => at(command.split(' ')[0]!)))('%s takes what is genuine and nothing else', (_, { command, program }) => {
  const input = program([mac(body), mac(`${body} `), ''], [mac('order_1|pay_1'), mac('order_2|pay_1'), ''])
  expect(execFileSync('sh', ['-c', command], { input, encoding: 'utf8' }).trim().toLowerCase()).toBe('[true, false, false] [true, false, false]')
}, 60_000)
