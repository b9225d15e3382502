import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { get, type List, type Order, type Payment } from '../api/client'
import { Badge, Empty, Facts, Failure, Id, Loading, Money, Page, Section, Time } from '../ui/basics'
import { Choice, ListView } from '../ui/list'

export default function OrdersPage() {
  const navigate = useNavigate()
  return (
    <Page title="Orders">
      <ListView<Order>
        path="/api/v1/orders"
        label="Orders"
        keeps={['status']}
        open={(order) => void navigate({ to: '/orders/$id', params: { id: order.id } } as never)}
        filters={<Choice name="status" label="Status" options={['created', 'attempted', 'paid']} />}
        columns={[
          { title: 'Amount', show: (o) => <Money amount={o.amount} currency={o.currency} className="font-medium" /> },
          { title: 'Status', show: (o) => <Badge status={o.status} /> },
          { title: 'Order', show: (o) => <Link to={'/orders/$id' as never} params={{ id: o.id } as never} className="font-mono text-xs hover:underline">{o.id}</Link> },
          { title: 'Receipt', wide: true, show: (o) => o.receipt ?? '–' },
          { title: 'Created', right: true, wide: true, show: (o) => <Time iso={o.created_at} /> },
        ]}
        empty={<Empty title="No orders yet">An order says what a customer is to pay, so that it is paid once. Create it from your server with <code className="font-mono">POST /api/v1/orders</code>.</Empty>}
      />
    </Page>
  )
}

export function OrderPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const order = useQuery({ queryKey: ['order', id], queryFn: () => get<Order>(`/api/v1/orders/${encodeURIComponent(id)}`) })
  const payments = useQuery({ queryKey: ['list', 'payments of', id], queryFn: () => get<List<Payment>>(`/api/v1/payments?order_id=${encodeURIComponent(id)}&limit=25`), enabled: !!order.data })
  const o = order.data
  return (
    <Page title={o ? <span className="flex flex-wrap items-center gap-2"><Money amount={o.amount} currency={o.currency} /><Badge status={o.status} /></span> : 'Order'}>
      <Link to="/orders" className="-mt-4 text-sm text-accent hover:underline">← Orders</Link>
      {order.error && <Failure error={order.error} retry={() => void order.refetch()} />}
      {order.isPending && <Loading />}
      {o && (
        <>
          <Section title="Details">
            <Facts of={[
              ['Order', <Id id={o.id} />], ['Receipt', o.receipt], ['Paid', o.reusable ? 'Any number of times' : 'Once'],
              ['Created', <Time iso={o.created_at} />], ['Updated', <Time iso={o.updated_at} />],
              ...Object.entries(o.metadata).map(([name, value]): [string, ReactNode] => [name, value]),
            ]} />
          </Section>
          <Section title="Payments" actions={payments.data?.has_more && <Link to="/payments" search={{ order_id: o.id } as never} className="text-sm text-accent hover:underline">All</Link>}>
            <Failure error={payments.error} />
            {payments.data?.data.length === 0 && <p className="text-sm text-soft">Nobody has tried to pay it yet.</p>}
            <ul className="grid gap-2 text-sm">
              {payments.data?.data.map((p) => (
                <li key={p.id}><Link to={'/payments/$id' as never} params={{ id: p.id } as never} className="flex flex-wrap items-center justify-between gap-2 rounded-md border border-line px-3 py-2 hover:bg-sunk"><span className="flex items-center gap-2"><Money amount={p.amount} currency={p.currency} /><Badge status={p.status} /></span><span className="text-xs text-soft"><Time iso={p.created_at} /></span></Link></li>
              ))}
            </ul>
          </Section>
        </>
      )}
    </Page>
  )
}
