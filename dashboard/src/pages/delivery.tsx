import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { get, send, type DeliveryDetail } from '../api/client'
import { asCurl } from '../curl'
import { words } from '../format'
import { client, useMayChange } from '../session'
import { Badge, Button, Code, Copy, Facts, Failure, Id, Loading, Page, Section, Time } from '../ui/basics'

export default function DeliveryPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const delivery = useQuery({
    queryKey: ['delivery', id],
    queryFn: () => get<DeliveryDetail>(`/api/v1/webhooks/${encodeURIComponent(id)}`),
    refetchInterval: ({ state }) => (state.data?.status === 'pending' || state.data?.status === 'retrying' ? 5000 : false),
  })
  const mayChange = useMayChange()
  const resend = useMutation({
    mutationFn: () => send('POST', `/api/v1/webhooks/${id}/retry`, {}),
    onSuccess: () => setTimeout(() => void client.invalidateQueries(), 600),
  })
  const d = delivery.data
  return (
    <Page
      title={d ? <span className="flex flex-wrap items-center gap-2">{d.event_type}<Badge status={d.status} data-test-id="webhook-status" /></span> : 'Delivery'}
      actions={d && <>
        <Copy label="Copy as curl" text={asCurl(d.url, d.body, { 'webhook-id': d.event_id })} />
        {mayChange && <Button kind="main" data-test-id="retry-webhook-button" disabled={resend.isPending} onClick={() => resend.mutate()}>Send again</Button>}
      </>}
    >
      <Link to="/webhooks/logs" className="-mt-4 text-sm text-accent hover:underline">← Deliveries</Link>
      {resend.isSuccess && <p role="status" className="rounded-md bg-goodbg px-3 py-2 text-sm text-good">One more attempt is on its way.</p>}
      <Failure error={resend.error ?? delivery.error} retry={delivery.error ? () => void delivery.refetch() : undefined} />
      {delivery.isPending && <Loading />}
      {d && (
        <>
          <Section title="Details">
            <Facts of={[
              ['To', <span className="break-all font-mono text-xs">{d.url}</span>],
              ['Delivery', <Id id={d.id} />],
              ['Event', <Id id={d.event_id} />],
              ['Payment', d.payment_id && <Link to={'/payments/$id' as never} params={{ id: d.payment_id } as never} className="font-mono text-xs text-accent hover:underline">{d.payment_id}</Link>],
              ['Next attempt', d.next_attempt_at && <Time iso={d.next_attempt_at} relative />],
              ['Created', <Time iso={d.created_at} />],
            ]} />
          </Section>
          <div className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-2">
            <Section title="Attempts">
              {d.attempts.length === 0 && <p className="text-sm text-soft">None yet.</p>}
              <ol className="grid gap-3 text-sm">
                {d.attempts.toReversed().map((attempt) => (
                  <li key={attempt.number} className="grid grid-cols-[minmax(0,1fr)] gap-1.5 rounded-md border border-line px-3 py-2">
                    <span className="flex flex-wrap items-center justify-between gap-2">
                      <span className="flex flex-wrap items-center gap-2 font-medium">#{attempt.number} <Badge status={attempt.outcome === 'success' ? 'success' : 'failed'} /> {attempt.response_code ?? words(attempt.error_class ?? '')}</span>
                      <span className="text-xs text-soft">{attempt.trigger === 'manual' ? 'by hand · ' : ''}{attempt.duration_ms} ms · <Time iso={attempt.started_at} /></span>
                    </span>
                    {attempt.error && <span className="text-xs break-words text-bad">{attempt.error}</span>}
                    {attempt.response_body && <Code label="Answer" text={attempt.response_body} />}
                  </li>
                ))}
              </ol>
            </Section>
            <Section title="What is sent"><Code label="Body, exactly" text={d.body} /></Section>
          </div>
        </>
      )}
    </Page>
  )
}
