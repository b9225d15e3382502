import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { get, send, type BalanceTransaction, type Delivery, type List, type Payment, type PaymentEvent, type Refund } from '../api/client'
import { decimal, minorUnits, money, words } from '../format'
import { client, useMayChange } from '../session'
import { Badge, Button, Confirm, Facts, Failure, Field, Id, Input, Loading, Money, Page, Section, Time } from '../ui/basics'
import { method } from './payments'

export default function PaymentPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const path = `/api/v1/payments/${encodeURIComponent(id)}`
  const payment = useQuery({ queryKey: ['payment', id], queryFn: () => get<Payment>(path) })
  const p = payment.data
  return (
    <Page title={p ? <span className="flex flex-wrap items-center gap-2"><Money amount={p.amount} currency={p.currency} /><Badge status={p.status} data-test-id="payment-status" /></span> : 'Payment'} actions={p && <Actions payment={p} />}>
      <Link to="/payments" className="-mt-4 text-sm text-accent hover:underline">← Payments</Link>
      {payment.error && <Failure error={payment.error} retry={() => void payment.refetch()} />}
      {payment.isPending && <Loading />}
      {p && <Details payment={p} />}
    </Page>
  )
}

function Details({ payment: p }: { payment: Payment }) {
  return (
    <>
      {p.failure_code && (
        <div className="rounded-md bg-badbg px-3 py-2 text-sm text-bad"><strong className="font-medium">{words(p.failure_code)}.</strong> {p.failure_message}</div>
      )}
      {p.next_action && <div className="rounded-md bg-warnbg px-3 py-2 text-sm text-warn">The customer has to act, at <span className="break-all font-mono text-xs">{p.next_action.url}</span></div>}
      <Section title="Details">
        <Facts of={[
          ['Payment', <Id id={p.id} />],
          ['Order', p.order_id && <Link to={'/orders/$id' as never} params={{ id: p.order_id } as never} className="font-mono text-xs text-accent hover:underline">{p.order_id}</Link>],
          ['Method', method(p)],
          ['Expires', p.card_exp_month && `${String(p.card_exp_month).padStart(2, '0')}/${p.card_exp_year}`],
          ['Capture', words(p.capture)],
          ['Captured', <Money amount={p.amount_captured} currency={p.currency} />],
          ['Refunded', <Money amount={p.amount_refunded} currency={p.currency} />],
          ['Created', <Time iso={p.created_at} />],
          ['Updated', <Time iso={p.updated_at} />],
          ...Object.entries(p.metadata).map(([name, value]): [string, ReactNode] => [name, value]),
        ]} />
      </Section>
      <div className="grid gap-6 lg:grid-cols-2">
        <Timeline id={p.id} />
        <div className="grid content-start gap-6">
          <Refunds payment={p} />
          <Ledger id={p.id} />
        </div>
      </div>
    </>
  )
}

/** Events of the payment, each with the deliveries that told of it. */
function Timeline({ id }: { id: string }) {
  const events = useQuery({ queryKey: ['list', 'events', id], queryFn: () => get<List<PaymentEvent>>(`/api/v1/events?payment_id=${id}&limit=100`) })
  const deliveries = useQuery({ queryKey: ['list', 'deliveries', id], queryFn: () => get<List<Delivery>>(`/api/v1/webhooks/logs?payment_id=${id}&limit=100`) })
  return (
    <Section title="Timeline">
      <Failure error={events.error ?? deliveries.error} />
      <ol className="grid gap-0 text-sm" data-test-id="payment-timeline">
        {events.data?.data.map((event) => (
          <li key={event.id} className="relative grid gap-1 border-l border-line pb-4 pl-4 last:pb-0">
            <span aria-hidden className="absolute top-1.5 -left-[4.5px] size-2 rounded-full bg-accent" />
            <span className="flex flex-wrap justify-between gap-2"><span className="font-medium">{words(event.type)}</span><span className="text-xs text-soft"><Time iso={event.created_at} /></span></span>
            {deliveries.data?.data.filter((delivery) => delivery.event_id === event.id).map((delivery) => (
              <Link key={delivery.id} to={'/webhooks/logs/$id' as never} params={{ id: delivery.id } as never} className="flex items-center gap-2 text-xs text-soft hover:underline">
                Webhook <Badge status={delivery.status} /> {delivery.response_code ?? ''} {delivery.attempt_count === 1 ? '1 attempt' : `${delivery.attempt_count} attempts`}
              </Link>
            ))}
          </li>
        ))}
      </ol>
    </Section>
  )
}

function Refunds({ payment }: { payment: Payment }) {
  const refunds = useQuery({ queryKey: ['list', 'refunds', payment.id], queryFn: () => get<List<Refund>>(`/api/v1/refunds?payment_id=${payment.id}&limit=100`) })
  if (!refunds.data?.data.length) return null
  return (
    <Section title="Refunds">
      <ul className="grid gap-2 text-sm" data-test-id="payment-refunds">
        {refunds.data.data.map((refund) => (
          <li key={refund.id} className="flex flex-wrap items-center justify-between gap-2">
            <span className="flex flex-wrap items-center gap-2"><Money amount={refund.amount} currency={refund.currency} /><Badge status={refund.status} />{refund.reason && <span className="break-words text-soft">{refund.reason}</span>}</span>
            <span className="text-xs text-soft"><Time iso={refund.created_at} /></span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Ledger({ id }: { id: string }) {
  const moves = useQuery({ queryKey: ['list', 'ledger', id], queryFn: () => get<List<BalanceTransaction>>(`/api/v1/balance/transactions?payment_id=${id}&limit=100`) })
  const first = moves.data?.data[0]
  if (!first) return null
  const total = moves.data!.data.reduce((sum, move) => sum + move.amount, 0)
  return (
    <Section title="Ledger">
      <table className="w-full text-sm">
        <tbody className="divide-y divide-line">
          {moves.data!.data.map((move) => (
            <tr key={move.id}><td className="py-1.5">{words(move.type)}</td><td className="text-xs text-soft"><Time iso={move.created_at} /></td><td className="text-right">{money(move.amount, move.currency)}</td></tr>
          ))}
          <tr className="font-medium"><td className="py-1.5">Added to your balance</td><td /><td className="text-right">{money(total, first.currency)}</td></tr>
        </tbody>
      </table>
    </Section>
  )
}

function Actions({ payment: p }: { payment: Payment }) {
  const mayChange = useMayChange()
  const [asked, setAsked] = useState<'refund' | 'capture' | 'cancel'>()
  const left = asked === 'capture' ? p.amount : p.amount_captured - p.amount_refunded
  const [amount, setAmount] = useState('')
  const [reason, setReason] = useState('')
  const minor = minorUnits(amount, p.currency)
  const act = useMutation({
    mutationFn: () => {
      const path = `/api/v1/payments/${p.id}`
      if (asked === 'cancel') return send('POST', `${path}/cancel`, {})
      if (asked === 'capture') return send('POST', `${path}/capture`, { amount: minor })
      return send('POST', `${path}/refunds`, { amount: minor, ...(reason && { reason }) })
    },
    onSuccess: () => {
      setAsked(undefined)
      return client.invalidateQueries()
    },
  })
  if (!mayChange) return null
  const ask = (what: typeof asked, most: number) => {
    act.reset()
    setReason('')
    setAmount(decimal(most, p.currency))
    setAsked(what)
  }
  return (
    <>
      {p.status === 'authorized' && <Button kind="main" onClick={() => ask('capture', p.amount)}>Capture</Button>}
      {(p.status === 'authorized' || p.status === 'requires_action') && <Button kind="danger" onClick={() => ask('cancel', 0)}>Cancel payment</Button>}
      {p.status === 'success' && p.amount_captured > p.amount_refunded && <Button data-test-id="refund-button" onClick={() => ask('refund', p.amount_captured - p.amount_refunded)}>Refund</Button>}
      <Confirm
        title={{ refund: 'Refund this payment', capture: 'Capture this payment', cancel: 'Cancel this payment' }[asked ?? 'refund']}
        verb={{ refund: `Refund ${minor ? money(minor, p.currency) : ''}`, capture: `Capture ${minor ? money(minor, p.currency) : ''}`, cancel: 'Cancel payment' }[asked ?? 'refund']}
        danger={asked === 'cancel'} open={asked !== undefined} close={() => setAsked(undefined)} act={() => act.mutate()} busy={act.isPending} error={act.error}
        disabled={asked !== 'cancel' && (minor === undefined || minor > left)}
      >
        {asked === 'cancel' ? <p>The hold on {money(p.amount, p.currency)} is released to the customer. This cannot be undone.</p> : (
          <>
            <p>{asked === 'capture' ? 'You can capture once. What you leave is released to the customer.' : 'The money goes back to the customer. This cannot be undone.'}</p>
            <Field label={`Amount in ${p.currency}`} hint={`Up to ${money(left, p.currency)}.`}>
              {(id) => <Input id={id} data-test-id="refund-amount" inputMode="decimal" aria-invalid={minor === undefined || minor > left} value={amount} onChange={(event) => setAmount(event.target.value)} />}
            </Field>
            {asked === 'refund' && <Field label="Reason" hint="For your own records; it is in the refund’s events.">{(id) => <Input id={id} value={reason} maxLength={255} onChange={(event) => setReason(event.target.value)} />}</Field>}
          </>
        )}
      </Confirm>
    </>
  )
}
