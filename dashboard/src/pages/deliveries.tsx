import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { get, type Delivery, type Endpoint, type List } from '../api/client'
import { Badge, Empty, Page, Select, Time } from '../ui/basics'
import { Choice, Days, ListView, useFilters } from '../ui/list'
import { eventTypes } from './events'

export default function DeliveriesPage() {
  const navigate = useNavigate()
  return (
    <Page title="Webhook deliveries">
      <Link to="/webhooks" className="-mt-4 text-sm text-accent hover:underline">← Webhooks</Link>
      <ListView<Delivery>
        path="/api/v1/webhooks/logs"
        label="Webhook deliveries"
        testId="webhook-logs-table"
        keeps={['status', 'event_type', 'endpoint_id', 'payment_id', 'created_after', 'created_before']}
        open={(delivery) => void navigate({ to: '/webhooks/logs/$id', params: { id: delivery.id } } as never)}
        rowProps={(delivery) => ({ 'data-test-id': 'webhook-log-item', 'data-webhook-id': delivery.id })}
        filters={<><Choice name="status" label="Status" options={['pending', 'retrying', 'delivered', 'exhausted', 'paused']} /><Choice name="event_type" label="Event" options={eventTypes} /><Endpoints /><Days /></>}
        columns={[
          { title: 'Event', testId: 'webhook-event', show: (d) => <Link to={'/webhooks/logs/$id' as never} params={{ id: d.id } as never} className="font-medium hover:underline">{d.event_type}</Link> },
          { title: 'Status', testId: 'webhook-status', show: (d) => <Badge status={d.status} /> },
          { title: 'Answer', testId: 'webhook-response-code', show: (d) => d.response_code ?? '–' },
          { title: 'Attempts', testId: 'webhook-attempts', wide: true, right: true, show: (d) => d.attempt_count },
          { title: 'Last attempt', testId: 'webhook-last-attempt', wide: true, show: (d) => (d.last_attempt_at ? <Time iso={d.last_attempt_at} relative /> : '–') },
          { title: 'Next attempt', wide: true, show: (d) => (d.next_attempt_at ? <Time iso={d.next_attempt_at} relative /> : '–') },
          { title: 'Created', wide: true, right: true, show: (d) => <Time iso={d.created_at} /> },
        ]}
        empty={<Empty title="Nothing was sent yet">Add an endpoint under <Link to="/webhooks" className="text-accent underline">Webhooks</Link>, then make a payment.</Empty>}
      />
    </Page>
  )
}

function Endpoints() {
  const [search, change] = useFilters()
  const endpoints = useQuery({ queryKey: ['list', 'endpoints'], queryFn: () => get<List<Endpoint>>('/api/v1/webhook_endpoints?limit=100') })
  return (
    <Select aria-label="Endpoint" className="!w-auto max-w-56" value={search.endpoint_id ?? ''} onChange={(event) => change({ endpoint_id: event.target.value || undefined })}>
      <option value="">Endpoint: all</option>
      {endpoints.data?.data.map((endpoint) => <option key={endpoint.id} value={endpoint.id}>{endpoint.url}</option>)}
    </Select>
  )
}
