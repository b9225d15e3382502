import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { at, Problem } from '../../api/client'
import { operations, parse, type Document, type Operation } from '../../openapi'
import { useAddresses } from '../../session'
import { Input, Select } from '../../ui/form'
import { Failure, Loading, Page, Section } from '../../ui/page'
import { Markdown } from '../../ui/markdown'
import { useFilters } from '../../ui/search'
import { OperationView } from './operation'

const contract = {
  queryKey: ['openapi'],
  queryFn: async () => {
    const response = await fetch(at('/openapi.yaml'))
    if (!response.ok) throw new Problem(response.status, 'unreachable', 'The contract could not be read. Try again in a moment.')
    return parse(await response.text())
  },
  staleTime: Infinity,
  meta: { live: false },
}

export const methodTones: Record<string, string> = { GET: 'text-good', POST: 'text-accent', PATCH: 'text-warn', PUT: 'text-warn', DELETE: 'text-bad' }

export default function ReferencePage() {
  const loaded = useQuery(contract)
  return (
    <Page title="API reference" data-test-id="api-docs" actions={<a href={at('/openapi.yaml')} className="inline-flex min-h-8 items-center rounded-md border border-edge bg-card px-3 text-sm font-medium shadow-card hover:bg-hover">openapi.yaml</a>}>
      <Failure error={loaded.error} retry={() => void loaded.refetch()} />
      {loaded.isPending && <Loading rows={10} />}
      {loaded.data && <Reference document={loaded.data} />}
    </Page>
  )
}

function Reference({ document }: { document: Document }) {
  const all = useMemo(() => operations(document), [document])
  const [search, change] = useFilters()
  const [text, setText] = useState('')
  const shown = all.find((operation) => operation.id === search.op)
  const words = text.toLowerCase().split(/\s+/)
  const found = all.filter((operation) => words.every((word) => `${operation.method} ${operation.path} ${operation.summary}`.toLowerCase().includes(word)))
  const groups = document.tags.map((tag) => ({ ...tag, of: found.filter((operation) => operation.tag === tag.name) })).filter((tag) => tag.of.length > 0)
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[14rem_minmax(0,1fr)]" data-test-id="api-reference">
      <Select aria-label="Operation" className="w-full lg:hidden" value={shown?.id ?? ''} onChange={(event) => change({ op: event.target.value || undefined })}>
        <option value="">Introduction</option>
        {document.tags.map((tag) => <optgroup key={tag.name} label={tag.name}>{all.filter((operation) => operation.tag === tag.name).map((operation) => <option key={operation.id} value={operation.id}>{operation.summary}</option>)}</optgroup>)}
      </Select>
      <nav aria-label="Operations" className="sticky top-6 hidden max-h-[calc(100dvh-3rem)] content-start gap-4 overflow-y-auto pr-1 text-sm lg:grid">
        <div role="search" className="p-0.5"><Input aria-label="Filter operations" placeholder="Filter" className="w-full" value={text} onChange={(event) => setText(event.target.value)} /></div>
        {text === '' && <NavLink>Introduction</NavLink>}
        {groups.map((tag) => (
          <div key={tag.name} className="grid gap-0.5">
            <p className="px-2 text-xs font-medium text-soft">{tag.name}</p>
            {tag.of.map((operation) => <NavLink key={operation.id} op={operation}>{operation.summary}</NavLink>)}
          </div>
        ))}
        {groups.length === 0 && <p className="px-2 text-soft">Nothing of that name.</p>}
      </nav>
      {shown ? <OperationView key={shown.id} document={document} operation={shown} /> : <Introduction document={document} />}
    </div>
  )
}

function NavLink({ op, children }: { op?: Operation; children: string }) {
  return (
    <Link
      to="." search={{ op: op?.id } as never} activeOptions={{ exact: true, explicitUndefined: true }}
      className="flex items-baseline justify-between gap-2 rounded-md px-2 py-1 text-soft hover:bg-hover hover:text-ink aria-[current=page]:bg-accentbg aria-[current=page]:font-medium aria-[current=page]:text-accent"
    >
      <span className="min-w-0">{children}</span>
      {op && <span aria-hidden className={`font-mono text-[0.62rem] ${methodTones[op.method]}`}>{op.method === 'DELETE' ? 'DEL' : op.method}</span>}
    </Link>
  )
}

function Introduction({ document }: { document: Document }) {
  const { api } = useAddresses()
  const codes = Object.entries(document.components.schemas.ErrorCode?.['x-error-codes'] ?? {})
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-8">
      <Markdown text={(document.info.description ?? '').replaceAll(document.servers[0]!.url, api)} />
      {codes.length > 0 && (
        <Section title="Error codes">
          <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Error codes">
            <table className="w-full min-w-[36rem] text-sm">
              <thead className="text-xs text-soft"><tr><th scope="col" className="py-1.5 pr-4">Status</th><th scope="col" className="pr-4">Code</th><th scope="col" className="pr-4">What it means</th><th scope="col">What to do</th></tr></thead>
              <tbody className="divide-y divide-line align-top">{codes.toSorted((a, b) => a[1].status - b[1].status).map(([code, of]) => <tr key={code}><td className="py-2 pr-4 text-soft">{of.status}</td><td className="py-2 pr-4 font-mono text-xs whitespace-nowrap">{code}</td><td className="py-2 pr-4"><Markdown small text={of.meaning} /></td><td className="py-2"><Markdown small text={of.mend} /></td></tr>)}</tbody>
            </table>
          </div>
        </Section>
      )}
    </div>
  )
}
