import { Ban, Check, CircleDashed, Clock, CornerDownRight, Pause, X, type LucideIcon } from 'lucide-react'
import { words } from '../format'

export type Tone = 'good' | 'bad' | 'warn' | 'calm'

export const tones: Record<Tone, string> = {
  good: 'bg-goodbg text-good',
  bad: 'bg-badbg text-bad',
  warn: 'bg-warnbg text-warn',
  calm: 'bg-calmbg text-calm',
}

const statuses: Record<string, [Tone, LucideIcon]> = {
  success: ['good', Check], processed: ['good', Check], paid: ['good', Check], delivered: ['good', Check], enabled: ['good', Check], live: ['good', Check], done: ['good', Check],
  failed: ['bad', X], failing: ['bad', X], exhausted: ['bad', X], revoked: ['bad', Ban], expired: ['bad', X],
  retrying: ['warn', Clock], requires_action: ['warn', CornerDownRight], authorized: ['warn', Clock], paused: ['warn', Pause], disabled: ['warn', Pause], expiring: ['warn', Clock],
  pending: ['calm', CircleDashed], processing: ['calm', CircleDashed], created: ['calm', CircleDashed], attempted: ['calm', Clock], canceled: ['calm', Ban], running: ['calm', CircleDashed],
}

export const toneOf = (status: string): Tone => statuses[status]?.[0] ?? 'calm'

/** A state in a word, a colour and a sign: the colour alone would not reach everybody. */
export function Badge({ status, text, ...rest }: { status: string; text?: string; 'data-test-id'?: string }) {
  const [tone, Icon] = statuses[status] ?? ['calm' as const, undefined]
  return (
    <span {...rest} className={`inline-flex items-center gap-1 rounded-full px-2 py-px text-xs leading-5 font-medium whitespace-nowrap ${tones[tone]}`}>
      {Icon && <Icon aria-hidden size={11} strokeWidth={2.5} />}
      {text ?? words(status)}
    </span>
  )
}

export function EventType({ type }: { type: string }) {
  const [family, rest] = type.split('.')
  return <span className="font-mono text-xs whitespace-nowrap"><span className="text-soft">{family}.</span>{rest}</span>
}
