import { ChevronLeft, CircleAlert, Info, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Problem } from '../api/client'
import { Button, TextLink } from './button'
import { tones, type Tone } from './status'

export function Page({ title, back, actions, narrow, children, ...rest }: {
  title: ReactNode; back?: { to: string; name: string }; actions?: ReactNode; narrow?: boolean; children: ReactNode; 'data-test-id'?: string
}) {
  return (
    <div {...rest} className={`mx-auto grid ${narrow ? 'max-w-4xl' : 'max-w-6xl'} grid-cols-[minmax(0,1fr)] gap-6 px-4 pt-5 pb-16 sm:px-8 sm:pt-8`}>
      <div className="grid gap-2">
        {back && <TextLink to={back.to} className="-ml-1 inline-flex w-fit items-center gap-0.5 text-sm"><ChevronLeft aria-hidden size={15} />{back.name}</TextLink>}
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
          <h1 className="min-w-0 text-[1.375rem] leading-8 font-semibold tracking-tight">{title}</h1>
          {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </div>
      </div>
      {children}
    </div>
  )
}

export function Section({ title, note, actions, children, ...rest }: { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode; 'data-test-id'?: string; id?: string }) {
  return (
    <section {...rest} className="grid scroll-mt-20 grid-cols-[minmax(0,1fr)] content-start gap-4">
      <div className="grid gap-0.5 border-b border-line pb-2">
        <div className="flex min-h-8 flex-wrap items-center justify-between gap-2">
          <h2 className="text-[0.95rem] font-semibold tracking-tight">{title}</h2>
          {actions}
        </div>
        {note && <p className="max-w-2xl text-sm text-soft">{note}</p>}
      </div>
      {children}
    </section>
  )
}

export function Notice({ tone, title, actions, children, ...rest }: { tone: Tone; title?: string; actions?: ReactNode; children?: ReactNode; role?: 'alert' | 'status'; 'data-test-id'?: string }) {
  const Icon = tone === 'bad' || tone === 'warn' ? CircleAlert : Info
  return (
    <div {...rest} className={`flex flex-wrap items-start gap-x-3 gap-y-2 rounded-lg px-3.5 py-2.5 text-sm ${tones[tone]}`}>
      <Icon aria-hidden size={16} className="mt-0.5 shrink-0" />
      <div className="min-w-0 flex-1 break-words">{title && <strong className="font-semibold">{title} </strong>}{children}</div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </div>
  )
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (!error) return null
  const known = error instanceof Problem
  return (
    <Notice role="alert" tone="bad" actions={retry && <Button onClick={retry}>Try again</Button>}>
      {known ? error.message : 'Something went wrong in this page. Reload it; if it stays, tell whoever runs the gateway.'}
      {known && error.requestId && error.status >= 500 && <span className="mt-1 block font-mono text-xs">Request {error.requestId}</span>}
    </Notice>
  )
}

export function Empty({ icon: Icon, title, actions, children }: { icon?: LucideIcon; title: string; actions?: ReactNode; children?: ReactNode }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] justify-items-center gap-3 rounded-xl border border-dashed border-edge px-4 py-12 text-center">
      {Icon && <span aria-hidden className="grid size-10 place-items-center rounded-full bg-sunk text-soft"><Icon size={19} /></span>}
      <p className="font-semibold">{title}</p>
      {children && <div className="max-w-lg min-w-0 text-sm text-soft">{children}</div>}
      {actions && <div className="flex flex-wrap justify-center gap-2 pt-1">{actions}</div>}
    </div>
  )
}

export function Loading({ rows = 5 }: { rows?: number }) {
  return (
    <div className="grid gap-2" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, n) => <div key={n} className="shimmer h-9 rounded-md bg-sunk" />)}
    </div>
  )
}

export const Card = ({ children, className = '' }: { children: ReactNode; className?: string }) => (
  <div className={`grid grid-cols-[minmax(0,1fr)] content-start gap-3 rounded-xl border border-line bg-card p-4 shadow-card sm:p-5 ${className}`}>{children}</div>
)
