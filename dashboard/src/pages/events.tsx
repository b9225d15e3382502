import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { PaymentEvent } from '../api/client'
import { Badge, Code, Dialog, Empty, Id, Page, Time } from '../ui/basics'
import { Choice, ListView } from '../ui/list'

export const eventTypes = [
  'payment.created', 'payment.requires_action', 'payment.authorized', 'payment.success', 'payment.failed', 'payment.canceled',
  'refund.created', 'refund.processed', 'refund.failed', 'order.paid', 'webhook.test', 'endpoint.disabled',
] as const

export default function EventsPage() {
  const [shown, show] = useState<PaymentEvent>()
  return (
    <Page title="Events">
      <ListView<PaymentEvent>
        path="/api/v1/events"
        label="Events"
        keeps={['type', 'payment_id']}
        open={show}
        filters={<Choice name="type" label="Type" options={eventTypes} />}
        columns={[
          { title: 'Type', show: (e) => <button type="button" className="text-left hover:underline" onClick={() => show(e)}><Badge status={e.type} /></button> },
          { title: 'About', show: (e) => (e.payment_id ? <Link to={'/payments/$id' as never} params={{ id: e.payment_id } as never} className="font-mono text-xs text-accent hover:underline">{e.payment_id}</Link> : <span className="font-mono text-xs">{e.order_id ?? '–'}</span>) },
          { title: 'Event', wide: true, show: (e) => <span className="font-mono text-xs">{e.id}</span> },
          { title: 'Created', right: true, wide: true, show: (e) => <Time iso={e.created_at} /> },
        ]}
        empty={<Empty title="Nothing has happened yet">Whatever happens to a payment, refund or order stands here, with the exact body that endpoints get.</Empty>}
      />
      <Dialog title={shown?.type ?? ''} open={shown !== undefined} close={() => show(undefined)}>
        {shown && <><Id id={shown.id} /><Code label="Body, exactly as it is sent" text={shown.body} /></>}
      </Dialog>
    </Page>
  )
}
