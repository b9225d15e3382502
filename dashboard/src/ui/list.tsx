import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { columnVisibilityFeature, tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table'
import { ChevronLeft, ChevronRight, Columns3, SearchX } from 'lucide-react'
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { get, query, type List } from '../api/client'
import { Button } from './button'
import { Check } from './form'
import { Empty, Failure, Loading } from './page'
import { useFilters } from './search'

export interface Column<Item> {
  title: string
  show: (item: Item) => ReactNode
  /** On a narrow screen it is left out; `under` of another column may say the same. */
  wide?: boolean
  right?: boolean
  testId?: string
  /** A second line for narrow screens. */
  under?: (item: Item) => ReactNode
  /** Stays out until somebody asks for it. */
  spare?: boolean
  /** Takes little room; what does not fit is cut. */
  narrow?: boolean
}

interface Props<Item> {
  path: string
  label: string
  columns: Column<Item>[]
  filters?: ReactNode
  /** Beside the filters: what is done with all that match. */
  actions?: ReactNode
  /** Which search parameters the route takes. */
  keeps: string[]
  empty: ReactNode
  open?: (item: Item) => void
  rowProps?: (item: Item) => Record<string, string>
  testId?: string
}

const features = tableFeatures({ columnVisibilityFeature })

/** One page of a list of the REST API, with its place in the address. */
export function ListView<Item extends { id: string }>({ path, label, columns, filters, actions, keeps, empty, open, rowProps, testId }: Props<Item>) {
  const [search, change] = useFilters()
  const kept = Object.fromEntries(keeps.map((name) => [name, search[name]]))
  const { starting_after, ending_before } = search
  const wanted = `${path}${query({ limit: 25, ...kept, starting_after, ending_before })}`
  const list = useQuery({ queryKey: ['list', wanted], queryFn: () => get<List<Item>>(wanted), placeholderData: keepPreviousData })
  const items = list.data?.data ?? none
  const filtered = keeps.some((name) => search[name])
  const newer = starting_after !== undefined || (ending_before !== undefined && list.data?.has_more)
  const older = ending_before !== undefined || list.data?.has_more
  const fresh = useFresh(wanted, list.isPlaceholderData ? undefined : list.data?.data)
  const [hidden, setHidden] = useHidden(label, columns)
  const table = useTable({
    features,
    data: items as Item[],
    columns: columns.map((of): ColumnDef<typeof features, Item> => ({ id: of.title, header: of.title, cell: ({ row }) => of.show(row.original) })),
    getRowId: (item) => item.id,
    state: { columnVisibility: Object.fromEntries(columns.map((of) => [of.title, !hidden.includes(of.title)])) },
  })
  const of = (id: string) => columns.find((column) => column.title === id)!
  const classes = (column: Column<Item>) => `px-3 first:pl-4 last:pr-4 ${column.wide ? 'hidden md:table-cell' : ''} ${column.right ? 'text-right' : ''}`
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center gap-2">
        {filters}
        {filtered && <Button kind="quiet" onClick={() => change(Object.fromEntries(keeps.map((name) => [name, undefined])))}>Clear</Button>}
        <span className="ml-auto flex gap-2 empty:hidden">
          {actions}
          <span className="hidden md:block"><ColumnChoice columns={columns} hidden={hidden} hide={setHidden} /></span>
        </span>
      </div>
      {list.error && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading rows={8} />}
      {list.data && items.length === 0 && (filtered || starting_after || ending_before ? (
        <Empty icon={SearchX} title="Nothing matches" actions={<Button onClick={() => change(Object.fromEntries([...keeps, 'starting_after', 'ending_before'].map((name) => [name, undefined])))}>Clear filters</Button>}>No record fits these filters, or the page lies beyond the last one.</Empty>
      ) : empty)}
      {items.length > 0 && (
        <div className={`overflow-x-auto rounded-xl border border-line shadow-card ${list.isPlaceholderData ? 'opacity-60' : ''}`} tabIndex={0} role="region" aria-label={label} aria-busy={list.isPlaceholderData}>
          <table className="w-full text-sm" data-test-id={testId}>
            <thead className="border-b border-line bg-sunk text-xs text-soft">
              {table.getHeaderGroups().map((group) => (
                <tr key={group.id}>{group.headers.map((header) => <th key={header.id} scope="col" className={`h-9 whitespace-nowrap ${classes(of(header.id))}`}>{header.column.columnDef.header as string}</th>)}</tr>
              ))}
            </thead>
            <tbody className="divide-y divide-line">
              {table.getRowModel().rows.map((row) => (
                <tr
                  key={row.id}
                  {...rowProps?.(row.original)}
                  className={`${open ? 'cursor-pointer hover:bg-sunk' : ''} focus-within:bg-sunk ${fresh.has(row.id) ? 'fresh' : ''}`}
                  onClick={open && ((event) => { if (!(event.target as Element).closest('a,button') && !window.getSelection()?.toString()) open(row.original) })}
                >
                  {row.getVisibleCells().map((cell) => {
                    const column = of(cell.column.id)
                    return (
                      <td key={cell.id} data-test-id={column.testId} className={`${column.narrow ? 'max-w-36 xl:max-w-40' : 'max-w-52 sm:max-w-60'} truncate py-2.5 ${classes(column)}`}>
                        <table.FlexRender cell={cell} />
                        {column.under && <div className="mt-0.5 truncate text-xs text-soft md:hidden">{column.under(row.original)}</div>}
                      </td>
                    )
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {(newer || older) && items.length > 0 && (
        <div className="flex items-center justify-between gap-2">
          <span className="text-xs text-soft">{items.length} shown</span>
          <span className="flex gap-2">
            <Button disabled={!newer} onClick={() => change({ ending_before: items[0]!.id })}><ChevronLeft aria-hidden size={15} />Newer</Button>
            <Button disabled={!older} onClick={() => change({ starting_after: items.at(-1)!.id })}>Older<ChevronRight aria-hidden size={15} /></Button>
          </span>
        </div>
      )}
    </div>
  )
}

const none: never[] = []

/** The ids that have come in since the list was first shown. */
function useFresh(of: string, items: { id: string }[] | undefined): Set<string> {
  const [fresh, setFresh] = useState(new Set<string>())
  const seen = useRef<{ of: string; ids: Set<string> }>(undefined)
  useEffect(() => {
    if (!items) return
    const ids = new Set(items.map(({ id }) => id))
    const known = seen.current?.of === of ? seen.current.ids : ids
    setFresh(new Set([...ids].filter((id) => !known.has(id))))
    seen.current = { of, ids: new Set([...known, ...ids]) }
  }, [of, items])
  return fresh
}

/** Which columns somebody does not want, kept in the browser. */
function useHidden<Item>(label: string, columns: Column<Item>[]): [string[], (hidden: string[]) => void] {
  const name = `columns of ${label}`
  const [hidden, setHidden] = useState<string[]>(() => localStorage.getItem(name)?.split('|') ?? columns.filter((of) => of.spare).map((of) => of.title))
  return [hidden, (next) => { localStorage.setItem(name, next.join('|')); setHidden(next) }]
}

function ColumnChoice<Item>({ columns, hidden, hide }: { columns: Column<Item>[]; hidden: string[]; hide: (hidden: string[]) => void }) {
  const id = useId()
  return (
    <span className="relative inline-block">
      <Button popoverTarget={id} aria-label="Columns"><Columns3 aria-hidden size={15} /></Button>
      <div id={id} popover="auto" className="columns-menu rounded-lg border border-line bg-card p-3 text-ink shadow-raised">
        <fieldset className="grid gap-2">
          <legend className="mb-2 text-xs font-medium text-soft">Columns</legend>
          {columns.map(({ title }, n) => <Check key={title} label={title} disabled={n === 0} checked={!hidden.includes(title)} change={(on) => hide(on ? hidden.filter((other) => other !== title) : [...hidden, title])} />)}
        </fieldset>
      </div>
    </span>
  )
}
