import { useState } from 'react'
import { fields, type Document, type Field, type Operation, type Parameter, typeOf, flat } from '../../openapi'
import { Section } from '../../ui/page'
import { Markdown } from '../../ui/markdown'
import { Try } from './try'
import { methodTones } from './reference'

export function OperationView({ document, operation }: { document: Document; operation: Operation }) {
  const tag = document.tags.find(({ name }) => name === operation.tag)
  const [example, setExample] = useState(0)
  const body = operation.body?.schema && fields(document, operation.body.schema)
  const good = operation.answers.filter(([status]) => status.startsWith('2'))
  const bad = operation.answers.filter(([status]) => !status.startsWith('2'))
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-8" data-test-id={`operation-${operation.id}`}>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
        <h2 className="text-lg font-semibold tracking-tight">{operation.summary}</h2>
        <p className="w-fit max-w-full overflow-x-auto rounded-lg border border-line bg-sunk px-3 py-1.5 font-mono text-xs whitespace-nowrap" tabIndex={0}><span className={`font-semibold ${methodTones[operation.method]}`}>{operation.method}</span> {operation.path}</p>
        {operation.description && <Markdown text={operation.description} />}
        {tag?.description && <details className="text-sm"><summary className="w-fit cursor-pointer text-soft hover:text-ink">About {tag.name.toLowerCase()}</summary><div className="pt-2"><Markdown small text={tag.description} /></div></details>}
      </div>
      <Try document={document} operation={operation} example={example} choose={setExample} />
      {operation.parameters.length > 0 && <Section title="Parameters"><ul className="grid divide-y divide-line">{operation.parameters.map((parameter) => <ParameterLine key={parameter.name} document={document} parameter={parameter} />)}</ul></Section>}
      {body && body.length > 0 && (
        <Section title="Body">
          {flat(document, operation.body!.schema!).description && <Markdown small text={flat(document, operation.body!.schema!).description!} />}
          <Fields of={body} shown={(field) => field.required} />
        </Section>
      )}
      {good.map(([status, answer]) => (
        <Section key={status} title={`Answer ${status}`} note={answer.description}>
          {Object.entries(answer.content ?? {}).map(([type, media]) => (media.schema && type === 'application/json' ? <Fields key={type} of={fields(document, media.schema)} /> : <p key={type} className="font-mono text-xs text-soft">{type}</p>))}
        </Section>
      ))}
      <Section title="Errors">
        <ul className="grid divide-y divide-line text-sm">
          {bad.map(([status, answer]) => <li key={status} className="grid grid-cols-[3rem_minmax(0,1fr)] gap-2 py-2"><span className="font-mono text-xs leading-5 text-soft">{status}</span><Markdown small text={answer.description ?? ''} /></li>)}
        </ul>
      </Section>
    </div>
  )
}

function ParameterLine({ document, parameter }: { document: Document; parameter: Parameter }) {
  const schema = parameter.schema ?? {}
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] gap-0.5 py-2.5 text-sm">
      <span className="flex flex-wrap items-baseline gap-x-2"><code className="font-mono text-xs font-semibold">{parameter.name}</code><span className="text-xs text-soft">{typeOf(document, schema)}, in the {parameter.in}</span>{parameter.required && <Required />}</span>
      {(parameter.description ?? flat(document, schema).description) && <Markdown small text={(parameter.description ?? flat(document, schema).description)!} />}
      <Choices of={flat(document, schema).enum?.filter((value) => value !== null).map(String)} />
    </li>
  )
}

const Required = () => <span className="text-xs font-medium text-warn">required</span>

const Choices = ({ of }: { of?: string[] }) => of && of.length > 1 ? <span className="flex flex-wrap gap-1 pt-0.5">{of.map((choice) => <code key={choice} className="rounded bg-sunk px-1 font-mono text-xs text-soft">{choice}</code>)}</span> : null

/** Members of an object; `shown` says which are marked as required. */
function Fields({ of, shown }: { of: Field[]; shown?: (field: Field) => boolean }) {
  return (
    <ul className="grid divide-y divide-line">
      {of.map((field) => (
        <li key={field.name} className="grid grid-cols-[minmax(0,1fr)] gap-0.5 py-2.5 text-sm">
          <span className="flex flex-wrap items-baseline gap-x-2">
            <code className="font-mono text-xs font-semibold">{field.name}</code><span className="text-xs text-soft">{field.type}</span>
            {shown?.(field) && <Required />}
            {field.default !== undefined && <span className="text-xs text-soft">by default <code className="font-mono">{JSON.stringify(field.default)}</code></span>}
          </span>
          {field.description && <Markdown small text={field.description} />}
          <Choices of={field.choices} />
          {field.fields.length > 0 && (
            <details className="pt-1">
              <summary className="w-fit cursor-pointer rounded-md border border-line px-2 py-0.5 text-xs text-soft hover:text-ink">{field.fields.length === 1 ? '1 member' : `${field.fields.length} members`}</summary>
              <div className="mt-1.5 border-l-2 border-line pl-3"><Fields of={field.fields} shown={shown} /></div>
            </details>
          )}
        </li>
      ))}
    </ul>
  )
}
