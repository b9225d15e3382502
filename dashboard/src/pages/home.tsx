import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { get, query } from '../api/client'
import { count, money, percent, words } from '../format'
import { Code, Empty, Failure, Loading, Page, Section } from '../ui/basics'
import { Bars } from '../ui/bars'
import { useFilters } from '../ui/list'
import { Select } from '../ui/basics'

interface Figure { bucket: string; metric: 'created' | 'captured' | 'refunded' | 'failed'; currency: string; label: string; count: number; amount: number }
interface Home {
  from: string
  until: string
  unit: 'hour' | 'day'
  figures: Figure[]
  deliveries: Record<string, number>
  endpoints: { endpoint_id: string; deliveries: number; failing: number }[]
  sample: number
}

const periods = { '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' }

export default function HomePage() {
  const [search, change] = useFilters()
  const period = search.period && search.period in periods ? search.period : '7d'
  const wanted = `/data/home${query({ period, zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}`
  const home = useQuery({ queryKey: ['home', wanted], queryFn: () => get<Home>(wanted), placeholderData: keepPreviousData })
  return (
    <Page
      title="Home"
      actions={
        <Select aria-label="Time" className="!w-auto" value={period} onChange={(event) => change({ period: event.target.value })}>
          {Object.entries(periods).map(([value, name]) => <option key={value} value={value}>{name}</option>)}
        </Select>
      }
    >
      {home.error && <Failure error={home.error} retry={() => void home.refetch()} />}
      {home.isPending && <Loading />}
      {home.data && <Figures home={home.data} currency={search.currency} choose={(currency) => change({ currency })} />}
    </Page>
  )
}

function sum(figures: Figure[], metric: Figure['metric'], of: 'count' | 'amount' = 'count'): number {
  return figures.reduce((total, figure) => (figure.metric === metric ? total + figure[of] : total), 0)
}

function Figures({ home, currency: chosen, choose }: { home: Home; currency?: string; choose: (currency: string) => void }) {
  const currencies = [...new Set(home.figures.map((figure) => figure.currency))]
  if (currencies.length === 0) return <FirstPayment />
  const currency = chosen && currencies.includes(chosen) ? chosen : currencies.toSorted((a, b) => sum(home.figures.filter((f) => f.currency === b), 'created') - sum(home.figures.filter((f) => f.currency === a), 'created'))[0]!
  const figures = home.figures.filter((figure) => figure.currency === currency)
  const captured = sum(figures, 'captured')
  const failed = sum(figures, 'failed')
  const reasons = Object.entries(figures.filter((f) => f.metric === 'failed').reduce<Record<string, number>>((all, f) => ({ ...all, [f.label]: (all[f.label] ?? 0) + f.count }), {})).toSorted((a, b) => b[1] - a[1])
  const finished = captured + failed
  const deliveries = Object.values(home.deliveries).reduce((total, n) => total + n, 0)
  return (
    <>
      {currencies.length > 1 && (
        <div className="flex flex-wrap gap-1" role="group" aria-label="Currency">
          {currencies.map((code) => (
            <button key={code} type="button" aria-pressed={code === currency} className="rounded-md border border-line px-2 py-1 text-sm aria-pressed:bg-sunk aria-pressed:font-medium" onClick={() => choose(code)}>{code}</button>
          ))}
        </div>
      )}
      <div data-test-id="stats-container" className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line lg:grid-cols-4">
        <Stat name="Volume" testId="total-amount" value={money(sum(figures, 'captured', 'amount'), currency)} note={`${count(captured)} captured`} />
        <Stat name="Payments" testId="total-transactions" value={count(sum(figures, 'created'))} note="created in this time" />
        <Stat name="Success rate" testId="success-rate" value={finished === 0 ? '–' : percent(captured / finished)} note={finished === 0 ? 'none has finished yet' : `of ${count(finished)} finished`} />
        <Stat name="Refunded" value={money(sum(figures, 'refunded', 'amount'), currency)} note={`${count(sum(figures, 'refunded'))} refunds`} />
      </div>
      <Section title={`Captured, by ${home.unit}`}>
        <Bars from={home.from} until={home.until} unit={home.unit} currency={currency} values={figures.filter((f) => f.metric === 'captured').map((f) => ({ at: f.bucket, amount: f.amount, count: f.count }))} />
      </Section>
      <div className="grid gap-6 lg:grid-cols-2">
        <Section title="Failures by reason">
          {reasons.length === 0 ? <p className="text-sm text-soft">No payment has failed in this time.</p> : (
            <ul className="grid gap-2 text-sm">
              {reasons.slice(0, 8).map(([code, n]) => (
                <li key={code} className="grid gap-1">
                  <span className="flex justify-between gap-2"><span className="truncate">{words(code || 'unknown')}</span><span className="text-soft">{count(n)} · {percent(n / failed)}</span></span>
                  <span aria-hidden className="h-1.5 rounded bg-sunk"><span className="block h-full rounded bg-bad" style={{ width: `${(100 * n) / failed}%` }} /></span>
                </li>
              ))}
            </ul>
          )}
        </Section>
        <Section title="Webhook health" actions={<Link to="/webhooks/logs" className="text-sm text-accent hover:underline">Deliveries</Link>}>
          {deliveries === 0 ? <p className="text-sm text-soft">Nothing was sent in this time. <Link to="/webhooks" className="text-accent underline">Add an endpoint</Link> to hear of payments as they settle.</p> : (
            <>
              <ul className="grid grid-cols-2 gap-2 text-sm sm:grid-cols-3">
                {Object.entries(home.deliveries).map(([status, n]) => (
                  <li key={status}><Link to="/webhooks/logs" search={{ status } as never} className="grid rounded-md border border-line px-3 py-2 hover:bg-sunk"><span className="text-xs text-soft">{words(status)}</span><span className="text-lg font-semibold">{count(n)}</span></Link></li>
                ))}
              </ul>
              {deliveries >= home.sample && <p className="text-xs text-soft">Of the newest {count(home.sample)} deliveries.</p>}
            </>
          )}
        </Section>
      </div>
    </>
  )
}

function Stat({ name, value, note, testId }: { name: string; value: string; note: string; testId?: string }) {
  return (
    <div className="grid gap-0.5 bg-card px-4 py-3">
      <span className="text-xs text-soft">{name}</span>
      <span data-test-id={testId} className="truncate text-lg font-semibold tracking-tight sm:text-xl">{value}</span>
      <span className="text-xs text-soft">{note}</span>
    </div>
  )
}

function FirstPayment() {
  return (
    <Empty title="No payments in this time">
      <div className="grid gap-3 text-left">
        <p className="text-center">Make one, and it appears here by itself. Your keys are under <Link to="/keys" className="text-accent underline">API keys</Link>.</p>
        <Code label="Terminal" text={`curl -X POST http://localhost:8000/api/v1/payments \\
  -H "Authorization: Bearer <your secret>" \\
  -H "Content-Type: application/json" \\
  -d '{"amount": 50000, "currency": "INR"}'`} />
      </div>
    </Empty>
  )
}
