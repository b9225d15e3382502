import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { asCurl, asRequest, quote } from './curl'

it.each(['plain', `it's`, '$(id) `id` "x" \\', 'a\nb', `''`])('quotes %j for the shell', (text) => {
  expect(execFileSync('sh', ['-c', `printf %s ${quote(text)}`], { encoding: 'utf8' })).toBe(text)
})

it('holds url, headers and body', () => expect(asCurl('http://x/', '{}', { 'webhook-id': 'evt_1' })).toBe(
  "curl -X POST 'http://x/' \\\n  -H 'Content-Type: application/json' \\\n  -H 'webhook-id: evt_1' \\\n  --data-raw '{}'",
))

it('makes requests that run as they stand, in Node.js too', async () => {
  const snippets = asRequest({ method: 'POST', url: 'data:text/plain,ok', secret: 's', body: '{"a":"it\'s \\"x\\""}' })
  const program = snippets['Node.js']!.replace('await fetch(', 'await take(')
  const out = execFileSync('node', ['--input-type=module', '-e', `const take = async (url, init) => ({ status: init.method, text: async () => init.body + init.headers.Authorization })\n${program}`], { encoding: 'utf8' })
  expect(out.trim()).toBe('POST {"a":"it\'s \\"x\\""}Bearer s')
  expect(snippets.curl).toContain(`--data-raw '{"a":"it'\\''s \\"x\\""}'`)
}, 60_000)
