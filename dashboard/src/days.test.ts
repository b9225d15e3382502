import { expect, test } from 'vitest'
import { dayOf, startOfDay } from './days'

test('a day and its beginning are each other’s, whatever the zone', () => {
  expect(dayOf(startOfDay('2026-03-29'))).toBe('2026-03-29')
  expect(dayOf(startOfDay('2026-02-28', 1), -1)).toBe('2026-02-28')
  expect(startOfDay('2026-12-31', 1)).toBe(startOfDay('2027-01-01'))
})

test('what is no day is none', () => {
  expect(dayOf(undefined)).toBe('')
  expect(startOfDay('')).toBeUndefined()
  expect(startOfDay('0002-01-01')).toBeUndefined()
})
