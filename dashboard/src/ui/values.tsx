import { Check, Copy as CopyIcon } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { ago, exactTime, money, time } from '../format'
import { Button, TextLink } from './button'

/** A time in the viewer's zone; the exact one, in UTC too, shows on hover. */
export function Time({ iso, relative }: { iso: string; relative?: boolean }) {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!relative) return
    const timer = setInterval(() => setNow(Date.now()), 5_000)
    return () => clearInterval(timer)
  }, [relative])
  return <time dateTime={iso} title={exactTime(iso)} className="whitespace-nowrap">{relative ? ago(iso, now) : time(iso)}</time>
}

export const Money = ({ amount, currency, className = '' }: { amount: number; currency: string; className?: string }) => (
  <span className={`whitespace-nowrap ${className}`}>
    {money(amount, currency)} <span className="text-[0.8em] font-normal text-soft">{currency}</span>
  </span>
)

function useCopied(text: string): [boolean, () => void] {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1500)
    return () => clearTimeout(timer)
  }, [copied])
  return [copied, () => void navigator.clipboard?.writeText(text).then(() => setCopied(true))]
}

/** Text with a button that copies it. */
export function Copy({ text, children, what }: { text: string; children?: ReactNode; what?: string }) {
  const [copied, copy] = useCopied(text)
  const Icon = copied ? Check : CopyIcon
  return (
    <span className="inline-flex max-w-full min-w-0 items-center gap-1 align-bottom">
      {children}
      <button type="button" className="inline-grid size-6 shrink-0 place-items-center rounded text-soft hover:bg-hover hover:text-ink" aria-label={copied ? 'Copied' : `Copy ${what ?? text.slice(0, 60)}`} title={copied ? 'Copied' : 'Copy'} onClick={copy}>
        <Icon aria-hidden size={13} className={copied ? 'text-good' : ''} />
      </button>
    </span>
  )
}

export function CopyButton({ text, children, ...rest }: { text: string; children: ReactNode; 'data-test-id'?: string }) {
  const [copied, copy] = useCopied(text)
  const Icon = copied ? Check : CopyIcon
  return <Button {...rest} onClick={copy}><Icon aria-hidden size={14} />{copied ? 'Copied' : children}</Button>
}

export const Id = ({ id }: { id: string }) => <Copy text={id}><code className="truncate font-mono text-xs">{id}</code></Copy>

/** An id that leads to what it names, wherever that has a page. */
export function IdLink({ id }: { id: string | null | undefined }) {
  if (!id) return <span className="text-soft">–</span>
  const to = id.startsWith('pay_') ? '/payments/$id' : id.startsWith('order_') ? '/orders/$id' : id.startsWith('we_') ? '/webhooks/$id' : id.startsWith('whd_') ? '/webhooks/logs/$id' : id.startsWith('evt_') ? '/events/$id' : id.startsWith('rfnd_') ? '/refunds/$id' : undefined
  return to ? <TextLink to={to} params={{ id }} className="font-mono text-xs">{id}</TextLink> : <code className="font-mono text-xs">{id}</code>
}

/** Names and values; what has none is left out. */
export function Facts({ of, wide }: { of: [string, ReactNode][]; wide?: boolean }) {
  return (
    <dl className={`grid gap-x-8 gap-y-2.5 text-sm ${wide ? '' : 'sm:grid-cols-2'}`}>
      {of.filter(([, value]) => value !== null && value !== undefined && value !== '').map(([name, value]) => (
        <div key={name} className="grid min-w-0 grid-cols-[7.5rem_minmax(0,1fr)] items-baseline gap-2">
          <dt className="break-words text-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
