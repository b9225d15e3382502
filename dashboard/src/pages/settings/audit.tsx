import { useInfiniteQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import { words } from '../../format'
import { Button } from '../../ui/button'
import { Failure, Loading, Section } from '../../ui/page'
import { Time } from '../../ui/values'

interface Line { id: number; actor: string; action: string; target: string; address: string; created_at: string }

/** How many lines the server gives at once. */
const pageOf = 100

export function Audit() {
  const audit = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam }) => get<Line[]>(`/data/audit${pageParam ? `?before=${pageParam}` : ''}`),
    initialPageParam: 0,
    getNextPageParam: (last) => (last.length === pageOf ? last.at(-1)!.id : undefined),
    meta: { live: false },
  })
  const lines = audit.data?.pages.flat() ?? []
  return (
    <Section id="audit" title="Audit log" note="Who did what: sign-ins, people, keys, settings, and every look at a secret.">
      <Failure error={audit.error} />
      {audit.isPending && <Loading />}
      <ul className="grid divide-y divide-line text-sm" data-test-id="audit-log">
        {lines.map((line) => (
          <li key={line.id} className="flex flex-wrap justify-between gap-x-4 gap-y-0.5 py-2 first:pt-0">
            <span className="min-w-0 break-words"><span className="font-medium">{words(line.action)}</span> <span className="font-mono text-xs break-all text-soft">{line.target}</span></span>
            <span className="text-xs text-soft">{line.actor} · {line.address} · <Time iso={line.created_at} /></span>
          </li>
        ))}
      </ul>
      {audit.hasNextPage && <div><Button disabled={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>Older</Button></div>}
    </Section>
  )
}
