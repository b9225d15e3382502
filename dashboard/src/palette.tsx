import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { pages } from './shell'
import { Dialog, Input } from './ui/basics'

const ids: [RegExp, (id: string) => { name: string; to: string }][] = [
  [/^pay_\w+$/, (id) => ({ name: `Payment ${id}`, to: `/payments/${id}` })],
  [/^order_\w+$/, (id) => ({ name: `Order ${id}`, to: `/orders/${id}` })],
  [/^whd_\w+$/, (id) => ({ name: `Delivery ${id}`, to: `/webhooks/logs/${id}` })],
]

const more = [['/webhooks/logs', 'Webhook deliveries'], ['/webhooks/debugger', 'Signature debugger']] as const

/** Goes to any page, or to a record by its id. */
export function Palette({ close }: { close: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const wanted = text.trim()
  const found = [
    ...ids.filter(([pattern]) => pattern.test(wanted)).map(([, make]) => make(wanted)),
    ...[...pages, ...more].filter(([, name]) => name.toLowerCase().includes(wanted.toLowerCase())).map(([to, name]) => ({ name: name as string, to: to as string })),
  ]
  const go = (to?: string) => {
    if (!to) return
    close()
    void navigate({ to })
  }
  return (
    <Dialog title="Go to" open close={close}>
      <form onSubmit={(event) => { event.preventDefault(); go(found[at]?.to) }} className="grid gap-2">
        <Input
          autoFocus aria-label="Page, or an id of a payment, order or delivery" placeholder="Page, pay_…, order_…, whd_…" value={text}
          onChange={(event) => { setText(event.target.value); setAt(0) }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') { event.preventDefault(); setAt(Math.min(at + 1, found.length - 1)) }
            if (event.key === 'ArrowUp') { event.preventDefault(); setAt(Math.max(at - 1, 0)) }
          }}
        />
        <ul className="grid max-h-72 overflow-y-auto text-sm">
          {found.map((item, n) => (
            <li key={item.to}>
              <button type="button" className={`w-full truncate rounded-md px-2 py-1.5 text-left ${n === at ? 'bg-sunk font-medium' : ''}`} onClick={() => go(item.to)}>{item.name}</button>
            </li>
          ))}
          {found.length === 0 && <li className="px-2 py-1.5 text-soft">Nothing of that name. Paste a whole id, or type a page.</li>}
        </ul>
      </form>
    </Dialog>
  )
}
