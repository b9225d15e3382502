import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { asCurl, quote } from './curl'

it.each(['plain', `it's`, '$(id) `id` "x" \\', 'a\nb', `''`])('quotes %j for the shell', (text) => {
  expect(execFileSync('sh', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' })).toBe(text)
})

it('holds url, headers and body', () => expect(asCurl('http://x/', '{}', { 'webhook-id': 'evt_1' })).toBe(
  "curl -X POST 'http://x/' \\\n  -H 'Content-Type: application/json' \\\n  -H 'webhook-id: evt_1' \\\n  --data-raw '{}'",
))
