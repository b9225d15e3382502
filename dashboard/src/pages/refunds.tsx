import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Undo2 } from 'lucide-react'
import { get, type Refund } from '../api/client'
import { words } from '../format'
import { LinkButton, TextLink } from '../ui/button'
import { Choice } from '../ui/filters'
import { ListView } from '../ui/list'
import { Empty, Failure, Loading, Notice, Page, Section } from '../ui/page'
import { Badge } from '../ui/status'
import { Facts, Id, IdLink, Money, Time } from '../ui/values'

export default function RefundsPage() {
  const navigate = useNavigate()
  return (
    <Page title="Refunds">
      <ListView<Refund>
        path="/api/v1/refunds"
        label="Refunds"
        testId="refunds-table"
        keeps={['status', 'payment_id']}
        open={(refund) => void navigate({ to: '/refunds/$id', params: { id: refund.id } } as never)}
        rowProps={(refund) => ({ 'data-test-id': 'refund-row', 'data-refund-id': refund.id })}
        filters={<Choice name="status" label="Status" options={['pending', 'processed', 'failed']} />}
        columns={[
          { title: 'Amount', show: (r) => <TextLink data-row-link to="/refunds/$id" params={{ id: r.id }} className="font-medium !text-ink"><Money amount={r.amount} currency={r.currency} /></TextLink>, under: (r) => r.failure_message ?? r.reason ?? '' },
          { title: 'Status', show: (r) => <Badge status={r.status} />, under: (r) => <Time iso={r.created_at} /> },
          { title: 'Reason', wide: true, show: (r) => r.failure_message ?? r.reason ?? <span className="text-soft">–</span> },
          { title: 'Payment', wide: true, show: (r) => <IdLink id={r.payment_id} /> },
          { title: 'Created', wide: true, right: true, show: (r) => <Time iso={r.created_at} /> },
        ]}
        empty={<Empty icon={Undo2} title="No refunds yet" actions={<LinkButton to="/payments" search={{ status: 'success' }}>Successful payments</LinkButton>}>Open a payment that succeeded and choose <em>Refund</em>: all of it or a part.</Empty>}
      />
    </Page>
  )
}

export function RefundPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const refund = useQuery({ queryKey: ['refund', id], queryFn: () => get<Refund>(`/api/v1/refunds/${encodeURIComponent(id)}`) })
  const r = refund.data
  const metadata = Object.entries(r?.metadata ?? {})
  return (
    <Page narrow back={{ to: '/refunds', name: 'Refunds' }} title={r ? <span className="flex flex-wrap items-center gap-2.5"><Money amount={r.amount} currency={r.currency} /><Badge status={r.status} /></span> : 'Refund'}>
      {refund.error && <Failure error={refund.error} retry={() => void refund.refetch()} />}
      {refund.isPending && <Loading />}
      {r && (
        <>
          {r.failure_code && <Notice tone="bad" title={`${words(r.failure_code)}.`}>{r.failure_message} Its amount can be refunded again.</Notice>}
          <Section title="Details">
            <Facts of={[['Refund', <Id id={r.id} />], ['Payment', <IdLink id={r.payment_id} />], ['Reason', r.reason], ['Created', <Time iso={r.created_at} />], ['Updated', <Time iso={r.updated_at} />]]} />
          </Section>
          {metadata.length > 0 && <Section title="Metadata"><Facts of={metadata} /></Section>}
        </>
      )}
    </Page>
  )
}
