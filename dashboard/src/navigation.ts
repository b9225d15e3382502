import { ArrowLeftRight, BookOpen, CreditCard, FileCode2, House, KeyRound, Landmark, ListTree, Plug, Receipt, Settings, ShoppingCart, Undo2, Webhook, type LucideIcon } from 'lucide-react'

export interface PageLink {
  path: string
  name: string
  icon: LucideIcon
  /** The letter that leads here after g. */
  key?: string
}

/** What the menu shows, in its groups. */
export const groups: { name?: string; pages: PageLink[] }[] = [
  {
    pages: [
      { path: '/', name: 'Home', icon: House, key: 'h' },
      { path: '/payments', name: 'Payments', icon: CreditCard, key: 'p' },
      { path: '/refunds', name: 'Refunds', icon: Undo2, key: 'r' },
      { path: '/orders', name: 'Orders', icon: ShoppingCart, key: 'o' },
      { path: '/balance', name: 'Balance', icon: Landmark, key: 'b' },
    ],
  },
  {
    name: 'Developers',
    pages: [
      { path: '/webhooks', name: 'Webhooks', icon: Webhook, key: 'w' },
      { path: '/events', name: 'Events', icon: ListTree, key: 'e' },
      { path: '/keys', name: 'API keys', icon: KeyRound, key: 'k' },
      { path: '/reference', name: 'API reference', icon: FileCode2, key: 'a' },
      { path: '/sdk', name: 'Checkout SDK', icon: Plug, key: 'c' },
      { path: '/docs', name: 'Docs', icon: BookOpen, key: 'd' },
    ],
  },
  { pages: [{ path: '/settings', name: 'Settings', icon: Settings, key: 's' }] },
]

/** Pages below those of the menu, for the palette. */
export const deeper: PageLink[] = [
  { path: '/webhooks/logs', name: 'Webhook deliveries', icon: ArrowLeftRight, key: 'l' },
  { path: '/webhooks/debugger', name: 'Signature debugger', icon: Receipt },
]

export const pages = groups.flatMap((group) => group.pages)

/** The page of the menu that an address belongs to. */
export function pageOf(pathname: string): PageLink | undefined {
  return pages.findLast(({ path }) => (path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`)))
}

/** What an id names, and where that is shown. */
const records: [RegExp, string, string][] = [
  [/^pay_\w+$/, 'Payment', '/payments/'],
  [/^order_\w+$/, 'Order', '/orders/'],
  [/^rfnd_\w+$/, 'Refund', '/refunds/'],
  [/^evt_\w+$/, 'Event', '/events/'],
  [/^we_\w+$/, 'Endpoint', '/webhooks/'],
  [/^whd_\w+$/, 'Delivery', '/webhooks/logs/'],
]

export function recordOf(text: string): { name: string; path: string } | undefined {
  const id = text.trim()
  const found = records.find(([pattern]) => pattern.test(id))
  return found && { name: `${found[1]} ${id}`, path: found[2] + id }
}
