import { expect, test } from 'vitest'
import { pageOf, pages, recordOf } from './navigation'

test('an address belongs to the deepest page of the menu', () => {
  expect(pageOf('/')?.name).toBe('Home')
  expect(pageOf('/payments/pay_1')?.name).toBe('Payments')
  expect(pageOf('/webhooks/logs/whd_1')?.name).toBe('Webhooks')
  expect(pageOf('/paymentsother')).toBeUndefined()
})

test('ids lead to what they name, white space of a paste aside', () => {
  expect(recordOf(' pay_06h18fvmadymqecb8z3fq38p7m\n')?.path).toBe('/payments/pay_06h18fvmadymqecb8z3fq38p7m')
  expect(recordOf('rfnd_1')?.path).toBe('/refunds/rfnd_1')
  expect(recordOf('we_1')?.path).toBe('/webhooks/we_1')
  expect(recordOf('whd_1')?.path).toBe('/webhooks/logs/whd_1')
  expect(recordOf('pay_1/../keys')).toBeUndefined()
  expect(recordOf('secret_test_xyz789')).toBeUndefined()
})

test('no two pages have the same letter', () => {
  const letters = pages.flatMap((page) => page.key ?? [])
  expect(new Set(letters).size).toBe(letters.length)
})
