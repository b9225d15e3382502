import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Download, Landmark } from 'lucide-react'
import { at, get, Problem, query, type Balance, type BalanceTransaction } from '../api/client'
import { money, words } from '../format'
import { Button, LinkButton } from '../ui/button'
import { Choice, Days } from '../ui/filters'
import { ListView } from '../ui/list'
import { Card, Empty, Failure, Loading, Page, Section } from '../ui/page'
import { useFilters } from '../ui/search'
import { IdLink, Money, Time } from '../ui/values'

const keeps = ['type', 'currency', 'created_after', 'created_before']

export default function BalancePage() {
  const navigate = useNavigate()
  const balance = useQuery({ queryKey: ['balance'], queryFn: () => get<Balance>('/api/v1/balance') })
  const [search] = useFilters()
  const csv = useMutation({
    mutationFn: async () => {
      const wanted = at(`/api/v1/balance/transactions${query(Object.fromEntries(keeps.map((name) => [name, search[name]])))}`)
      const response = await fetch(wanted, { headers: { Accept: 'text/csv' } })
      if (!response.ok) throw new Problem(response.status, 'csv', 'The file could not be made. Try again, or for fewer days.')
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = `balance-transactions-${new Date().toISOString().slice(0, 10)}.csv`
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 1000)
    },
  })
  return (
    <Page title="Balance">
      <Failure error={csv.error ?? balance.error} />
      {balance.isPending && <Loading rows={2} />}
      {balance.data && balance.data.currencies.length > 0 && (
        <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
          {balance.data.currencies.map((of) => (
            <Card key={of.currency}>
              <div className="grid gap-0.5">
                <span className="text-sm text-soft">Available</span>
                <Money amount={of.available} currency={of.currency} className="text-2xl font-semibold tracking-tight" />
              </div>
              <dl className="grid gap-1 border-t border-line pt-3 text-sm">
                <div className="flex justify-between gap-3"><dt className="text-soft">Promised as refunds</dt><dd>{money(of.pending_refunds, of.currency)}</dd></div>
                <div className="flex justify-between gap-3"><dt className="text-soft">Paid in fees</dt><dd>{money(of.fees, of.currency)}</dd></div>
              </dl>
            </Card>
          ))}
        </div>
      )}
      <Section title="Transactions">
        <ListView<BalanceTransaction>
          path="/api/v1/balance/transactions"
          label="Balance transactions"
          testId="balance-table"
          keeps={keeps}
          open={(t) => void navigate({ to: '/payments/$id', params: { id: t.payment_id } } as never)}
          filters={
            <>
              <Choice name="type" label="Type" options={['capture', 'fee', 'refund', 'refund_failed']} />
              {(balance.data?.currencies.length ?? 0) > 1 && <Choice name="currency" label="Currency" options={balance.data!.currencies.map((of) => of.currency)} names={Object.fromEntries(balance.data!.currencies.map((of) => [of.currency, of.currency]))} />}
              <Days />
            </>
          }
          actions={<Button data-test-id="csv-button" disabled={csv.isPending} onClick={() => csv.mutate()}><Download aria-hidden size={15} />{csv.isPending ? 'Preparing…' : 'CSV'}</Button>}
          columns={[
            { title: 'Type', show: (t) => words(t.type) },
            { title: 'Amount', right: true, show: (t) => <Money amount={t.amount} currency={t.currency} className={t.amount < 0 ? '' : 'font-medium text-good'} /> },
            { title: 'Payment', wide: true, show: (t) => <IdLink id={t.payment_id} /> },
            { title: 'Refund', wide: true, spare: true, show: (t) => <IdLink id={t.refund_id} /> },
            { title: 'Transaction', wide: true, show: (t) => <code className="font-mono text-xs text-soft">{t.id}</code> },
            { title: 'Created', right: true, show: (t) => <Time iso={t.created_at} /> },
          ]}
          empty={<Empty icon={Landmark} title="Nothing has moved yet" actions={<LinkButton to="/payments">Payments</LinkButton>}>Each captured payment adds to your balance; its fee and its refunds take from it.</Empty>}
        />
      </Section>
    </Page>
  )
}
