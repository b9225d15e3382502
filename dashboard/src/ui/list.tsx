import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { get, query, type List } from '../api/client'
import { Button, Failure, Input, Loading, Select } from './basics'

export interface Column<Item> {
  title: string
  show: (item: Item) => ReactNode
  /** On a narrow screen it is left out. */
  wide?: boolean
  right?: boolean
  testId?: string
}

interface Props<Item> {
  path: string
  label: string
  columns: Column<Item>[]
  filters?: ReactNode
  /** Which search parameters the route takes. */
  keeps: string[]
  empty: ReactNode
  open?: (item: Item) => void
  rowProps?: (item: Item) => Record<string, string>
  testId?: string
}

export type Search = Record<string, string | undefined>

export function useFilters(): [Search, (change: Search) => void] {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  return [
    search,
    (change) => void navigate({ to: '.', search: ((old: Search) => ({ ...old, starting_after: undefined, ending_before: undefined, ...change })) as never, replace: true }),
  ]
}

/** One page of a list of the REST API, with its place in the address. */
export function ListView<Item extends { id: string }>({ path, label, columns, filters, keeps, empty, open, rowProps, testId }: Props<Item>) {
  const [search, change] = useFilters()
  const kept = Object.fromEntries(keeps.map((name) => [name, search[name]]))
  const { starting_after, ending_before } = search
  const wanted = `${path}${query({ limit: 25, ...kept, starting_after, ending_before })}`
  const list = useQuery({ queryKey: ['list', wanted], queryFn: () => get<List<Item>>(wanted), placeholderData: keepPreviousData })
  const items = list.data?.data ?? []
  const filtered = keeps.some((name) => search[name])
  const newer = starting_after !== undefined || (ending_before !== undefined && list.data?.has_more)
  const older = ending_before !== undefined || list.data?.has_more
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      {filters && <div className="flex flex-wrap items-end gap-2">{filters}</div>}
      {list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && items.length === 0 && (filtered || starting_after || ending_before ? (
        <div className="grid justify-items-center gap-3 rounded-lg border border-dashed border-line px-4 py-10 text-sm text-soft">
          <p>Nothing matches.</p>
          <Button onClick={() => change(Object.fromEntries([...keeps, 'starting_after', 'ending_before'].map((name) => [name, undefined])))}>Clear filters</Button>
        </div>
      ) : empty)}
      {items.length > 0 && (
        <div className="overflow-x-auto rounded-lg border border-line" tabIndex={0} role="region" aria-label={label}>
          <table className="w-full text-sm" data-test-id={testId}>
            <thead className="bg-sunk text-xs text-soft">
              <tr>{columns.map((c) => <th key={c.title} scope="col" className={`px-3 py-2 ${c.wide ? 'hidden md:table-cell' : ''} ${c.right ? 'text-right' : ''}`}>{c.title}</th>)}</tr>
            </thead>
            <tbody className="divide-y divide-line">
              {items.map((item) => (
                <tr
                  key={item.id}
                  {...rowProps?.(item)}
                  className={open ? 'cursor-pointer hover:bg-sunk' : ''}
                  onClick={open && ((event) => { if (!(event.target as Element).closest('a,button')) open(item) })}
                >
                  {columns.map((c) => (
                    <td key={c.title} data-test-id={c.testId} className={`max-w-60 truncate px-3 py-2 ${c.wide ? 'hidden md:table-cell' : ''} ${c.right ? 'text-right' : ''}`}>{c.show(item)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(newer || older) && items.length > 0 && (
        <div className="flex justify-end gap-2">
          <Button disabled={!newer} onClick={() => change({ ending_before: items[0]!.id })}>Newer</Button>
          <Button disabled={!older} onClick={() => change({ starting_after: items.at(-1)!.id })}>Older</Button>
        </div>
      )}
    </div>
  )
}

/** A filter of a list: one of a few words. */
export function Choice({ name, label, options }: { name: string; label: string; options: readonly string[] }) {
  const [search, change] = useFilters()
  return (
    <Select aria-label={label} className="!w-auto" value={search[name] ?? ''} onChange={(event) => change({ [name]: event.target.value || undefined })}>
      <option value="">{label}: all</option>
      {options.map((option) => <option key={option} value={option}>{option.replaceAll('_', ' ')}</option>)}
    </Select>
  )
}

/** A filter of a list: the days that it covers, in the viewer's zone. */
export function Days() {
  const [search, change] = useFilters()
  const day = (iso?: string, back = 0) => {
    if (!iso) return ''
    const at = new Date(new Date(iso).getTime() - back)
    return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
  }
  const start = (text: string, later = 0) => {
    if (!text) return undefined
    const [year, month, date] = text.split('-').map(Number)
    return new Date(year!, month! - 1, date! + later).toISOString()
  }
  return (
    <>
      <Input type="date" aria-label="From day" className="!w-auto" value={day(search.created_after)} onChange={(event) => change({ created_after: start(event.target.value) })} />
      <Input type="date" aria-label="Until day" className="!w-auto" value={day(search.created_before, 1)} onChange={(event) => change({ created_before: start(event.target.value, 1) })} />
    </>
  )
}
