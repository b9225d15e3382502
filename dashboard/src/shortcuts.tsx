import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { deeper, pages } from './navigation'
import { Dialog } from './ui/dialog'

const typing = (target: EventTarget | null) => target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]') !== null

/** Moves the focus along the rows of the list in view. */
function step(by: 1 | -1) {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row-link]')].filter((row) => row.offsetParent !== null)
  const at = rows.findIndex((row) => row === document.activeElement)
  const row = rows[at === -1 ? (by === 1 ? 0 : rows.length - 1) : at + by]
  row?.focus()
  row?.scrollIntoView({ block: 'nearest' })
  return row !== undefined
}

/** Keys that work wherever nobody types. */
export function useShortcuts({ palette, help }: { palette: () => void; help: () => void }) {
  const navigate = useNavigate()
  const after = useRef<{ g: boolean; timer?: ReturnType<typeof setTimeout> }>({ g: false })
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        palette()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
      if (after.current.g) {
        after.current.g = false
        const page = [...pages, ...deeper].find(({ key }) => key === event.key)
        if (page) {
          event.preventDefault()
          void navigate({ to: page.path as never })
        }
        return
      }
      if (event.key === 'g') {
        clearTimeout(after.current.timer)
        after.current = { g: true, timer: setTimeout(() => { after.current.g = false }, 1_500) }
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLElement>('[role=search] input')
        event.preventDefault()
        if (search) search.focus()
        else palette()
      } else if (event.key === '?') help()
      else if (event.key === 'j') { if (step(1)) event.preventDefault() }
      else if (event.key === 'k') { if (step(-1)) event.preventDefault() }
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [navigate, palette, help])
}

const Key = ({ children }: { children: string }) => <kbd className="min-w-5 rounded border border-line bg-sunk px-1 text-center font-mono text-xs">{children}</kbd>

export function ShortcutHelp({ close }: { close: () => void }) {
  const lines: [string[], string][] = [
    [['Ctrl', 'K'], 'Go to a page or a record'], [['/'], 'Search'], [['j'], 'Next row of a list'], [['k'], 'Row before'], [['Enter'], 'Open the row'], [['Esc'], 'Close'], [['?'], 'This list'],
    ...[...pages, ...deeper].filter((page) => page.key).map((page): [string[], string] => [['g', page.key!], page.name]),
  ]
  return (
    <Dialog title="Keyboard" open close={close}>
      <dl className="grid gap-x-6 gap-y-1.5 text-sm sm:grid-cols-2">
        {lines.map(([keys, does]) => (
          <div key={does} className="flex items-center justify-between gap-3"><dt className="order-2 flex gap-1">{keys.map((key) => <Key key={key}>{key}</Key>)}</dt><dd>{does}</dd></div>
        ))}
      </dl>
    </Dialog>
  )
}
