import { useState } from 'react'
import { count, money } from '../format'

interface Props {
  from: string
  until: string
  unit: 'hour' | 'day'
  currency: string
  values: { at: string; amount: number; count: number }[]
}

/** A bar for each hour or day of a time, also for those in which nothing happened. */
export function Bars({ from, until, unit, currency, values }: Props) {
  const [at, setAt] = useState<number>()
  const buckets: { start: Date; amount: number; count: number }[] = []
  const known = new Map(values.map((value) => [new Date(value.at).getTime(), value]))
  const end = new Date(until)
  for (let start = new Date(from); start < end; ) {
    const value = known.get(start.getTime())
    buckets.push({ start: new Date(start), amount: value?.amount ?? 0, count: value?.count ?? 0 })
    if (unit === 'day') start.setDate(start.getDate() + 1)
    else start.setHours(start.getHours() + 1)
  }
  const most = Math.max(1, ...buckets.map((bucket) => bucket.amount))
  const name = new Intl.DateTimeFormat(undefined, unit === 'day' ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
  const shown = at === undefined ? undefined : buckets[at]
  const width = 100 / buckets.length
  return (
    <figure className="grid gap-1">
      <div className="flex h-5 justify-between text-xs text-soft">
        <span>{shown ? `${name.format(shown.start)}: ${money(shown.amount, currency)} in ${count(shown.count)}` : `Most: ${money(most === 1 ? 0 : most, currency)}`}</span>
      </div>
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" className="h-40 w-full border-b border-line" role="img" aria-label={`Captured amounts, ${name.format(buckets[0]!.start)} to ${name.format(end)}. The table of figures follows.`} onMouseLeave={() => setAt(undefined)}>
        {buckets.map((bucket, n) => (
          <g key={n} onMouseEnter={() => setAt(n)}>
            <rect x={n * width} y={0} width={width} height={30} className={n === at ? 'fill-sunk' : 'fill-transparent'} />
            <rect x={n * width + width * 0.12} y={30 - (28 * bucket.amount) / most} width={width * 0.76} height={(28 * bucket.amount) / most} className="fill-accent" />
          </g>
        ))}
      </svg>
      <div className="flex justify-between text-xs text-soft"><span>{name.format(buckets[0]!.start)}</span><span>{name.format(end)}</span></div>
      <table className="sr-only">
        <caption>Captured amounts</caption>
        <tbody>{buckets.filter((bucket) => bucket.count > 0).map((bucket) => <tr key={bucket.start.toISOString()}><th scope="row">{name.format(bucket.start)}</th><td>{money(bucket.amount, currency)}</td><td>{count(bucket.count)}</td></tr>)}</tbody>
      </table>
    </figure>
  )
}
