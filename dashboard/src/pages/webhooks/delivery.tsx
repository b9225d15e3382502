import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Bug, RotateCw } from 'lucide-react'
import { get, send, type Attempt, type DeliveryDetail } from '../../api/client'
import { asCurl } from '../../curl'
import { words } from '../../format'
import { client, useMayChange } from '../../session'
import { say } from '../../toast'
import { Button } from '../../ui/button'
import { Code, pretty } from '../../ui/code'
import { Failure, Loading, Page, Section } from '../../ui/page'
import { Badge } from '../../ui/status'
import { NextAttempt } from './next_attempt'
import { CopyButton, Facts, Id, IdLink, Time } from '../../ui/values'

/** Headers as lines. */
const lines = (headers: readonly { name: string; value: string }[]) => headers.map(({ name, value }) => `${name}: ${value}`).join('\n')

export default function DeliveryPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const navigate = useNavigate()
  const mayChange = useMayChange()
  const delivery = useQuery({
    queryKey: ['delivery', id],
    queryFn: () => get<DeliveryDetail>(`/api/v1/webhooks/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (state.data?.status === 'pending' || state.data?.status === 'retrying' ? 3000 : false),
  })
  const resend = useMutation({
    mutationFn: () => send('POST', `/api/v1/webhooks/${id}/retry`, {}),
    onSuccess: () => {
      say('One more attempt is on its way')
      setTimeout(() => void client.invalidateQueries(), 600)
    },
  })
  const d = delivery.data
  const last = d?.attempts.at(-1)
  return (
    <Page
      back={{ to: '/webhooks/logs', name: 'Deliveries' }}
      title={d ? <span className="flex flex-wrap items-center gap-2.5">{d.event_type}<Badge status={d.status} data-test-id="webhook-status" /></span> : 'Delivery'}
      actions={d && <>
        {last && <Button onClick={() => void navigate({ to: '/webhooks/debugger', state: { body: d.body, headers: lines(last.request_headers), endpointId: d.endpoint_id } } as never)}><Bug aria-hidden size={15} />Debug</Button>}
        <CopyButton data-test-id="copy-curl-button" text={asCurl(d.url, d.body, Object.fromEntries(last ? last.request_headers.filter(({ name }) => !/^(content-length|host|accept-encoding)$/i.test(name)).map(({ name, value }) => [name, value]) : [['Content-Type', 'application/json'], ['webhook-id', d.event_id]]))}>Copy as curl</CopyButton>
        {mayChange && <Button kind="main" data-test-id="retry-webhook-button" disabled={resend.isPending} onClick={() => resend.mutate()}><RotateCw aria-hidden size={14} />Send again</Button>}
      </>}
    >
      <Failure error={resend.error ?? delivery.error} retry={delivery.error ? () => void delivery.refetch() : undefined} />
      {delivery.isPending && <Loading />}
      {d && (
        <>
          <Facts of={[
            ['To', <span className="font-mono text-xs break-all">{d.url}</span>],
            ['Endpoint', <IdLink id={d.endpoint_id} />],
            ['Delivery', <Id id={d.id} />],
            ['Event', <IdLink id={d.event_id} />],
            ['Payment', d.payment_id && <IdLink id={d.payment_id} />],
            ['Next attempt', d.next_attempt_at && <NextAttempt of={d} />],
            ['Created', <Time iso={d.created_at} />],
          ]} />
          <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-2">
            <Section title={d.attempts.length === 1 ? '1 attempt' : `${d.attempts.length} attempts`}>
              {d.attempts.length === 0 && <p className="text-sm text-soft">None yet{d.status === 'paused' ? ': the endpoint is disabled' : ''}.</p>}
              <ol className="grid grid-cols-[minmax(0,1fr)] gap-3" data-test-id="webhook-attempts">
                {d.attempts.toReversed().map((attempt, n) => <AttemptCard key={attempt.number} attempt={attempt} open={n === 0} />)}
              </ol>
            </Section>
            <Section title="Message">
              <Code label="Body" text={pretty(d.body)} />
              <Code label="Body, exactly as it is sent and signed" text={d.body} short />
            </Section>
          </div>
        </>
      )}
    </Page>
  )
}

function AttemptCard({ attempt, open }: { attempt: Attempt; open: boolean }) {
  const { timing } = attempt
  const parts = [['name look-up', timing.dns_ms], ['connecting', timing.connect_ms], ['TLS', timing.tls_ms], ['first byte', timing.first_byte_ms]] as const
  return (
    <li>
      <details open={open} className="group rounded-lg border border-line">
        <summary className="flex cursor-pointer flex-wrap items-center justify-between gap-x-3 gap-y-1 rounded-lg px-3.5 py-2.5 text-sm hover:bg-sunk">
          <span className="flex flex-wrap items-center gap-2 font-medium">
            <span className="text-soft">#{attempt.number}</span>
            <Badge status={attempt.outcome === 'success' ? 'success' : 'failed'} />
            {attempt.response_code ? <span className="font-mono text-xs" data-test-id="webhook-response-code">{attempt.response_code}</span> : words(attempt.error_class ?? '')}
            {attempt.trigger === 'manual' && <span className="text-xs font-normal text-soft">by hand</span>}
          </span>
          <span className="text-xs text-soft">{attempt.duration_ms} ms · <Time iso={attempt.started_at} /></span>
        </summary>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-3 border-t border-line p-3.5">
          {attempt.error && <p className="text-sm break-words text-bad">{attempt.error}</p>}
          {parts.some(([, ms]) => ms !== null) && <p className="text-xs text-soft">{parts.filter(([, ms]) => ms !== null).map(([name, ms]) => `${name} ${ms} ms`).join(' · ')}</p>}
          {attempt.response_body && <Code label="Answer" text={pretty(attempt.response_body)} short />}
          {attempt.response_headers.length > 0 && <Code label="Headers of the answer" text={lines(attempt.response_headers)} short />}
          <Code label="Headers that were sent" text={lines(attempt.request_headers)} short />
          <Code label="What webhook-signature covers" data-test-id="signature-base" text={attempt.signed_content} short />
        </div>
      </details>
    </li>
  )
}
