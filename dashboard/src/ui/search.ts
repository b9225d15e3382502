import { useNavigate, useSearch } from '@tanstack/react-router'

export type Search = Record<string, string | undefined>

/** What the page shows of all there is, kept in its address; a change goes back to the first page of a list. */
export function useFilters(): [Search, (change: Search) => void] {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  return [
    search,
    (change) => void navigate({ to: '.', search: ((old: Search) => ({ ...old, starting_after: undefined, ending_before: undefined, ...change })) as never, replace: true, resetScroll: false }),
  ]
}
