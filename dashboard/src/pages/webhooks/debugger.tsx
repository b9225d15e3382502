import { useMutation } from '@tanstack/react-query'
import { useRouterState } from '@tanstack/react-router'
import { CircleCheck, CircleMinus, CircleX, KeyRound } from 'lucide-react'
import { useState } from 'react'
import { send } from '../../api/client'
import { useMayChange } from '../../session'
import { examine, type Check } from '../../signature'
import { Button } from '../../ui/button'
import { Field, Input, TextArea } from '../../ui/form'
import { Failure, Notice, Page, Section } from '../../ui/page'
import { Tabs } from './tabs'

/** What a delivery's page hands over. */
interface Given { body?: string; headers?: string; endpointId?: string }

export default function DebuggerPage() {
  const given = useRouterState({ select: (state) => state.location.state as Given })
  const mayChange = useMayChange()
  const [secret, setSecret] = useState('')
  const [headers, setHeaders] = useState(given.headers ?? '')
  const [body, setBody] = useState(given.body ?? '')
  const examined = useMutation({ mutationFn: () => examine({ secret, headers, body }) })
  const reveal = useMutation({
    mutationFn: () => send<{ secrets: { secret: string }[] }>('POST', `/data/endpoints/${given.endpointId}/reveal`),
    onSuccess: ({ secrets }) => setSecret(secrets[0]!.secret),
  })
  return (
    <Page title="Webhooks">
      <Tabs />
      <p className="max-w-2xl text-sm text-soft">Paste what your server got, and see which check fails and why. Everything stays in this page: the secret is sent nowhere.</p>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-2">
        <form className="grid grid-cols-[minmax(0,1fr)] content-start gap-4" onSubmit={(event) => { event.preventDefault(); examined.mutate() }}>
          <Field label="Endpoint secret">{(id) => (
            <span className="flex gap-2">
              <Input id={id} data-test-id="debug-secret" className="w-full min-w-0 font-mono" autoComplete="off" spellCheck={false} placeholder="whsec_…" value={secret} onChange={(event) => setSecret(event.target.value)} />
              {given.endpointId && mayChange && <Button disabled={reveal.isPending} onClick={() => reveal.mutate()}><KeyRound aria-hidden size={14} />Fill in</Button>}
            </span>
          )}</Field>
          <Failure error={reveal.error} />
          <Field label="Headers" hint="One a line, as name: value, or as JSON.">{(id) => <TextArea id={id} data-test-id="debug-headers" rows={6} spellCheck={false} value={headers} onChange={(event) => setHeaders(event.target.value)} />}</Field>
          <Field label="Raw body">{(id) => <TextArea id={id} data-test-id="debug-body" rows={8} spellCheck={false} value={body} onChange={(event) => setBody(event.target.value)} />}</Field>
          <div><Button type="submit" kind="main" data-test-id="debug-button">Check</Button></div>
        </form>
        <div aria-live="polite">
          {examined.data ? <Checks checks={examined.data} /> : (
            <div className="grid gap-2 rounded-xl border border-dashed border-edge px-5 py-8 text-sm text-soft">
              <p className="font-semibold text-ink">What is checked</p>
              <p>The form of the secret, whether the body is the bytes that were signed, <code className="font-mono text-xs">X-Webhook-Signature</code>, the age of <code className="font-mono text-xs">webhook-timestamp</code>, and <code className="font-mono text-xs">webhook-signature</code> of Standard Webhooks. For each that fails, the likely mistake is named.</p>
              <p><em>Debug</em> on the page of a delivery brings its headers and body here.</p>
            </div>
          )}
        </div>
      </div>
    </Page>
  )
}

function Checks({ checks }: { checks: Check[] }) {
  const failed = checks.filter((check) => check.ok === false)
  const passed = checks.some((check) => check.ok && check.name.endsWith('ignature'))
  return (
    <Section title="Checks">
      {failed.length > 0 ? <Notice tone="bad" title={failed.length === 1 ? 'One check fails.' : `${failed.length} checks fail.`}>The first to look at: <span className="font-mono text-xs">{failed[0]!.name}</span>.</Notice>
        : passed ? <Notice tone="good" title="Genuine.">Every check passes.</Notice> : <Notice tone="warn" title="Nothing to compare.">Give the headers that came with it.</Notice>}
      <ul className="grid divide-y divide-line text-sm" data-test-id="debug-checks">
        {checks.map((check) => {
          const Icon = check.ok === null ? CircleMinus : check.ok ? CircleCheck : CircleX
          return (
            <li key={check.name} data-ok={String(check.ok)} className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-2 py-2.5">
              <Icon aria-label={check.ok === null ? 'Not checked' : check.ok ? 'Passes' : 'Fails'} size={17} className={`mt-px ${check.ok === null ? 'text-soft' : check.ok ? 'text-good' : 'text-bad'}`} />
              <span className="grid gap-0.5"><span className="font-mono text-xs font-medium">{check.name}</span><span className="text-soft">{check.says}</span></span>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}
