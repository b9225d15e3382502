import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { ListTree } from 'lucide-react'
import { get, type PaymentEvent } from '../api/client'
import { eventTypes } from '../event_types'
import { TextLink } from '../ui/button'
import { Code, pretty } from '../ui/code'
import { Choice } from '../ui/filters'
import { ListView } from '../ui/list'
import { Empty, Failure, Loading, Page, Section } from '../ui/page'
import { EventType } from '../ui/status'
import { Facts, Id, IdLink, Time } from '../ui/values'

export default function EventsPage() {
  const navigate = useNavigate()
  return (
    <Page title="Events">
      <ListView<PaymentEvent>
        path="/api/v1/events"
        label="Events"
        testId="events-table"
        keeps={['type', 'payment_id']}
        open={(event) => void navigate({ to: '/events/$id', params: { id: event.id } } as never)}
        rowProps={(event) => ({ 'data-test-id': 'event-row', 'data-event-id': event.id })}
        filters={<Choice name="type" label="Type" options={eventTypes} />}
        columns={[
          { title: 'Type', show: (e) => <TextLink data-row-link to="/events/$id" params={{ id: e.id }} className="!text-ink"><EventType type={e.type} /></TextLink>, under: (e) => e.payment_id ?? e.order_id ?? '' },
          { title: 'About', wide: true, show: (e) => <IdLink id={e.payment_id ?? e.order_id} /> },
          { title: 'Event', wide: true, show: (e) => <code className="font-mono text-xs text-soft">{e.id}</code> },
          { title: 'Created', right: true, show: (e) => <Time iso={e.created_at} /> },
        ]}
        empty={<Empty icon={ListTree} title="Nothing has happened yet">Whatever happens to a payment, refund or order stands here, with the exact body that endpoints get.</Empty>}
      />
    </Page>
  )
}

export function EventPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const event = useQuery({ queryKey: ['event', id], queryFn: () => get<PaymentEvent>(`/api/v1/events/${encodeURIComponent(id)}`), meta: { live: false } })
  const e = event.data
  return (
    <Page narrow back={{ to: '/events', name: 'Events' }} title={e?.type ?? 'Event'}>
      {event.error && <Failure error={event.error} retry={() => void event.refetch()} />}
      {event.isPending && <Loading />}
      {e && (
        <>
          <Section title="Details" actions={e.payment_id && <TextLink to="/webhooks/logs" search={{ payment_id: e.payment_id, event_type: e.type }} className="text-sm">Its deliveries</TextLink>}>
            <Facts of={[
              ['Event', <Id id={e.id} />], ['Payment', e.payment_id && <IdLink id={e.payment_id} />], ['Order', e.order_id && <IdLink id={e.order_id} />],
              ['Refund', e.refund_id && <IdLink id={e.refund_id} />], ['Created', <Time iso={e.created_at} />],
            ]} />
          </Section>
          <Section title="Body">
            <Code label="Formatted" text={pretty(e.body)} />
            <Code label="Exactly as it is sent and signed" text={e.body} short />
          </Section>
        </>
      )}
    </Page>
  )
}
