import { useState, type ReactNode } from 'react'
import { Copy } from './values'

export function Code({ text, label, actions, short, ...rest }: { text: string; label: ReactNode; actions?: ReactNode; short?: boolean; 'data-test-id'?: string }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] overflow-hidden rounded-lg border border-line text-left">
      <div className="flex min-h-9 items-center justify-between gap-2 border-b border-line bg-sunk pr-1.5 pl-3 text-xs text-soft"><span className="min-w-0 truncate">{label}</span><span className="flex shrink-0 items-center gap-1">{actions}<Copy text={text} what={typeof label === 'string' ? label : undefined} /></span></div>
      <pre {...rest} tabIndex={0} className={`${short ? 'max-h-48' : 'max-h-96'} overflow-auto px-3 py-2.5 font-mono text-xs leading-relaxed focus-visible:-outline-offset-2`}>{text}</pre>
    </div>
  )
}

/** The same in several languages; the last chosen stays for the session. */
export function CodeIn({ of, label, ...rest }: { of: Record<string, string>; label: string; 'data-test-id'?: string }) {
  const [chosen, setChosen] = useState(() => sessionStorage.getItem('language') ?? '')
  const language = chosen in of ? chosen : Object.keys(of)[0]!
  return (
    <Code
      {...rest}
      text={of[language]!}
      label={
        <span className="flex gap-0.5 overflow-x-auto" role="group" aria-label={label}>
          {Object.keys(of).map((name) => (
            <button
              key={name} type="button" aria-pressed={name === language}
              onClick={() => { setChosen(name); sessionStorage.setItem('language', name) }}
              className="min-h-7 rounded px-2 whitespace-nowrap hover:text-ink aria-pressed:bg-card aria-pressed:font-medium aria-pressed:text-ink aria-pressed:shadow-card dark:aria-pressed:bg-edge"
            >
              {name}
            </button>
          ))}
        </span>
      }
    />
  )
}

/** JSON for people, or the text as it is when it is none. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
