import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Rocket } from 'lucide-react'
import { useState } from 'react'
import { get, query, type Endpoint, type List, type Payment } from '../api/client'
import { currencies, rate, reasons, series, sum, type Figure, type Home, type Metric } from '../figures'
import { compactMoney, count, money, percent, words } from '../format'
import { useAddresses, useSecret } from '../session'
import { Segments, TextLink } from '../ui/button'
import { Chart } from '../ui/chart'
import { Code } from '../ui/code'
import { Card, Empty, Failure, Loading, Page } from '../ui/page'
import { Badge, toneOf } from '../ui/status'
import { Money, Time } from '../ui/values'
import { useFilters } from '../ui/search'
import { Method } from '../ui/method'

const periods = [['24h', '24 hours'], ['7d', '7 days'], ['30d', '30 days'], ['90d', '90 days']] as const
type Period = (typeof periods)[number][0]

export default function HomePage() {
  const [search, change] = useFilters()
  const period = periods.find(([name]) => name === search.period)?.[0] ?? '7d'
  const wanted = `/data/home${query({ period, zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}`
  const home = useQuery({ queryKey: ['home', wanted], queryFn: () => get<Home>(wanted), placeholderData: keepPreviousData })
  return (
    <Page title="Home" actions={<Segments<Period> label="Time" value={period} options={periods} choose={(chosen) => change({ period: chosen })} />}>
      {home.error && <Failure error={home.error} retry={() => void home.refetch()} />}
      {home.isPending && <Loading />}
      {home.data && <Figures home={home.data} currency={search.currency} choose={(currency) => change({ currency })} />}
    </Page>
  )
}

function Figures({ home, currency: chosen, choose }: { home: Home; currency?: string; choose: (currency: string) => void }) {
  const [metric, setMetric] = useState<Metric>('volume')
  const known = currencies(home.figures)
  if (known.length === 0) return <FirstPayment />
  const currency = chosen && known.includes(chosen) ? chosen : known[0]!
  const figures = home.figures.filter((figure) => figure.currency === currency)
  const finished = sum(figures, 'captured') + sum(figures, 'failed')
  const success = rate(figures)
  const stats: { metric: Metric; name: string; testId: string; value: string; note: string }[] = [
    { metric: 'volume', name: 'Volume', testId: 'total-amount', value: money(sum(figures, 'captured', 'amount'), currency), note: `${count(sum(figures, 'captured'))} captured` },
    { metric: 'payments', name: 'Payments', testId: 'total-transactions', value: count(sum(figures, 'created')), note: 'created' },
    { metric: 'rate', name: 'Success rate', testId: 'success-rate', value: success === null ? '–' : percent(success), note: success === null ? 'none has finished yet' : `of ${count(finished)} finished` },
    { metric: 'refunds', name: 'Refunded', testId: 'total-refunded', value: money(sum(figures, 'refunded', 'amount'), currency), note: `${count(sum(figures, 'refunded'))} refunds` },
  ]
  const says = (value: number, short?: boolean) => (metric === 'rate' ? percent(value) : metric === 'payments' ? count(value) : short ? compactMoney(value, currency) : money(value, currency))
  return (
    <>
      {known.length > 1 && <Segments label="Currency" value={currency} options={known.map((code) => [code, code] as const)} choose={choose} />}
      <div className="overflow-hidden rounded-xl border border-line bg-card shadow-card">
        <div data-test-id="stats-container" className="grid grid-cols-2 gap-px border-b border-line bg-line lg:grid-cols-4">
          {stats.map((of) => (
            <button
              key={of.metric} type="button" aria-pressed={metric === of.metric} onClick={() => setMetric(of.metric)}
              className="relative grid min-w-0 content-start gap-0.5 bg-card px-4 py-3.5 text-left hover:bg-sunk focus-visible:-outline-offset-2 aria-pressed:after:absolute aria-pressed:after:inset-x-0 aria-pressed:after:bottom-0 aria-pressed:after:h-0.5 aria-pressed:after:bg-accent sm:px-5"
            >
              <span className="text-sm text-soft">{of.name}</span>
              <span data-test-id={of.testId} className="truncate text-xl font-semibold tracking-tight sm:text-2xl">{of.value}</span>
              <span className="text-xs text-soft">{of.note}</span>
            </button>
          ))}
        </div>
        <div className="px-4 pt-4 pb-2 sm:px-5">
          <Chart label={`${stats.find((of) => of.metric === metric)!.name} by ${home.unit}`} points={series(home, figures, metric)} unit={home.unit} kind={metric === 'rate' ? 'line' : 'bars'} top={metric === 'rate' ? 1 : undefined} say={says} />
        </div>
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 lg:grid-cols-2">
        <Failures figures={figures} />
        <WebhookHealth home={home} />
      </div>
      <Latest />
    </>
  )
}

function Heading({ title, children }: { title: string; children?: React.ReactNode }) {
  return <div className="flex items-center justify-between gap-2"><h2 className="font-semibold tracking-tight">{title}</h2><span className="text-sm">{children}</span></div>
}

function Failures({ figures }: { figures: Figure[] }) {
  const failed = sum(figures, 'failed')
  return (
    <Card>
      <Heading title="Failures by reason">{failed > 0 && <TextLink to="/payments" search={{ status: 'failed' }}>{count(failed)} failed</TextLink>}</Heading>
      {failed === 0 ? <p className="text-sm text-soft">No payment has failed in this time.</p> : (
        <ul className="grid grid-cols-[minmax(0,1fr)] gap-3 text-sm">
          {reasons(figures).slice(0, 6).map(([code, n]) => (
            <li key={code} className="grid gap-1">
              <span className="flex justify-between gap-2"><span className="truncate">{words(code || 'unknown')}</span><span className="text-soft">{count(n)} · {percent(n / failed)}</span></span>
              <span aria-hidden className="h-1.5 rounded-full bg-sunk"><span className="block h-full rounded-full bg-bad" style={{ width: `${(100 * n) / failed}%` }} /></span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

const bars: Record<string, string> = { good: 'bg-good', bad: 'bg-bad', warn: 'bg-warn', calm: 'bg-soft' }

function WebhookHealth({ home }: { home: Home }) {
  const endpoints = useQuery({ queryKey: ['list', 'endpoints'], queryFn: () => get<List<Endpoint>>('/api/v1/webhook_endpoints?limit=100') })
  const all = Object.values(home.deliveries).reduce((total, n) => total + n, 0)
  const states = ['delivered', 'retrying', 'exhausted', 'paused', 'pending'].filter((status) => home.deliveries[status])
  const worst = home.endpoints.filter((of) => of.failing > 0).toSorted((a, b) => b.failing / b.deliveries - a.failing / a.deliveries)
  return (
    <Card>
      <Heading title="Webhook health"><TextLink to="/webhooks/logs">Deliveries</TextLink></Heading>
      {all === 0 ? <p className="text-sm text-soft">Nothing was sent in this time. <TextLink to="/webhooks" className="underline">Add an endpoint</TextLink> to hear of payments as they settle.</p> : (
        <>
          <span aria-hidden className="flex h-2 gap-0.5 overflow-hidden rounded-full">{states.map((status) => <span key={status} className={bars[toneOf(status)]} style={{ width: `${(100 * home.deliveries[status]!) / all}%` }} />)}</span>
          <ul className="grid gap-1 text-sm">
            {states.map((status) => (
              <li key={status}><Link to={'/webhooks/logs' as never} search={{ status } as never} className="-mx-2 flex items-center justify-between gap-2 rounded-md px-2 py-1 hover:bg-sunk"><Badge status={status} /><span className="text-soft"><span className="font-medium text-ink">{count(home.deliveries[status]!)}</span> · {percent(home.deliveries[status]! / all)}</span></Link></li>
            ))}
          </ul>
          {worst.length > 0 && (
            <ul className="grid grid-cols-[minmax(0,1fr)] gap-1 border-t border-line pt-3 text-sm">
              {worst.slice(0, 3).map((of) => {
                const endpoint = endpoints.data?.data.find(({ id }) => id === of.endpoint_id)
                return <li key={of.endpoint_id} className="flex justify-between gap-3"><TextLink to={endpoint ? '/webhooks/$id' : '/webhooks/logs'} params={{ id: of.endpoint_id }} search={endpoint ? undefined : { endpoint_id: of.endpoint_id }} className="min-w-0 truncate">{endpoint?.url ?? of.endpoint_id}</TextLink><span className="shrink-0 text-bad">{percent(of.failing / of.deliveries)} failing</span></li>
              })}
            </ul>
          )}
          {all >= home.sample && <p className="text-xs text-soft">Of the newest {count(home.sample)} deliveries.</p>}
        </>
      )}
    </Card>
  )
}

function Latest() {
  const latest = useQuery({ queryKey: ['list', 'latest payments'], queryFn: () => get<List<Payment>>('/api/v1/payments?limit=5') })
  return (
    <Card>
      <Heading title="Latest payments"><TextLink to="/payments">All payments</TextLink></Heading>
      <Failure error={latest.error} />
      {latest.isPending && <Loading rows={3} />}
      <ul className="-mx-2 grid text-sm">
        {latest.data?.data.map((p) => (
          <li key={p.id}>
            <Link data-row-link to={'/payments/$id' as never} params={{ id: p.id } as never} className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 rounded-md px-2 py-2 hover:bg-sunk sm:grid-cols-[9rem_9rem_minmax(0,1fr)_auto]">
              <Money amount={p.amount} currency={p.currency} className="font-medium" />
              <span className="justify-self-end sm:justify-self-start"><Badge status={p.status} /></span>
              <span className="truncate text-soft"><Method of={p} /></span>
              <span className="text-right text-xs text-soft"><Time iso={p.created_at} relative /></span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function FirstPayment() {
  const { api } = useAddresses()
  const secret = useSecret()
  return (
    <Empty icon={Rocket} title="No payments in this time">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        <p>Make one, and it appears here by itself. Your keys are under <TextLink to="/keys" className="underline">API keys</TextLink>.</p>
        <Code label="Terminal" text={`curl -X POST ${api}/api/v1/payments \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{"amount": 50000, "currency": "INR"}'`} />
      </div>
    </Empty>
  )
}
