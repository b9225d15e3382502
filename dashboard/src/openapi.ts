import { CORE_SCHEMA, load } from 'js-yaml'

export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: boolean | Schema
  allOf?: Schema[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  examples?: unknown[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  pattern?: string
}

export interface Parameter { $ref?: string; name: string; in: 'path' | 'query' | 'header'; required?: boolean; description?: string; schema?: Schema; example?: unknown; examples?: Record<string, { value: unknown }> }
interface Media { schema?: Schema; example?: unknown; examples?: Record<string, { summary?: string; value: unknown }> }
export interface Answer { $ref?: string; description?: string; content?: Record<string, Media> }

interface RawOperation { operationId: string; tags?: string[]; summary: string; description?: string; parameters?: Parameter[]; requestBody?: { required?: boolean; content: Record<string, Media> }; responses: Record<string, Answer> }

export interface Document {
  info: { title: string; version: string; summary?: string; description?: string }
  servers: { url: string }[]
  tags: { name: string; description?: string }[]
  paths: Record<string, Record<string, unknown>>
  components: { schemas: Record<string, Schema & { 'x-error-codes'?: Record<string, { status: number; meaning: string; mend: string }> }> } & Record<string, unknown>
}

export interface Operation {
  id: string
  method: string
  path: string
  tag: string
  summary: string
  description?: string
  parameters: Parameter[]
  body?: { required: boolean; schema?: Schema; examples: { name: string; value: unknown }[] }
  answers: [string, Answer][]
}

// The core schema leaves times as the text they are.
export const parse = (yaml: string) => load(yaml, { schema: CORE_SCHEMA }) as Document

/** What a reference leads to, or the thing itself. */
export function resolve<Thing extends { $ref?: string }>(document: Document, thing: Thing): Thing {
  let found: Thing = thing
  for (let depth = 0; found.$ref && depth < 10; depth++) {
    found = found.$ref.replace(/^#\//, '').split('/').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name.replaceAll('~1', '/').replaceAll('~0', '~')], document) as Thing
  }
  return found
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

export function operations(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method): Operation[] => {
      const raw = item[method] as RawOperation | undefined
      if (!raw) return []
      const media = raw.requestBody?.content['application/json']
      return [{
        id: raw.operationId, method: method.toUpperCase(), path, tag: raw.tags?.[0] ?? '', summary: raw.summary, description: raw.description,
        parameters: [...((item.parameters as Parameter[] | undefined) ?? []), ...(raw.parameters ?? [])].map((parameter) => resolve(document, parameter)),
        body: media && { required: raw.requestBody?.required ?? false, schema: media.schema, examples: bodies(document, media) },
        answers: Object.entries(raw.responses).map(([status, answer]) => [status, resolve(document, answer)]),
      }]
    }),
  )
}

/** Bodies to start from: the document's own, or one made of what the schema requires. */
function bodies(document: Document, media: Media): { name: string; value: unknown }[] {
  const given = Object.entries(media.examples ?? {}).map(([name, { summary, value }]) => ({ name: summary ?? name, value }))
  if (given.length > 0) return given
  if (media.example !== undefined) return [{ name: 'example', value: media.example }]
  const of = media.schema && resolve(document, media.schema)
  if (of?.examples?.length) return of.examples.map((value, n) => ({ name: `example ${n + 1}`, value }))
  return [{ name: 'nothing', value: {} }]
}

/** A schema with what its parts say, for reading: references followed, allOf merged, "or null" noted. */
export function flat(document: Document, schema: Schema): Schema & { nullable?: boolean } {
  const of = resolve(document, schema)
  let result: Schema & { nullable?: boolean } = { ...of, description: schema.description ?? of.description }
  for (const part of of.allOf ?? []) {
    const { description, ...rest } = flat(document, part)
    if (!rest.type && !rest.properties && !rest.enum && !rest.items) continue
    result = { ...rest, ...result, description: result.description ?? description, properties: { ...rest.properties, ...result.properties }, required: [...(rest.required ?? []), ...(result.required ?? [])] }
  }
  const choices = of.anyOf ?? of.oneOf
  const others = choices?.filter((choice) => resolve(document, choice).type !== 'null')
  if (choices && others?.length === 1) {
    const { description, ...rest } = flat(document, others[0]!)
    result = { ...result, ...rest, description: result.description ?? description, nullable: choices.length > others.length || rest.nullable }
  }
  if (Array.isArray(result.type) && result.type.includes('null')) result.nullable = true
  return result
}

/** The type in words: "integer", "string or null", "array of string". */
export function typeOf(document: Document, schema: Schema): string {
  const of = flat(document, schema)
  const types = (Array.isArray(of.type) ? of.type : [of.type]).filter((type) => type && type !== 'null')
  let name = types.join(' or ')
  if (of.const !== undefined) name = JSON.stringify(of.const)
  else if (name === 'array' && of.items) name = `array of ${typeOf(document, of.items)}`
  else if (!name && (of.anyOf ?? of.oneOf)) name = [...new Set((of.anyOf ?? of.oneOf)!.map((choice) => typeOf(document, choice)))].join(' or ')
  else if (!name) name = of.enum ? 'string' : of.properties ? 'object' : 'any'
  else if (of.format === 'date-time') name = 'RFC 3339 time'
  return of.nullable ? `${name} or null` : name
}

export interface Field { name: string; type: string; required: boolean; description?: string; choices?: string[]; default?: unknown; fields: Field[] }

/** The members of an object, each with those inside it. */
export function fields(document: Document, schema: Schema, depth = 0): Field[] {
  let of = flat(document, schema)
  if (of.items) of = flat(document, of.items)
  return Object.entries(of.properties ?? {}).map(([name, member]) => {
    const inner = flat(document, member)
    return {
      name, type: typeOf(document, member), required: of.required?.includes(name) ?? false, description: inner.description, default: inner.default,
      choices: inner.enum?.filter((value) => value !== null).map(String), fields: depth < 4 ? fields(document, member, depth + 1) : [],
    }
  })
}

export interface Call { path: Record<string, string>; query: Record<string, string>; body?: string }

/** The address of a call, with what has been filled in; a path's open places stay as they are. */
export function address(operation: Operation, call: Call): string {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (place, name: string) => (call.path[name] ? encodeURIComponent(call.path[name]) : place))
  const query = new URLSearchParams(Object.entries(call.query).filter(([, value]) => value !== ''))
  return query.size > 0 ? `${path}?${query}` : path
}
