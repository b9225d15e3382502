/** Text as one word of a POSIX shell. */
export const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

const command = (method: string, url: string, headers: [string, string][], body?: string) =>
  [`curl -X ${method} ${quote(url)}`, ...headers.map(([name, value]) => `  -H ${quote(`${name}: ${value}`)}`), ...(body === undefined ? [] : [`  --data-raw ${quote(body)}`])].join(' \\\n')

/** A delivery as a command that sends the same body to the same URL. */
export const asCurl = (url: string, body: string, headers: Record<string, string>) => command('POST', url, Object.entries({ 'Content-Type': 'application/json', ...headers }), body)

interface Request { method: string; url: string; secret: string; body?: string; idempotencyKey?: boolean }

/** A request to the API in a few languages. */
export function asRequest({ method, url, secret, body, idempotencyKey }: Request): Record<string, string> {
  const key = '4f1c2d3e-5a6b-4c7d-8e9f-0a1b2c3d4e5f'
  const headers: [string, string][] = [['Authorization', `Bearer ${secret}`], ...(body === undefined ? [] : [['Content-Type', 'application/json'] as [string, string]]), ...(idempotencyKey ? [['Idempotency-Key', key] as [string, string]] : [])]
  const json = (text: string) => JSON.stringify(text)
  return {
    curl: command(method, url, headers, body),
    'Node.js': `const response = await fetch(${json(url)}, {\n  method: ${json(method)},\n  headers: {${headers.map(([name, value]) => `\n    ${json(name)}: ${json(value)},`).join('')}\n  },${body === undefined ? '' : `\n  body: JSON.stringify(${body}),`}\n})\nconsole.log(response.status, await response.text())`,
    Python: `import requests\n\nresponse = requests.request(\n    ${json(method)},\n    ${json(url)},\n    headers={${headers.map(([name, value]) => `\n        ${json(name)}: ${json(value)},`).join('')}\n    },${body === undefined ? '' : `\n    data=${json(body)}.encode(),`}\n)\nprint(response.status_code, response.text)`,
    Go: `req, _ := http.NewRequest(${json(method)}, ${json(url)}, ${body === undefined ? 'nil' : `strings.NewReader(${json(body)})`})\n${headers.map(([name, value]) => `req.Header.Set(${json(name)}, ${json(value)})`).join('\n')}\nresp, err := http.DefaultClient.Do(req)`,
  }
}
