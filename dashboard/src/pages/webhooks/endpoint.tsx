import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { History, Pencil, Send, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { get, send, type Delivery, type Endpoint, type List, type Task } from '../../api/client'
import { count, percent } from '../../format'
import { client, useMayChange } from '../../session'
import { say } from '../../toast'
import { Button, TextLink } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Failure, Loading, Notice, Page, Section } from '../../ui/page'
import { Badge } from '../../ui/status'
import { Facts, Id, Time } from '../../ui/values'
import { eventsOf, health as figures } from './data'
import { DeliveryLines } from './delivery_lines'
import { Editor } from './editor'
import { Secrets } from './secret'
import { TaskProgress } from './task'

const reasons: Record<string, string> = {
  disabled_by_merchant: 'Somebody of yours disabled it.',
  endpoint_answered_410: 'It answered 410 Gone, which asks for no more.',
  endpoint_failing_for_5_days: 'Nothing has succeeded for five days.',
}

export default function EndpointPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const endpoint = useQuery({ queryKey: ['endpoint', id], queryFn: () => get<Endpoint>(`/api/v1/webhook_endpoints/${encodeURIComponent(id)}`) })
  const e = endpoint.data
  return (
    <Page back={{ to: '/webhooks', name: 'Webhooks' }} title={e ? <span className="flex flex-wrap items-center gap-2.5"><span className="min-w-0 font-mono text-base break-all">{e.url}</span><Badge status={e.status} /></span> : 'Endpoint'} actions={e && <Actions endpoint={e} />}>
      {endpoint.error && <Failure error={endpoint.error} retry={() => void endpoint.refetch()} />}
      {endpoint.isPending && <Loading />}
      {e && <Details endpoint={e} />}
    </Page>
  )
}

function Actions({ endpoint }: { endpoint: Endpoint }) {
  const mayChange = useMayChange()
  const navigate = useNavigate()
  const [asked, setAsked] = useState<'edit' | 'delete' | 'disable'>()
  const path = `/api/v1/webhook_endpoints/${endpoint.id}`
  const test = useMutation({
    mutationFn: () => send<Delivery>('POST', `${path}/test`, {}),
    onSuccess: (delivery) => navigate({ to: '/webhooks/logs/$id', params: { id: delivery.id } } as never),
  })
  const disable = useMutation({ mutationFn: () => send('PATCH', path, { status: 'disabled' }), onSuccess: () => { setAsked(undefined); return client.invalidateQueries() } })
  const remove = useMutation({
    mutationFn: () => send('DELETE', path),
    onSuccess: async () => {
      say('The endpoint is gone')
      await navigate({ to: '/webhooks' })
      client.removeQueries({ queryKey: ['endpoint', endpoint.id] })
      await client.invalidateQueries({ queryKey: ['list'] })
    },
  })
  if (!mayChange) return null
  return (
    <>
      <Failure error={test.error} />
      <Button data-test-id="test-webhook-button" disabled={test.isPending || endpoint.status === 'disabled'} onClick={() => test.mutate()}><Send aria-hidden size={14} />Send test</Button>
      <Button data-test-id="edit-endpoint-button" onClick={() => setAsked('edit')}><Pencil aria-hidden size={14} />Edit</Button>
      {endpoint.status === 'enabled' && <Button data-test-id="toggle-endpoint-button" onClick={() => setAsked('disable')}>Disable</Button>}
      <Button kind="danger" data-test-id="delete-endpoint-button" aria-label="Delete" onClick={() => setAsked('delete')}><Trash2 aria-hidden size={15} /></Button>
      {asked === 'edit' && <Editor endpoint={endpoint} close={() => setAsked(undefined)} />}
      <Confirm title="Disable this endpoint" verb="Disable" open={asked === 'disable'} close={() => setAsked(undefined)} act={() => disable.mutate()} busy={disable.isPending} error={disable.error}>
        <p>Its deliveries wait until you enable it again; none is dropped.</p>
      </Confirm>
      <Confirm title="Delete this endpoint" verb="Delete endpoint" danger open={asked === 'delete'} close={() => setAsked(undefined)} act={() => remove.mutate()} busy={remove.isPending} error={remove.error}>
        <p className="break-words">Nothing more is sent to {endpoint.url}, and its secret is gone. Its deliveries stay in the log.</p>
      </Confirm>
    </>
  )
}

function Details({ endpoint: e }: { endpoint: Endpoint }) {
  const mayChange = useMayChange()
  const health = useQuery(figures).data?.endpoints.find((of) => of.endpoint_id === e.id)
  const deliveries = useQuery({ queryKey: ['list', 'deliveries to', e.id], queryFn: () => get<List<Delivery>>(`/api/v1/webhooks/logs?endpoint_id=${e.id}&limit=15`) })
  const enable = useMutation({ mutationFn: () => send('POST', `/api/v1/webhook_endpoints/${e.id}/enable`, {}), onSuccess: () => { say('Enabled: what waited is on its way'); return client.invalidateQueries() } })
  return (
    <>
      <Failure error={enable.error} />
      {e.status === 'disabled' && (
        <Notice tone="warn" data-test-id="endpoint-disabled" title="This endpoint is disabled." actions={mayChange && <Button data-test-id="toggle-endpoint-button" disabled={enable.isPending} onClick={() => enable.mutate()}>Enable</Button>}>
          {reasons[e.disabled_reason ?? ''] ?? ''} Its deliveries wait, and go out when it is enabled.
        </Notice>
      )}
      {e.status === 'enabled' && e.failing_since && <Notice tone="bad" title="Nothing gets through.">Every delivery has failed since <Time iso={e.failing_since} />. After five days of that it is disabled.</Notice>}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Section title="Latest deliveries" actions={<TextLink to="/webhooks/logs" search={{ endpoint_id: e.id }} className="text-sm">All deliveries</TextLink>}>
          <Failure error={deliveries.error} />
          {deliveries.isPending && <Loading />}
          {deliveries.data?.data.length === 0 && <p className="text-sm text-soft">Nothing was sent yet. <em>Send test</em> tries it out.</p>}
          <DeliveryLines of={deliveries.data?.data ?? []} />
        </Section>
        <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-8 max-lg:order-first">
          <Section title="Details">
            <Facts wide of={[
              ['Endpoint', <Id id={e.id} />],
              ['Description', e.description],
              ['Events', <span className="text-xs break-words">{eventsOf(e)}</span>],
              ['At most', e.rate_limit && `${e.rate_limit} a second`],
              ['In 24 hours', health && health.deliveries > 0 && <>{count(health.deliveries)} deliveries, <span className={health.failing ? 'text-bad' : 'text-good'}>{percent(health.failing / health.deliveries)} failing</span></>],
              ['Added', <Time iso={e.created_at} />],
            ]} />
          </Section>
          <Section title="Secret" note="Your server checks signatures with it."><Secrets endpointId={e.id} headerNames={e.header_names} /></Section>
          {mayChange && <Replay endpoint={e} />}
        </div>
      </div>
    </>
  )
}

/** Sends what happened before the endpoint was there, or while it asked for less. */
function Replay({ endpoint }: { endpoint: Endpoint }) {
  const [asking, setAsking] = useState(false)
  const [task, setTask] = useState<Task>()
  const replay = useMutation({ mutationFn: () => send<Task>('POST', `/api/v1/webhook_endpoints/${endpoint.id}/replay`, {}), onSuccess: (begun) => { setAsking(false); setTask(begun) } })
  return (
    <Section title="Missed events" note="Events it has no delivery of: from before it was added, or of types it did not ask for.">
      {task ? <TaskProgress task={task} /> : <div><Button data-test-id="replay-button" disabled={endpoint.status === 'disabled'} onClick={() => { replay.reset(); setAsking(true) }}><History aria-hidden size={15} />Send missed events</Button></div>}
      <Confirm title="Send missed events" verb="Send them" open={asking} close={() => setAsking(false)} act={() => replay.mutate()} busy={replay.isPending} error={replay.error}>
        <p>Every past event of the types that this endpoint asks for, and has no delivery of, is sent to it, oldest first. That cannot be taken back.</p>
      </Confirm>
    </Section>
  )
}
