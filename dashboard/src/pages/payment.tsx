import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { get, type BalanceTransaction, type List, type Payment, type Refund } from '../api/client'
import { words } from '../format'
import { TextLink } from '../ui/button'
import { CopyButton, Facts, Id, IdLink, Money, Time } from '../ui/values'
import { Failure, Loading, Notice, Page, Section } from '../ui/page'
import { Method } from '../ui/method'
import { Badge } from '../ui/status'
import { Actions } from './payment_actions'
import { Timeline } from './payment_timeline'

export default function PaymentPage() {
  const { id } = useParams({ strict: false }) as { id: string }
  const payment = useQuery({ queryKey: ['payment', id], queryFn: () => get<Payment>(`/api/v1/payments/${encodeURIComponent(id)}`) })
  const p = payment.data
  return (
    <Page
      back={{ to: '/payments', name: 'Payments' }}
      title={p ? <span className="flex flex-wrap items-center gap-2.5"><Money amount={p.amount} currency={p.currency} /><Badge status={p.status} data-test-id="payment-status" /></span> : 'Payment'}
      actions={p && <Actions payment={p} />}
    >
      {payment.error && <Failure error={payment.error} retry={() => void payment.refetch()} />}
      {payment.isPending && <Loading />}
      {p && <Details payment={p} />}
    </Page>
  )
}

function Details({ payment: p }: { payment: Payment }) {
  const metadata = Object.entries(p.metadata)
  return (
    <>
      {p.failure_code && <Notice tone="bad" title={`${words(p.failure_code)}.`}>{p.failure_message}</Notice>}
      {p.next_action && (
        <Notice tone="warn" title="The customer has to act." actions={<CopyButton text={p.next_action.url}>Copy link</CopyButton>}>
          Send them to <span className="font-mono text-xs break-all">{p.next_action.url}</span>
        </Notice>
      )}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-8">
          <Timeline paymentId={p.id} />
          <Refunds payment={p} />
          <Ledger id={p.id} />
        </div>
        <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-8 max-lg:order-first">
          <Section title="Details">
            <Facts wide of={[
              ['Payment', <Id id={p.id} />],
              ['Order', p.order_id && <IdLink id={p.order_id} />],
              ['Method', <Method of={p} />],
              ['Expires', p.card_exp_month && `${String(p.card_exp_month).padStart(2, '0')}/${p.card_exp_year}`],
              ['Capture', words(p.capture)],
              ['Captured', <Money amount={p.amount_captured} currency={p.currency} />],
              ['Refunded', p.amount_refunded > 0 && <Money amount={p.amount_refunded} currency={p.currency} />],
              ['Created', <Time iso={p.created_at} />],
              ['Updated', <Time iso={p.updated_at} />],
            ].filter(([, value]) => value !== false) as [string, ReactNode][]} />
          </Section>
          {metadata.length > 0 && <Section title="Metadata"><Facts wide of={metadata} /></Section>}
        </div>
      </div>
    </>
  )
}

function Refunds({ payment }: { payment: Payment }) {
  const refunds = useQuery({ queryKey: ['list', 'refunds', payment.id], queryFn: () => get<List<Refund>>(`/api/v1/refunds?payment_id=${payment.id}&limit=100`) })
  if (!refunds.data?.data.length) return null
  return (
    <Section title="Refunds">
      <ul className="grid divide-y divide-line text-sm" data-test-id="payment-refunds">
        {refunds.data.data.map((refund) => (
          <li key={refund.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2 first:pt-0 last:pb-0">
            <span className="flex min-w-0 flex-wrap items-center gap-2"><TextLink to="/refunds/$id" params={{ id: refund.id }} className="font-medium !text-ink"><Money amount={refund.amount} currency={refund.currency} /></TextLink><Badge status={refund.status} />{(refund.failure_message ?? refund.reason) && <span className="min-w-0 break-words text-soft">{refund.failure_message ?? refund.reason}</span>}</span>
            <span className="text-xs text-soft"><Time iso={refund.created_at} /></span>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** What the payment did to the balance, with what is left of it. */
function Ledger({ id }: { id: string }) {
  const lines = useQuery({ queryKey: ['list', 'ledger', id], queryFn: () => get<List<BalanceTransaction>>(`/api/v1/balance/transactions?payment_id=${id}&limit=100`) })
  const moved = lines.data?.data ?? []
  return (
    <Section title="Ledger">
      <Failure error={lines.error} />
      {lines.data && moved.length === 0 && <p className="text-sm text-soft">No money has moved.</p>}
      {moved.length > 0 && (
        <table className="w-full text-sm" data-test-id="payment-ledger">
          <tbody className="divide-y divide-line">
            {moved.toReversed().map((line) => (
              <tr key={line.id}><td className="py-1.5">{words(line.type)}</td><td className="py-1.5 text-xs text-soft"><Time iso={line.created_at} /></td><td className="py-1.5 text-right"><Money amount={line.amount} currency={line.currency} /></td></tr>
            ))}
          </tbody>
          {!lines.data?.has_more && (
            <tfoot><tr className="border-t border-edge font-medium"><th scope="row" className="py-1.5 font-medium" colSpan={2}>Left of it in your balance</th><td className="py-1.5 text-right"><Money amount={moved.reduce((total, line) => total + line.amount, 0)} currency={moved[0]!.currency} /></td></tr></tfoot>
          )}
        </table>
      )}
    </Section>
  )
}
