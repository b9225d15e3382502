import type { Delivery } from '../../api/client'
import { Time } from '../../ui/values'

/** When the next attempt is due. One that is long overdue waits until its endpoint, which fails, answers a probe. */
export function NextAttempt({ of }: { of: Delivery }) {
  if (!of.next_attempt_at) return <span className="text-soft">–</span>
  const overdue = Date.now() - new Date(of.next_attempt_at).getTime() > 15_000
  return overdue ? <span title="Its endpoint fails. It is tried with one message at a time; the others follow when it answers.">waits its turn</span> : <Time iso={of.next_attempt_at} relative />
}
