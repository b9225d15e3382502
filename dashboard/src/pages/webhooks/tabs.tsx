import { Link } from '@tanstack/react-router'

const tabs = [['/webhooks', 'Endpoints'], ['/webhooks/logs', 'Deliveries'], ['/webhooks/debugger', 'Debugger']] as const

/** The three sides of webhooks, over each of them. */
export function Tabs() {
  return (
    <nav aria-label="Webhooks" className="-mt-2 flex gap-5 overflow-x-auto border-b border-line text-sm">
      {tabs.map(([to, name]) => (
        <Link key={to} to={to as never} activeOptions={{ exact: true, includeSearch: false }} className="-mb-px border-b-2 border-transparent py-2 text-soft hover:text-ink focus-visible:-outline-offset-2 aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink">
          {name}
        </Link>
      ))}
    </nav>
  )
}
