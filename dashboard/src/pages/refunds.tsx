import { Link } from '@tanstack/react-router'
import type { Refund } from '../api/client'
import { Badge, Empty, Money, Page, Time } from '../ui/basics'
import { Choice, ListView } from '../ui/list'

export default function RefundsPage() {
  return (
    <Page title="Refunds">
      <ListView<Refund>
        path="/api/v1/refunds"
        label="Refunds"
        keeps={['status', 'payment_id']}
        filters={<Choice name="status" label="Status" options={['pending', 'processed', 'failed']} />}
        columns={[
          { title: 'Amount', show: (r) => <Money amount={r.amount} currency={r.currency} className="font-medium" /> },
          { title: 'Status', show: (r) => <Badge status={r.status} /> },
          { title: 'Payment', show: (r) => <Link to={'/payments/$id' as never} params={{ id: r.payment_id } as never} className="font-mono text-xs text-accent hover:underline">{r.payment_id}</Link> },
          { title: 'Reason', wide: true, show: (r) => r.failure_message ?? r.reason ?? '–' },
          { title: 'Created', right: true, wide: true, show: (r) => <Time iso={r.created_at} /> },
        ]}
        empty={<Empty title="No refunds yet">Open a payment that succeeded and choose <em>Refund</em>: all of it or a part.</Empty>}
      />
    </Page>
  )
}
