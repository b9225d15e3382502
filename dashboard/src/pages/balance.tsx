import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { at, get, Problem, query, type Balance, type BalanceTransaction } from '../api/client'
import { money, words } from '../format'
import { Button, Empty, Failure, Loading, Money, Page, Section, Time } from '../ui/basics'
import { Choice, Days, ListView, useFilters } from '../ui/list'

const keeps = ['type', 'created_after', 'created_before']

export default function BalancePage() {
  const balance = useQuery({ queryKey: ['balance'], queryFn: () => get<Balance>('/api/v1/balance') })
  const [search] = useFilters()
  const csv = useMutation({
    mutationFn: async () => {
      const wanted = at(`/api/v1/balance/transactions${query(Object.fromEntries(keeps.map((name) => [name, search[name]])))}`)
      const response = await fetch(wanted, { headers: { Accept: 'text/csv' } })
      if (!response.ok) throw new Problem(response.status, 'csv', 'The file could not be made. Try again, or for fewer days.')
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = 'balance-transactions.csv'
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 1000)
    },
  })
  return (
    <Page title="Balance" actions={<Button disabled={csv.isPending} onClick={() => csv.mutate()}>{csv.isPending ? 'Preparing…' : 'Download CSV'}</Button>}>
      <Failure error={csv.error ?? balance.error} />
      {balance.isPending && <Loading />}
      <div className="grid gap-3 sm:grid-cols-2">
        {balance.data?.currencies.map((of) => (
          <div key={of.currency} className="grid gap-1 rounded-lg border border-line px-4 py-3">
            <span className="text-xs text-soft">Available</span>
            <Money amount={of.available} currency={of.currency} className="text-xl font-semibold tracking-tight" />
            <span className="text-xs text-soft">{money(of.pending_refunds, of.currency)} promised as refunds · {money(of.fees, of.currency)} paid in fees</span>
          </div>
        ))}
      </div>
      <Section title="Transactions">
        <ListView<BalanceTransaction>
          path="/api/v1/balance/transactions"
          label="Balance transactions"
          keeps={keeps}
          filters={<><Choice name="type" label="Type" options={['capture', 'fee', 'refund', 'refund_failed']} /><Days /></>}
          columns={[
            { title: 'Type', show: (t) => words(t.type) },
            { title: 'Amount', right: true, show: (t) => <Money amount={t.amount} currency={t.currency} className={t.amount < 0 ? '' : 'font-medium'} /> },
            { title: 'Payment', wide: true, show: (t) => <Link to={'/payments/$id' as never} params={{ id: t.payment_id } as never} className="font-mono text-xs text-accent hover:underline">{t.payment_id}</Link> },
            { title: 'Created', right: true, show: (t) => <Time iso={t.created_at} /> },
          ]}
          empty={<Empty title="Nothing has moved yet">Each captured payment adds to your balance; its fee and its refunds take from it.</Empty>}
        />
      </Section>
    </Page>
  )
}
