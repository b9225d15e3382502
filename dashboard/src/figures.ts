// What Home makes of the figures that the server gives: sums, rates and one value for each hour or day.

export interface Figure { bucket: string; metric: 'created' | 'captured' | 'refunded' | 'failed'; currency: string; label: string; count: number; amount: number }

export interface Home {
  from: string
  until: string
  unit: 'hour' | 'day'
  figures: Figure[]
  deliveries: Record<string, number>
  endpoints: { endpoint_id: string; deliveries: number; failing: number }[]
  sample: number
}

export type Metric = 'volume' | 'payments' | 'rate' | 'refunds'

export interface Point { start: Date; value: number | null }

export function sum(figures: Figure[], metric: Figure['metric'], of: 'count' | 'amount' = 'count'): number {
  return figures.reduce((total, figure) => (figure.metric === metric ? total + figure[of] : total), 0)
}

/** The share of finished payments that succeeded, or null when none has finished. */
export function rate(figures: Figure[]): number | null {
  const good = sum(figures, 'captured')
  const all = good + sum(figures, 'failed')
  return all === 0 ? null : good / all
}

/** Currencies, the one of most payments first. */
export function currencies(figures: Figure[]): string[] {
  const counts = new Map<string, number>()
  for (const figure of figures) counts.set(figure.currency, (counts.get(figure.currency) ?? 0) + (figure.metric === 'created' ? figure.count : 0))
  return [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([currency]) => currency)
}

/** Reasons of failed payments, the most frequent first. */
export function reasons(figures: Figure[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const figure of figures) if (figure.metric === 'failed') counts.set(figure.label, (counts.get(figure.label) ?? 0) + figure.count)
  return [...counts].toSorted((a, b) => b[1] - a[1])
}

/** One point for every hour or day of the time, those without payments included. */
export function series(home: Pick<Home, 'from' | 'until' | 'unit'>, figures: Figure[], metric: Metric): Point[] {
  const at = new Map<number, Figure[]>()
  for (const figure of figures) {
    const start = new Date(figure.bucket).getTime()
    at.set(start, [...(at.get(start) ?? []), figure])
  }
  const points: Point[] = []
  const end = new Date(home.until)
  for (let start = new Date(home.from); start < end; ) {
    const here = at.get(start.getTime()) ?? []
    points.push({
      start: new Date(start),
      value: metric === 'volume' ? sum(here, 'captured', 'amount') : metric === 'payments' ? sum(here, 'created') : metric === 'refunds' ? sum(here, 'refunded', 'amount') : rate(here),
    })
    if (home.unit === 'day') start.setDate(start.getDate() + 1)
    else start = new Date(start.getTime() + 3_600_000)
  }
  return points
}

/** Round values from zero to at least the greatest, for the lines of a chart. */
export function ticks(most: number, whole = true): number[] {
  if (most <= 0) return [0]
  const rough = most / 3
  const power = 10 ** Math.floor(Math.log10(rough))
  let step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!
  if (whole) step = Math.max(1, Math.ceil(step))
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, n) => n * step)
}
