import { Link } from '@tanstack/react-router'
import type { ButtonHTMLAttributes, ReactNode } from 'react'

export type Kind = 'plain' | 'main' | 'danger' | 'quiet'

const shape = 'inline-flex min-h-9 sm:min-h-8 items-center justify-center gap-1.5 whitespace-nowrap rounded-md border px-3 text-sm font-medium transition-colors disabled:opacity-50'

const looks: Record<Kind, string> = {
  plain: 'border-edge bg-card text-ink shadow-card hover:bg-hover',
  main: 'border-transparent bg-accent text-onaccent shadow-card hover:opacity-90',
  danger: 'border-edge bg-card text-bad shadow-card hover:bg-badbg',
  quiet: 'border-transparent text-soft hover:bg-hover hover:text-ink',
}

export function Button({ kind = 'plain', className = '', ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: Kind }) {
  return <button type="button" {...rest} className={`${shape} ${looks[kind]} ${className}`} />
}

export function IconButton({ label, children, className = '', ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { label: string }) {
  return (
    <button type="button" aria-label={label} title={label} {...rest} className={`inline-grid size-8 shrink-0 place-items-center rounded-md text-soft transition-colors hover:bg-hover hover:text-ink disabled:opacity-50 ${className}`}>
      {children}
    </button>
  )
}

/** A link that looks like a button, for what leads somewhere. */
export function LinkButton({ to, params, search, kind = 'plain', children }: { to: string; params?: object; search?: object; kind?: Kind; children: ReactNode }) {
  return <Link to={to as never} params={params as never} search={search as never} className={`${shape} ${looks[kind]}`}>{children}</Link>
}

export function TextLink({ to, params, search, hash, className = '', children, ...rest }: {
  to: string; params?: object; search?: object; hash?: string; className?: string; children: ReactNode; 'data-row-link'?: boolean
}) {
  return <Link {...rest} to={to as never} params={params as never} search={search as never} hash={hash} className={`text-accent underline-offset-2 hover:underline ${className}`}>{children}</Link>
}

/** One of a few choices, all in view. */
export function Segments<Value extends string>({ label, value, options, choose }: { label: string; value: Value; options: readonly (readonly [Value, ReactNode])[]; choose: (value: Value) => void }) {
  return (
    <div role="group" aria-label={label} className="inline-flex w-fit max-w-full overflow-x-auto rounded-lg border border-line bg-sunk p-0.5">
      {options.map(([option, name]) => (
        <button
          key={option} type="button" aria-pressed={option === value} onClick={() => choose(option)}
          className="inline-flex min-h-7 items-center gap-1.5 rounded-md px-2.5 text-sm whitespace-nowrap text-soft hover:text-ink aria-pressed:bg-card aria-pressed:font-medium aria-pressed:text-ink aria-pressed:shadow-card dark:aria-pressed:bg-edge"
        >
          {name}
        </button>
      ))}
    </div>
  )
}
