import { describe, expect, it } from 'vitest'
import { ago, decimal, minorUnits, money, words } from './format'

describe('amounts', () => {
  it.each([
    [50000, 'INR', '500.00'],
    [500, 'JPY', '500'],
    [-1005, 'KWD', '-1.005'],
    [1, 'USD', '0.01'],
    [1_000_000_000_000, 'INR', '10000000000.00'],
  ])('writes %d %s as %s', (minor, currency, text) => expect(decimal(minor, currency)).toBe(text))

  it('shows the currency', () => expect(money(50000, 'USD')).toContain('500.00'))

  it.each([
    ['500', 'INR', 50000],
    ['500.5', 'INR', 50050],
    ['500,50', 'INR', 50050],
    ['1.005', 'KWD', 1005],
    ['500', 'JPY', 500],
    ['500.5', 'JPY', undefined],
    ['1.005', 'INR', undefined],
    ['0', 'INR', undefined],
    ['-1', 'INR', undefined],
    ['1e3', 'INR', undefined],
    ['', 'INR', undefined],
  ])('reads %s %s as %s', (text, currency, minor) => expect(minorUnits(text, currency)).toBe(minor))
})

it('says how long ago', () => {
  const now = Date.parse('2026-11-23T09:00:00Z')
  expect(ago('2026-11-23T08:59:30Z', now)).toBe('30 sec. ago')
  expect(ago('2026-11-23T11:00:00Z', now)).toBe('in 2 hr.')
})

it('turns codes into words', () => expect(words('insufficient_funds')).toBe('Insufficient funds'))

it('keeps abbreviations', () => expect(words('incorrect_cvc')).toBe('Incorrect CVC'))
