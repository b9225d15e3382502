import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { ShoppingCart } from 'lucide-react'
import { get, type List, type Order, type Payment } from '../api/client'
import { useAddresses, useSecret } from '../session'
import { TextLink } from '../ui/button'
import { Code } from '../ui/code'
import { Choice } from '../ui/filters'
import { ListView } from '../ui/list'
import { Method } from '../ui/method'
import { Empty, Failure, Loading, Page, Section } from '../ui/page'
import { Badge } from '../ui/status'
import { Facts, Id, Money, Time } from '../ui/values'

export default function OrdersPage() {
  const navigate = useNavigate()
  const { api } = useAddresses()
  const secret = useSecret()
  return (
    <Page title="Orders">
      <ListView<Order>
        path="/api/v1/orders"
        label="Orders"
        testId="orders-table"
        keeps={['status']}
        open={(order) => void navigate({ to: '/orders/$id', params: { id: order.id } } as never)}
        rowProps={(order) => ({ 'data-test-id': 'order-row', 'data-order-id': order.id })}
        filters={<Choice name="status" label="Status" options={['created', 'attempted', 'paid']} />}
        columns={[
          { title: 'Amount', show: (o) => <TextLink data-row-link to="/orders/$id" params={{ id: o.id }} className="font-medium !text-ink"><Money amount={o.amount} currency={o.currency} /></TextLink>, under: (o) => o.receipt ?? '' },
          { title: 'Status', show: (o) => <Badge status={o.status} />, under: (o) => <Time iso={o.created_at} /> },
          { title: 'Receipt', wide: true, show: (o) => o.receipt ?? <span className="text-soft">–</span> },
          { title: 'Order', wide: true, show: (o) => <code className="font-mono text-xs text-soft">{o.id}</code> },
          { title: 'Can be paid', wide: true, spare: true, show: (o) => (o.reusable ? 'Any number of times' : 'Once') },
          { title: 'Created', wide: true, right: true, show: (o) => <Time iso={o.created_at} /> },
        ]}
        empty={
          <Empty icon={ShoppingCart} title="No orders yet">
            <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
              <p>An order says what a customer is to pay, so that it is paid once. Your server makes it, the <TextLink to="/sdk" className="underline">checkout</TextLink> shows it.</p>
              <Code label="Terminal" text={`curl -X POST ${api}/api/v1/orders \\\n  -H "Authorization: Bearer ${secret}" \\\n  -H "Content-Type: application/json" \\\n  -d '{"amount": 50000, "currency": "INR", "receipt": "receipt_1"}'`} />
            </div>
          </Empty>
        }
      />
    </Page>
  )
}

export function OrderPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const order = useQuery({ queryKey: ['order', id], queryFn: () => get<Order>(`/api/v1/orders/${encodeURIComponent(id)}`) })
  const payments = useQuery({ queryKey: ['list', 'payments of', id], queryFn: () => get<List<Payment>>(`/api/v1/payments?order_id=${encodeURIComponent(id)}&limit=25`), enabled: !!order.data })
  const o = order.data
  const metadata = Object.entries(o?.metadata ?? {})
  return (
    <Page narrow back={{ to: '/orders', name: 'Orders' }} title={o ? <span className="flex flex-wrap items-center gap-2.5"><Money amount={o.amount} currency={o.currency} /><Badge status={o.status} /></span> : 'Order'}>
      {order.error && <Failure error={order.error} retry={() => void order.refetch()} />}
      {order.isPending && <Loading />}
      {o && (
        <>
          <Section title="Details">
            <Facts of={[
              ['Order', <Id id={o.id} />], ['Receipt', o.receipt], ['Can be paid', o.reusable ? 'Any number of times' : 'Once'],
              ['Created', <Time iso={o.created_at} />], ['Updated', <Time iso={o.updated_at} />],
            ]} />
          </Section>
          {metadata.length > 0 && <Section title="Metadata"><Facts of={metadata} /></Section>}
          <Section title="Payments" actions={payments.data?.has_more && <TextLink to="/payments" search={{ order_id: o.id }} className="text-sm">All</TextLink>}>
            <Failure error={payments.error} />
            {payments.data?.data.length === 0 && <p className="text-sm text-soft">Nobody has tried to pay it yet.</p>}
            <ul className="-mx-2 grid text-sm">
              {payments.data?.data.map((p) => (
                <li key={p.id}>
                  <Link data-row-link to={'/payments/$id' as never} params={{ id: p.id } as never} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 rounded-md px-2 py-2 hover:bg-sunk">
                    <span className="flex flex-wrap items-center gap-2.5"><Money amount={p.amount} currency={p.currency} className="font-medium" /><Badge status={p.status} /><span className="text-soft"><Method of={p} /></span></span>
                    <span className="text-xs text-soft"><Time iso={p.created_at} /></span>
                  </Link>
                </li>
              ))}
            </ul>
          </Section>
        </>
      )}
    </Page>
  )
}
