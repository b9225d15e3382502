import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ArrowLeftRight, RotateCw } from 'lucide-react'
import { useState } from 'react'
import { send, type Delivery, type Task } from '../../api/client'
import { eventTypes } from '../../event_types'
import { exactTime, words } from '../../format'
import { client, useMayChange } from '../../session'
import { Button, LinkButton, TextLink } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Choice, Days } from '../../ui/filters'
import { Input } from '../../ui/form'
import { ListView } from '../../ui/list'
import { Empty, Page } from '../../ui/page'
import { useFilters } from '../../ui/search'
import { Badge, EventType } from '../../ui/status'
import { IdLink, Time } from '../../ui/values'
import { endpoints as all } from './data'
import { NextAttempt } from './next_attempt'
import { Tabs } from './tabs'
import { TaskProgress } from './task'

const keeps = ['status', 'event_type', 'endpoint_id', 'payment_id', 'created_after', 'created_before']

export default function DeliveriesPage() {
  const navigate = useNavigate()
  const [task, setTask] = useState<Task>()
  const endpoints = useQuery(all).data?.data ?? []
  const urls = Object.fromEntries(endpoints.map((endpoint) => [endpoint.id, endpoint.url]))
  return (
    <Page title="Webhooks">
      <Tabs />
      {task && <TaskProgress key={task.id} task={task} />}
      <ListView<Delivery>
        path="/api/v1/webhooks/logs"
        label="Webhook deliveries"
        testId="webhook-logs-table"
        keeps={keeps}
        open={(delivery) => void navigate({ to: '/webhooks/logs/$id', params: { id: delivery.id } } as never)}
        rowProps={(delivery) => ({ 'data-test-id': 'webhook-log-item', 'data-webhook-id': delivery.id })}
        filters={
          <>
            <Choice name="status" label="Status" options={['pending', 'retrying', 'delivered', 'exhausted', 'paused']} />
            <Choice name="event_type" label="Event" options={eventTypes} />
            <Choice name="endpoint_id" label="Endpoint" options={endpoints.map(({ id }) => id)} names={urls} />
            <OfPayment />
            <Days />
          </>
        }
        actions={<ResendMany begun={setTask} urls={urls} />}
        columns={[
          { title: 'Event', testId: 'webhook-event', show: (d) => <TextLink data-row-link to="/webhooks/logs/$id" params={{ id: d.id }} className="!text-ink"><EventType type={d.event_type} /></TextLink>, under: (d) => urls[d.endpoint_id] ?? d.endpoint_id },
          { title: 'Status', testId: 'webhook-status', show: (d) => <Badge status={d.status} />, under: (d) => <Time iso={d.created_at} /> },
          { title: 'Answer', testId: 'webhook-response-code', wide: true, show: (d) => (d.response_code ? <span className="font-mono text-xs">{d.response_code}</span> : <span className="text-soft">–</span>) },
          { title: 'Endpoint', wide: true, narrow: true, show: (d) => <span className="text-xs text-soft" title={urls[d.endpoint_id]}>{urls[d.endpoint_id] ?? d.endpoint_id}</span> },
          { title: 'Payment', wide: true, spare: true, show: (d) => <IdLink id={d.payment_id} /> },
          { title: 'Attempts', testId: 'webhook-attempts', wide: true, right: true, show: (d) => d.attempt_count },
          { title: 'Last attempt', testId: 'webhook-last-attempt', wide: true, show: (d) => (d.last_attempt_at ? <Time iso={d.last_attempt_at} relative /> : <span className="text-soft">–</span>) },
          { title: 'Next', wide: true, show: (d) => <NextAttempt of={d} /> },
          { title: 'Created', wide: true, right: true, show: (d) => <Time iso={d.created_at} /> },
        ]}
        empty={<Empty icon={ArrowLeftRight} title="Nothing was sent yet" actions={<LinkButton to="/webhooks">Endpoints</LinkButton>}>Add an endpoint, then make a payment: each message to your server stands here, with every attempt.</Empty>}
      />
    </Page>
  )
}

function OfPayment() {
  const [search, change] = useFilters()
  return (
    <form onSubmit={(event) => { event.preventDefault(); change({ payment_id: String(new FormData(event.currentTarget).get('payment')).trim() || undefined }) }} role="search" className="w-full sm:w-auto">
      <Input key={search.payment_id} name="payment" aria-label="Of a payment" placeholder="pay_…" className="w-full sm:w-44" defaultValue={search.payment_id} />
    </form>
  )
}

const resendable = ['retrying', 'delivered', 'exhausted']

/** Sends again all that the filters show. */
function ResendMany({ begun, urls }: { begun: (task: Task) => void; urls: Record<string, string> }) {
  const mayChange = useMayChange()
  const [search] = useFilters()
  const [asking, setAsking] = useState(false)
  const filter = Object.fromEntries(keeps.flatMap((name) => (search[name] ? [[name, search[name]]] : [])))
  const resend = useMutation({
    mutationFn: () => send<Task>('POST', '/api/v1/webhooks/retry', filter),
    onSuccess: (task) => {
      setAsking(false)
      begun(task)
      return client.invalidateQueries({ queryKey: ['list'] })
    },
  })
  if (!mayChange) return null
  const none = search.status !== undefined && !resendable.includes(search.status)
  const says = (name: string, value: string) => (name === 'endpoint_id' ? (urls[value] ?? value) : name.startsWith('created') ? exactTime(value) : name === 'status' ? words(value) : value)
  return (
    <>
      <Button data-test-id="resend-filter-button" disabled={none} title={none ? 'Only what has been attempted can be sent again.' : undefined} onClick={() => { resend.reset(); setAsking(true) }}><RotateCw aria-hidden size={14} />Resend all</Button>
      <Confirm title="Send all of these again" verb="Send again" open={asking} close={() => setAsking(false)} act={() => resend.mutate()} busy={resend.isPending} error={resend.error}>
        {Object.keys(filter).length === 0 ? <p>No filter is set: <strong>every delivery so far</strong> is sent again, on all pages.</p> : (
          <>
            <p>Every delivery that matches is sent again, on all pages:</p>
            <ul className="grid gap-1 rounded-lg bg-sunk px-3 py-2 text-xs">{Object.entries(filter).map(([name, value]) => <li key={name} className="break-words"><span className="text-soft">{words(name.replace('_id', ''))}:</span> {says(name, value!)}</li>)}</ul>
          </>
        )}
        <p className="text-soft">Receivers that heed <code className="font-mono text-xs">webhook-id</code> take each once. It cannot be taken back.</p>
      </Confirm>
    </>
  )
}
