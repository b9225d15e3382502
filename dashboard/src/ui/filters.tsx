import { words } from '../format'
import { dayOf, startOfDay } from '../days'
import { Input, Select } from './form'
import { useFilters } from './search'

/** A filter of a list: one of a few words. */
export function Choice({ name, label, options, names }: { name: string; label: string; options: readonly string[]; names?: Record<string, string> }) {
  const [search, change] = useFilters()
  return (
    <Select aria-label={label} className={`min-w-36 flex-1 sm:min-w-0 sm:max-w-52 sm:flex-none sm:w-auto ${search[name] ? 'font-medium' : ''}`} value={search[name] ?? ''} onChange={(event) => change({ [name]: event.target.value || undefined })}>
      <option value="">{label}: all</option>
      {options.map((option) => <option key={option} value={option}>{names?.[option] ?? (option.includes('.') ? option : words(option))}</option>)}
    </Select>
  )
}

/** A filter of a list: the days that it covers, in the viewer's zone. */
export function Days() {
  const [search, change] = useFilters()
  return (
    <span className="flex w-full items-center gap-1.5 text-xs text-soft sm:w-auto">
      <Input type="date" aria-label="From day" className="w-full min-w-0 sm:w-auto" value={dayOf(search.created_after)} onChange={(event) => change({ created_after: startOfDay(event.target.value) })} />
      –
      <Input type="date" aria-label="Until day" className="w-full min-w-0 sm:w-auto" value={dayOf(search.created_before, -1)} onChange={(event) => change({ created_before: startOfDay(event.target.value, 1) })} />
    </span>
  )
}
