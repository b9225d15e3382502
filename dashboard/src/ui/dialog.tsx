import { X } from 'lucide-react'
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { Button, IconButton } from './button'
import { Failure } from './page'

/** A modal in the browser's own way: focus, Escape and what is behind it need no help. */
export function Dialog({ title, open, close, size = 'md', bare, children }: { title: string; open: boolean; close: () => void; size?: 'md' | 'lg'; bare?: boolean; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (open && dialog && !dialog.open) dialog.showModal()
  }, [open])
  if (!open) return null
  return (
    <dialog
      ref={ref} aria-labelledby={bare ? undefined : id} aria-label={bare ? title : undefined} onClose={close} onMouseDown={(event) => event.target === ref.current && close()}
      className={`appear ${size === 'lg' ? 'w-[min(44rem,calc(100vw-1.5rem))]' : 'w-[min(30rem,calc(100vw-1.5rem))]'} max-h-[calc(100dvh-2rem)] rounded-xl border border-line bg-card p-0 shadow-raised ${bare ? 'mt-[12vh]' : ''}`}
    >
      {bare ? children : (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4 p-5">
          <div className="flex items-start justify-between gap-3">
            <h2 id={id} className="min-w-0 text-[1.05rem] font-semibold tracking-tight break-words">{title}</h2>
            <IconButton label="Close" className="-mt-1 -mr-1.5" onClick={close}><X aria-hidden size={17} /></IconButton>
          </div>
          {children}
        </div>
      )}
    </dialog>
  )
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, open, close, act, verb, danger, busy, error, children, disabled }: {
  title: string; open: boolean; close: () => void; act: () => void; verb: string; danger?: boolean; busy: boolean; error: unknown; children?: ReactNode; disabled?: boolean
}) {
  return (
    <Dialog title={title} open={open} close={close}>
      <form className="grid grid-cols-[minmax(0,1fr)] gap-4" onSubmit={(event) => { event.preventDefault(); act() }}>
        {children && <div className="grid grid-cols-[minmax(0,1fr)] gap-3 text-sm">{children}</div>}
        <Failure error={error} />
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind={danger ? 'danger' : 'main'} disabled={busy || disabled}>{busy ? 'Working…' : verb}</Button>
        </div>
      </form>
    </Dialog>
  )
}

/** A secret that is shown now and not again by itself. */
export function Shown({ title, open, close, note, children, done = 'I have stored it' }: { title: string; open: boolean; close: () => void; note: ReactNode; children: ReactNode; done?: string }) {
  return (
    <Dialog title={title} open={open} close={close}>
      <p className="text-sm text-soft">{note}</p>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2 rounded-lg border border-line bg-sunk p-3 text-xs">{children}</div>
      <div className="flex justify-end"><Button kind="main" onClick={close}>{done}</Button></div>
    </Dialog>
  )
}
