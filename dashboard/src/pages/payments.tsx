import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Payment } from '../api/client'
import { Badge, Button, Code, Empty, Input, Money, Page, Time } from '../ui/basics'
import { Choice, Days, ListView, useFilters } from '../ui/list'

export const method = (payment: Payment) =>
  payment.method === 'card' ? `${payment.card_brand ?? 'card'} •••• ${payment.card_last4}` : (payment.vpa ?? payment.bank ?? payment.method ?? '–')

export default function PaymentsPage() {
  const navigate = useNavigate()
  const open = (payment: Payment) => void navigate({ to: '/payments/$id', params: { id: payment.id } } as never)
  return (
    <Page title="Payments">
      <ListView<Payment>
        path="/api/v1/payments"
        label="Payments"
        testId="transactions-table"
        keeps={['status', 'method', 'order_id', 'created_after', 'created_before']}
        open={open}
        rowProps={(payment) => ({ 'data-test-id': 'transaction-row', 'data-payment-id': payment.id })}
        filters={
          <>
            <Find />
            <Choice name="status" label="Status" options={['pending', 'processing', 'requires_action', 'authorized', 'success', 'failed', 'canceled']} />
            <Choice name="method" label="Method" options={['card', 'upi', 'netbanking']} />
            <Days />
          </>
        }
        columns={[
          { title: 'Amount', testId: 'amount', show: (p) => <Money amount={p.amount} currency={p.currency} className="font-medium" /> },
          { title: 'Status', testId: 'status', show: (p) => <Badge status={p.status} /> },
          { title: 'Payment', testId: 'payment-id', wide: true, show: (p) => <Link to={'/payments/$id' as never} params={{ id: p.id } as never} className="font-mono text-xs hover:underline">{p.id}</Link> },
          { title: 'Order', testId: 'order-id', wide: true, show: (p) => <span className="font-mono text-xs">{p.order_id ?? '–'}</span> },
          { title: 'Method', testId: 'method', wide: true, show: (p) => method(p) },
          { title: 'Created', testId: 'created-at', right: true, show: (p) => <Time iso={p.created_at} /> },
        ]}
        empty={
          <Empty title="No payments yet">
            <div className="grid gap-3 text-left">
              <p className="text-center">Make the first one from your server, or from a terminal:</p>
              <Code label="Terminal" text={`curl -X POST http://localhost:8000/api/v1/payments \\\n  -H "Content-Type: application/json" -d '{"amount": 50000, "currency": "INR"}'`} />
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
      <Input aria-label="Search by payment or order id" aria-invalid={wrong} placeholder={wrong ? 'An id starts with pay_ or order_' : 'pay_… or order_…'} className="sm:!w-64" value={text} onChange={(event) => setText(event.target.value)} />
      <Button type="submit">Search</Button>
    </form>
  )
}
