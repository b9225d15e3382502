import { describe, expect, test } from 'vitest'
import { currencies, rate, reasons, series, ticks, type Figure } from './figures'

const figure = (metric: Figure['metric'], bucket: string, count: number, amount = 0, label = '', currency = 'INR'): Figure => ({ metric, bucket, count, amount, label, currency })

test('the rate is of what has finished', () => {
  expect(rate([figure('created', '2026-11-01T00:00:00Z', 9)])).toBeNull()
  expect(rate([figure('captured', '2026-11-01T00:00:00Z', 3), figure('failed', '2026-11-01T00:00:00Z', 1)])).toBe(0.75)
})

test('the currency of most payments comes first, however large the amounts of another', () => {
  expect(currencies([figure('created', '2026-11-01T00:00:00Z', 1, 900_000, '', 'USD'), figure('created', '2026-11-01T00:00:00Z', 2, 10), figure('refunded', '2026-11-01T00:00:00Z', 9, 9, '', 'JPY')])).toEqual(['INR', 'USD', 'JPY'])
})

test('reasons are counted over all buckets', () => {
  expect(reasons([figure('failed', 'a', 1, 0, 'card_declined'), figure('failed', 'b', 2, 0, 'expired_card'), figure('failed', 'c', 2, 0, 'card_declined'), figure('captured', 'c', 5)])).toEqual([['card_declined', 3], ['expired_card', 2]])
})

test('hours without payments are points, too, and a rate of nothing is no zero', () => {
  const home = { from: '2026-11-01T10:00:00Z', until: '2026-11-01T12:30:00Z', unit: 'hour' as const }
  const figures = [figure('captured', '2026-11-01T11:00:00Z', 2, 700), figure('failed', '2026-11-01T11:00:00.000Z', 2)]
  expect(series(home, figures, 'volume').map(({ value }) => value)).toEqual([0, 700, 0])
  expect(series(home, figures, 'rate').map(({ value }) => value)).toEqual([null, 0.5, null])
})

describe('lines of a chart', () => {
  test.each([[0, [0]], [1, [0, 1]], [7, [0, 5, 10]], [100, [0, 50, 100]], [95_000, [0, 50_000, 100_000]]])('to %d', (most, wanted) => {
    expect(ticks(most)).toEqual(wanted)
  })
  test('reach the greatest and are few', () => {
    for (let most = 1; most < 1e13; most = most * 3 + 1) {
      const lines = ticks(most)
      expect(lines.at(-1)).toBeGreaterThanOrEqual(most)
      expect(lines.length).toBeLessThanOrEqual(5)
    }
  })
})
