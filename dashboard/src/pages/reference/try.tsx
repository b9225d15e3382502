import { useMutation } from '@tanstack/react-query'
import { Play } from 'lucide-react'
import { useState } from 'react'
import { at, Problem } from '../../api/client'
import { asRequest } from '../../curl'
import { address, flat, type Document, type Operation } from '../../openapi'
import { client, useAddresses, useMayChange, useSecret } from '../../session'
import { Button, TextLink } from '../../ui/button'
import { Code, CodeIn, pretty } from '../../ui/code'
import { Field, Input, Select, TextArea } from '../../ui/form'
import { Failure, Section } from '../../ui/page'
import { tones } from '../../ui/status'

interface Result { status: number; text: string; ms: number; id?: string; headers: string }

// What the dashboard does in a way of its own, with a line in the audit log; and what it does not pass on.
const elsewhere = /\/(rotate_secret|secret)$|^\/health/

/** The request in the reader's language, with the demo key filled in, and a button that sends it as whoever is signed in. */
export function Try({ document, operation, example, choose }: { document: Document; operation: Operation; example: number; choose: (n: number) => void }) {
  const { api } = useAddresses()
  const secret = useSecret()
  const mayChange = useMayChange()
  const [path, setPath] = useState<Record<string, string>>({})
  const [query, setQuery] = useState<Record<string, string>>({})
  const examples = operation.body?.examples ?? []
  const [body, setBody] = useState(() => JSON.stringify(examples[example]?.value ?? {}, null, 2))
  const malformed = examples.length > 0 && !isJSON(body)
  const places = operation.parameters.filter((parameter) => parameter.in === 'path')
  const asked = operation.parameters.filter((parameter) => parameter.in === 'query')
  const where = address(operation, { path, query })
  const idempotent = operation.parameters.some((parameter) => parameter.name === 'Idempotency-Key')
  const run = useMutation({
    mutationFn: async (): Promise<Result> => {
      const began = performance.now()
      const response = await fetch(at(where), {
        method: operation.method,
        headers: { ...(operation.body && { 'Content-Type': 'application/json' }), ...(idempotent && { 'Idempotency-Key': crypto.randomUUID() }) },
        body: operation.body ? body : undefined,
      }).catch(() => { throw new Problem(0, 'unreachable', 'The server cannot be reached. Check the connection, then try again.') })
      const text = await response.text()
      const headers = ['Content-Type', 'X-Request-Id', 'Idempotent-Replayed', 'Retry-After', 'RateLimit'].flatMap((name) => (response.headers.has(name) ? [`${name}: ${response.headers.get(name)}`] : [])).join('\n')
      return { status: response.status, text, headers, ms: Math.round(performance.now() - began), id: idOf(text) }
    },
    onSuccess: () => operation.method !== 'GET' && client.invalidateQueries({ predicate: (of) => of.queryKey[0] !== 'openapi' }),
  })
  const runs = !elsewhere.test(operation.path) && (mayChange || operation.method === 'GET')
  return (
    <Section title="Try it" data-test-id="try-it">
      <form className="grid grid-cols-[minmax(0,1fr)] gap-4" onSubmit={(event) => { event.preventDefault(); run.mutate() }}>
        {(places.length > 0 || asked.length > 0) && (
          <div className="grid gap-3 sm:grid-cols-2">
            {places.map(({ name }) => <Field key={name} label={name}>{(id) => <Input id={id} required={runs} spellCheck={false} autoComplete="off" className="w-full font-mono" placeholder={placeholder(operation.path)} value={path[name] ?? ''} onChange={(event) => setPath({ ...path, [name]: event.target.value.trim() })} />}</Field>)}
            {asked.map(({ name, schema }) => {
              const choices = flat(document, schema ?? {}).enum?.filter((value) => value !== null).map(String)
              return (
                <Field key={name} label={name}>
                  {(id) => choices ? (
                    <Select id={id} value={query[name] ?? ''} onChange={(event) => setQuery({ ...query, [name]: event.target.value })}><option value="">–</option>{choices.map((choice) => <option key={choice}>{choice}</option>)}</Select>
                  ) : <Input id={id} spellCheck={false} autoComplete="off" className="w-full font-mono" value={query[name] ?? ''} onChange={(event) => setQuery({ ...query, [name]: event.target.value.trim() })} />}
                </Field>
              )
            })}
          </div>
        )}
        {operation.body && (
          <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
            {examples.length > 1 && <Select aria-label="Example" className="w-full sm:w-auto sm:max-w-full sm:justify-self-start" value={example} onChange={(event) => { const n = Number(event.target.value); choose(n); setBody(JSON.stringify(examples[n]!.value, null, 2)) }}>{examples.map(({ name }, n) => <option key={name} value={n}>{name}</option>)}</Select>}
            <TextArea aria-label="Body of the request" data-test-id="try-body" rows={Math.min(16, body.split('\n').length + 1)} spellCheck={false} aria-invalid={malformed} value={body} onChange={(event) => setBody(event.target.value)} />
          </div>
        )}
        <CodeIn label="Language" data-test-id="try-code" of={asRequest({ method: operation.method, url: api + where, secret, body: operation.body && !malformed ? compact(body) : undefined, idempotencyKey: idempotent })} />
        {runs ? (
          <div className="flex flex-wrap items-center gap-3">
            <Button type="submit" kind={operation.method === 'DELETE' ? 'danger' : 'main'} data-test-id="try-send" disabled={malformed || run.isPending}><Play aria-hidden size={14} />{run.isPending ? 'Sending…' : 'Send'}</Button>
            <span className="text-xs text-soft">{malformed ? 'The body is not JSON yet.' : operation.method === 'GET' ? 'Runs here, as you.' : 'It really happens, as you.'}</span>
          </div>
        ) : <p className="text-sm text-soft">{mayChange ? <>This one does not run here. {operation.path.endsWith('secret') && <>An endpoint’s <TextLink to="/webhooks" className="underline">page</TextLink> does it, and notes it in the audit log.</>}</> : 'A viewer can send only what reads.'}</p>}
        <Failure error={run.error} />
      </form>
      {run.data && (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-2" data-test-id="try-answer" aria-live="polite">
          <Code
            label={<span className="flex items-center gap-2"><span className={`rounded px-1.5 font-mono ${tones[run.data.status < 300 ? 'good' : 'bad']}`}>{run.data.status}</span>{run.data.ms} ms</span>}
            text={pretty(run.data.text) || '(empty)'}
          />
          <div className="flex flex-wrap items-start justify-between gap-2 text-xs text-soft"><pre className="min-w-0 font-mono break-all whitespace-pre-wrap">{run.data.headers}</pre>{run.data.id?.startsWith('pay_') && <TextLink to="/payments/$id" params={{ id: run.data.id }} className="text-sm">Open the payment</TextLink>}{run.data.id?.startsWith('order_') && <TextLink to="/orders/$id" params={{ id: run.data.id }} className="text-sm">Open the order</TextLink>}</div>
        </div>
      )}
    </Section>
  )
}

function isJSON(text: string) {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const compact = (text: string) => JSON.stringify(JSON.parse(text))

function idOf(text: string): string | undefined {
  try {
    const { id } = JSON.parse(text)
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

const kinds: [RegExp, string][] = [[/payments\/\{/, 'pay_…'], [/orders\/\{/, 'order_…'], [/refunds\/\{/, 'rfnd_…'], [/events\/\{/, 'evt_…'], [/endpoints\/\{/, 'we_…'], [/tasks\/\{/, 'wtask_…'], [/webhooks\/\{/, 'whd_…']]
const placeholder = (path: string) => kinds.find(([pattern]) => pattern.test(path))?.[1]
