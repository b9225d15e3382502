import { useNavigate } from '@tanstack/react-router'
import { CornerDownLeft, Search } from 'lucide-react'
import { useId, useState, type ComponentType } from 'react'
import { deeper, pages, recordOf } from './navigation'
import { Dialog } from './ui/dialog'

export interface Command {
  name: string
  hint?: string
  icon?: ComponentType<{ size?: number; className?: string }>
  run: () => void
}

/** Goes to any page, or to a record by its id, or does one of the few things that no page owns. */
export function Palette({ close, commands }: { close: () => void; commands: Command[] }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const list = useId()
  const go = (path: string) => () => void navigate({ to: path as never })
  const record = recordOf(text)
  const words = text.trim().toLowerCase().split(/\s+/)
  const all: Command[] = [...[...pages, ...deeper].map((page) => ({ name: page.name, hint: page.key && `g ${page.key}`, icon: page.icon, run: go(page.path) })), ...commands]
  const found: Command[] = [...(record ? [{ name: record.name, icon: CornerDownLeft, run: go(record.path) }] : []), ...all.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)))]
  const run = (command?: Command) => {
    if (!command) return
    close()
    command.run()
  }
  const move = (to: number) => {
    setAt(to)
    document.getElementById(`${list}-${to}`)?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <Dialog title="Go to" bare open close={close}>
      <form onSubmit={(event) => { event.preventDefault(); run(found[at]) }}>
        <div className="flex items-center gap-2.5 border-b border-line px-4">
          <Search aria-hidden size={17} className="shrink-0 text-soft" />
          <input
            autoFocus role="combobox" aria-expanded aria-controls={list} aria-activedescendant={found[at] ? `${list}-${at}` : undefined}
            aria-label="A page, or the id of a record" placeholder="Page, pay_…, order_…, rfnd_…, whd_…" autoComplete="off" spellCheck={false}
            className="h-12 w-full bg-transparent text-[1rem] outline-none placeholder:text-soft" value={text}
            onChange={(event) => { setText(event.target.value); setAt(0) }}
            onKeyDown={(event) => {
              if (event.key === 'ArrowDown') { event.preventDefault(); move(Math.min(at + 1, found.length - 1)) }
              if (event.key === 'ArrowUp') { event.preventDefault(); move(Math.max(at - 1, 0)) }
            }}
          />
        </div>
        <div id={list} role="listbox" aria-label="Found" className="grid max-h-80 overflow-y-auto p-1.5 text-sm">
          {found.map((command, n) => (
            <div
              key={command.name} id={`${list}-${n}`} role="option" aria-selected={n === at} onMouseMove={() => n !== at && setAt(n)} onClick={() => run(command)}
              className={`flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-2 ${n === at ? 'bg-hover' : ''}`}
            >
              {command.icon && <command.icon size={15} className="shrink-0 text-soft" />}
              <span className="min-w-0 flex-1 truncate">{command.name}</span>
              {command.hint && <kbd className="font-mono text-xs text-soft">{command.hint}</kbd>}
            </div>
          ))}
        </div>
        {found.length === 0 && <p className="px-4 pb-5 text-center text-sm text-soft">Nothing of that name. Paste a whole id, or type the name of a page.</p>}
      </form>
    </Dialog>
  )
}
