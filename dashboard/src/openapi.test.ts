import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { address, fields, operations, parse, resolve, typeOf, type Field } from './openapi'

const document = parse(readFileSync(new URL('../../httpapi/openapi.yaml', import.meta.url), 'utf8'))
const all = operations(document)
const operation = (id: string) => all.find((of) => of.id === id)!
const member = (of: Field[], name: string) => of.find((field) => field.name === name)!

test('every operation of the contract is there, once, under a known tag', () => {
  expect(all.length).toBeGreaterThan(25)
  expect(new Set(all.map((of) => of.id)).size).toBe(all.length)
  for (const of of all) expect(document.tags.map((tag) => tag.name), of.id).toContain(of.tag)
})

test('every place in a path has its parameter, and every parameter a name', () => {
  for (const of of all) {
    const places = [...of.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect(of.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name), of.id).toEqual(places)
    for (const parameter of of.parameters) expect(parameter.name, of.id).toBeTruthy()
  }
})

test('every member of every body and answer has a type that says something', () => {
  const visit = (of: Field[], where: string) => {
    for (const field of of) {
      expect(field.type, `${where}.${field.name}`).not.toMatch(/undefined|^any$/)
      visit(field.fields, `${where}.${field.name}`)
    }
  }
  for (const of of all) {
    if (of.body?.schema) visit(fields(document, of.body.schema), of.id)
    for (const [, answer] of of.answers) for (const media of Object.values(answer.content ?? {})) if (media.schema) visit(fields(document, media.schema), of.id)
  }
})

describe('a payment', () => {
  const payment = fields(document, document.components.schemas.Payment!)
  test('has its members with types', () => {
    expect(member(payment, 'amount').type).toBe('integer')
    expect(member(payment, 'vpa').type).toBe('string or null')
    expect(member(payment, 'created_at').type).toBe('RFC 3339 time')
    expect(member(payment, 'status').choices).toContain('requires_action')
    expect(member(payment, 'object').type).toBe('"payment"')
    expect(member(member(payment, 'next_action').fields, 'url').type).toBe('string')
  })
  test('is made from examples of the document', () => {
    const { body } = operation('createPayment')
    expect(body!.examples.map((example) => example.value)).toContainEqual({ amount: 50000, currency: 'INR' })
    expect(fields(document, body!.schema!).map((field) => field.name)).toEqual(expect.arrayContaining(['amount', 'currency', 'order_id', 'card']))
  })
})

test('what is filled in goes into the address, escaped', () => {
  const of = operation('listPayments')
  expect(address(of, { path: {}, query: { status: 'success', order_id: '' } })).toBe('/api/v1/payments?status=success')
  expect(address(operation('getPayment'), { path: { id: 'a/../b' }, query: {} })).toBe('/api/v1/payments/a%2F..%2Fb')
  expect(address(operation('getPayment'), { path: {}, query: {} })).toBe('/api/v1/payments/{id}')
})

test('types of arrays and references', () => {
  expect(typeOf(document, document.components.schemas.EventPatterns!)).toBe('array of string')
  expect(resolve(document, { $ref: '#/components/schemas/Amount' })).toBe(document.components.schemas.Amount)
})
