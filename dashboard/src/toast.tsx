import { Check } from 'lucide-react'
import { useEffect, useSyncExternalStore } from 'react'

interface Said { id: number; text: string }

let said: Said | undefined
const listeners = new Set<() => void>()

function set(next: Said | undefined) {
  said = next
  for (const listener of listeners) listener()
}

/** Says in a sentence what has just been done, for some seconds. */
export const say = (text: string) => set({ id: (said?.id ?? 0) + 1, text })

export function Toast() {
  const now = useSyncExternalStore((listener) => { listeners.add(listener); return () => listeners.delete(listener) }, () => said)
  useEffect(() => {
    if (!now) return
    const timer = setTimeout(() => set(undefined), 4_000)
    return () => clearTimeout(timer)
  }, [now])
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-5 z-30 grid justify-items-center px-4">
      {now && <div key={now.id} className="appear flex items-center gap-2 rounded-lg bg-ink px-3.5 py-2 text-sm text-page shadow-raised"><Check aria-hidden size={15} />{now.text}</div>}
    </div>
  )
}
