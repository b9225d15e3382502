import { useNavigate } from '@tanstack/react-router'
import { CreditCard, Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Payment } from '../api/client'
import { useAddresses, useSecret } from '../session'
import { Button, TextLink } from '../ui/button'
import { Code } from '../ui/code'
import { Choice, Days } from '../ui/filters'
import { Input } from '../ui/form'
import { ListView } from '../ui/list'
import { Method } from '../ui/method'
import { Empty, Page } from '../ui/page'
import { useFilters } from '../ui/search'
import { Badge } from '../ui/status'
import { IdLink, Money, Time } from '../ui/values'

export default function PaymentsPage() {
  const navigate = useNavigate()
  const { api } = useAddresses()
  const secret = useSecret()
  return (
    <Page title="Payments">
      <ListView<Payment>
        path="/api/v1/payments"
        label="Payments"
        testId="transactions-table"
        keeps={['order_id', 'status', 'method', 'created_after', 'created_before']}
        open={(payment) => void navigate({ to: '/payments/$id', params: { id: payment.id } } as never)}
        rowProps={(payment) => ({ 'data-test-id': 'transaction-row', 'data-payment-id': payment.id })}
        filters={
          <>
            <Find />
            <Choice name="status" label="Status" options={['pending', 'processing', 'requires_action', 'authorized', 'success', 'failed', 'canceled']} />
            <Choice name="method" label="Method" options={['card', 'upi', 'netbanking']} names={{ upi: 'UPI' }} />
            <Days />
          </>
        }
        columns={[
          { title: 'Amount', testId: 'amount', show: (p) => <TextLink data-row-link to="/payments/$id" params={{ id: p.id }} className="font-medium !text-ink"><Money amount={p.amount} currency={p.currency} /></TextLink>, under: (p) => <Method of={p} /> },
          { title: 'Status', testId: 'status', show: (p) => <Badge status={p.status} />, under: (p) => <Time iso={p.created_at} /> },
          { title: 'Method', testId: 'method', wide: true, show: (p) => <Method of={p} /> },
          { title: 'Payment', testId: 'payment-id', wide: true, narrow: true, show: (p) => <code className="font-mono text-xs text-soft">{p.id}</code> },
          { title: 'Order', testId: 'order-id', wide: true, narrow: true, show: (p) => <IdLink id={p.order_id} /> },
          { title: 'Failure', wide: true, spare: true, show: (p) => p.failure_message ?? '' },
          { title: 'Created', testId: 'created-at', wide: true, right: true, show: (p) => <Time iso={p.created_at} /> },
        ]}
        empty={
          <Empty icon={CreditCard} title="No payments yet">
            <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
              <p>Make the first one from your server, or from a terminal. Customers pay with the <TextLink to="/sdk" className="underline">checkout</TextLink>.</p>
              <Code label="Terminal" text={`curl -X POST ${api}/api/v1/payments \\\n  -H "Authorization: Bearer ${secret}" \\\n  -H "Content-Type: application/json" \\\n  -d '{"amount": 50000, "currency": "INR"}'`} />
            </div>
          </Empty>
        }
      />
    </Page>
  )
}

/** Goes to a payment by its id, or shows those of an order. */
function Find() {
  const [search, change] = useFilters()
  const navigate = useNavigate()
  const [text, setText] = useState(search.order_id ?? '')
  const [wrong, setWrong] = useState(false)
  useEffect(() => setText(search.order_id ?? ''), [search.order_id])
  return (
    <form
      role="search"
      className="flex w-full gap-2 sm:w-auto"
      onSubmit={(event) => {
        event.preventDefault()
        const id = text.trim()
        setWrong(false)
        if (id === '') change({ order_id: undefined })
        else if (id.startsWith('pay_')) void navigate({ to: '/payments/$id', params: { id } } as never)
        else if (id.startsWith('order_')) change({ order_id: id })
        else setWrong(true)
      }}
    >
      <div className="grid w-full gap-1 sm:w-64">
        <Input aria-label="Search by payment or order id" aria-invalid={wrong} aria-describedby={wrong ? 'find-wrong' : undefined} placeholder="pay_… or order_…" value={text} onChange={(event) => { setText(event.target.value); setWrong(false) }} />
        {wrong && <p id="find-wrong" role="alert" className="text-xs text-bad">An id starts with pay_ or order_.</p>}
      </div>
      <Button type="submit" className="self-start" aria-label="Search"><Search aria-hidden size={15} /></Button>
    </form>
  )
}
