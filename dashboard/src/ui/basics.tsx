import { useEffect, useId, useRef, useState, type ButtonHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type InputHTMLAttributes } from 'react'
import { Problem } from '../api/client'
import { ago, exactTime, money, time, words } from '../format'

type Tone = 'good' | 'bad' | 'warn' | 'calm'

const tones: Record<Tone, string> = {
  good: 'bg-goodbg text-good',
  bad: 'bg-badbg text-bad',
  warn: 'bg-warnbg text-warn',
  calm: 'bg-calmbg text-calm',
}

const statusTones: Record<string, Tone> = {
  success: 'good', processed: 'good', paid: 'good', delivered: 'good', enabled: 'good', live: 'good',
  failed: 'bad', exhausted: 'bad', revoked: 'bad', expired: 'bad',
  retrying: 'warn', requires_action: 'warn', authorized: 'warn', paused: 'warn', disabled: 'warn', expiring: 'warn',
}

export function Badge({ status, ...rest }: { status: string; 'data-test-id'?: string }) {
  return (
    <span {...rest} className={`inline-block whitespace-nowrap rounded px-1.5 py-0.5 text-xs font-medium ${tones[statusTones[status] ?? 'calm']}`}>
      {words(status)}
    </span>
  )
}

export function Button({ kind = 'plain', className = '', ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: 'plain' | 'main' | 'danger' }) {
  const looks = {
    plain: 'border-line bg-card hover:bg-sunk text-ink',
    main: 'border-transparent bg-accent text-onaccent hover:opacity-90',
    danger: 'border-line bg-card text-bad hover:bg-badbg',
  }[kind]
  return (
    <button
      type="button"
      {...rest}
      className={`inline-flex min-h-8 items-center justify-center gap-1.5 whitespace-nowrap rounded-md border px-2.5 text-sm font-medium disabled:opacity-50 ${looks} ${className}`}
    />
  )
}

const control = 'min-h-8 w-full rounded-md border border-line bg-card px-2 text-base text-ink placeholder:text-soft sm:text-sm'

export function Field({ label, hint, children }: { label: string; hint?: ReactNode; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="text-sm font-medium">{label}</label>
      {children(id)}
      {hint && <p className="text-xs text-soft">{hint}</p>}
    </div>
  )
}

export const Input = (props: InputHTMLAttributes<HTMLInputElement>) => <input {...props} className={`${control} ${props.className ?? ''}`} />
export const Select = (props: SelectHTMLAttributes<HTMLSelectElement>) => <select {...props} className={`${control} pr-6 ${props.className ?? ''}`} />
export const TextArea = (props: React.TextareaHTMLAttributes<HTMLTextAreaElement>) => (
  <textarea {...props} className={`${control} py-1.5 font-mono ${props.className ?? ''}`} />
)

export function Time({ iso, relative }: { iso: string; relative?: boolean }) {
  return <time dateTime={iso} title={exactTime(iso)} className="whitespace-nowrap">{relative ? ago(iso) : time(iso)}</time>
}

export const Money = ({ amount, currency, className = '' }: { amount: number; currency: string; className?: string }) => (
  <span className={`whitespace-nowrap ${className}`}>
    {money(amount, currency)} <span className="text-xs text-soft">{currency}</span>
  </span>
)

/** Text with a button that copies it. */
export function Copy({ text, children, label = 'Copy' }: { text: string; children?: ReactNode; label?: string }) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1500)
    return () => clearTimeout(timer)
  }, [copied])
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      {children}
      <button
        type="button"
        className="shrink-0 rounded px-1 text-xs text-soft underline-offset-2 hover:text-ink hover:underline"
        aria-label={`${label}: ${text.slice(0, 60)}`}
        onClick={() => void navigator.clipboard?.writeText(text).then(() => setCopied(true))}
      >
        {copied ? 'Copied' : label}
      </button>
    </span>
  )
}

export const Id = ({ id }: { id: string }) => <Copy text={id}><code className="truncate font-mono text-xs">{id}</code></Copy>

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null
  const text = error instanceof Problem ? error.message : 'Something went wrong in this page. Reload it; if it stays, tell whoever runs the gateway.'
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 rounded-md bg-badbg px-3 py-2 text-sm text-bad">
      <span className="min-w-0 break-words">{text}</span>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  )
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 rounded-lg border border-dashed border-line px-4 py-10 text-center">
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-md text-sm text-soft">{children}</div>}
    </div>
  )
}

export function Loading() {
  return (
    <div className="grid gap-2" role="status" aria-label="Loading">
      {[0, 1, 2, 3].map((n) => <div key={n} className="shimmer h-8 rounded bg-sunk" />)}
    </div>
  )
}

export function Page({ title, actions, children, ...rest }: { title: ReactNode; actions?: ReactNode; children: ReactNode; 'data-test-id'?: string }) {
  return (
    <div {...rest} className="mx-auto grid max-w-6xl grid-cols-[minmax(0,1fr)] gap-5 px-4 py-5 sm:px-6">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h1 className="min-w-0 text-xl font-semibold tracking-tight">{title}</h1>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  )
}

export function Section({ title, actions, children, ...rest }: { title: string; actions?: ReactNode; children: ReactNode; 'data-test-id'?: string }) {
  return (
    <section {...rest} className="grid content-start grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-2 border-b border-line pb-1.5">
        <h2 className="text-sm font-semibold">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  )
}

/** Names and values; what has none is left out. */
export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-2">
      {of.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => (
        <div key={name} className="grid min-w-0 grid-cols-[8.5rem_minmax(0,1fr)] gap-2">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Code({ text, label, ...rest }: { text: string; label: string; 'data-test-id'?: string }) {
  return (
    <div className="grid gap-1">
      <div className="flex items-center justify-between text-xs text-soft"><span>{label}</span><Copy text={text} /></div>
      <pre {...rest} tabIndex={0} className="max-h-80 overflow-auto rounded-md bg-sunk p-3 font-mono text-xs leading-relaxed">{text}</pre>
    </div>
  )
}

/** A modal in the browser's own way: focus, Escape and what is behind it need no help. */
export function Dialog({ title, open, close, children }: { title: string; open: boolean; close: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    if (open && dialog && !dialog.open) dialog.showModal()
    if (!open && dialog?.open) dialog.close()
  }, [open])
  if (!open) return null
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={close} onClick={(event) => event.target === ref.current && close()} className="appear w-[min(32rem,calc(100vw-2rem))] rounded-xl border border-line bg-card p-0 shadow-xl">
      <div className="grid gap-4 p-5">
        <h2 id={id} className="text-base font-semibold">{title}</h2>
        {children}
      </div>
    </dialog>
  )
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, open, close, act, verb, danger, busy, error, children, disabled }: {
  title: string; open: boolean; close: () => void; act: () => void; verb: string; danger?: boolean; busy: boolean; error: unknown; children?: ReactNode; disabled?: boolean
}) {
  return (
    <Dialog title={title} open={open} close={close}>
      <form className="grid gap-4" onSubmit={(event) => { event.preventDefault(); act() }}>
        {children && <div className="grid gap-3 text-sm">{children}</div>}
        <Failure error={error} />
        <div className="flex justify-end gap-2">
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" kind={danger ? 'danger' : 'main'} disabled={busy || disabled}>{busy ? 'Working…' : verb}</Button>
        </div>
      </form>
    </Dialog>
  )
}
