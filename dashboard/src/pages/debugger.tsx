import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { examine } from '../signature'
import { Badge, Button, Field, Input, Page, Section, TextArea } from '../ui/basics'

export default function DebuggerPage() {
  const [secret, setSecret] = useState('')
  const [headers, setHeaders] = useState('')
  const [body, setBody] = useState('')
  const examined = useMutation({ mutationFn: () => examine({ secret, headers, body }) })
  return (
    <Page title="Signature debugger">
      <Link to="/webhooks" className="-mt-4 text-sm text-accent hover:underline">← Webhooks</Link>
      <p className="max-w-2xl text-sm text-soft">Paste what your server got, and see which check fails and why. Everything stays in this page: the secret is sent nowhere.</p>
      <form className="grid max-w-3xl gap-4" onSubmit={(event) => { event.preventDefault(); examined.mutate() }}>
        <Field label="Endpoint secret">{(id) => <Input id={id} data-test-id="debug-secret" className="font-mono" autoComplete="off" spellCheck={false} placeholder="whsec_…" value={secret} onChange={(event) => setSecret(event.target.value)} />}</Field>
        <Field label="Headers" hint="One a line, as name: value, or as JSON.">{(id) => <TextArea id={id} data-test-id="debug-headers" rows={4} spellCheck={false} value={headers} onChange={(event) => setHeaders(event.target.value)} />}</Field>
        <Field label="Raw body">{(id) => <TextArea id={id} data-test-id="debug-body" rows={6} spellCheck={false} value={body} onChange={(event) => setBody(event.target.value)} />}</Field>
        <div><Button type="submit" kind="main" data-test-id="debug-button">Check</Button></div>
      </form>
      {examined.data && (
        <Section title="Checks">
          <ul className="grid gap-2 text-sm" data-test-id="debug-checks" aria-live="polite">
            {examined.data.map((check) => (
              <li key={check.name} className="flex flex-wrap items-baseline gap-2"><Badge status={check.ok === null ? 'skipped' : check.ok ? 'success' : 'failed'} /><span className="font-mono text-xs">{check.name}</span><span className="text-soft">{check.says}</span></li>
            ))}
          </ul>
        </Section>
      )}
    </Page>
  )
}
