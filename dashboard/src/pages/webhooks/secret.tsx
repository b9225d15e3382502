import { useMutation } from '@tanstack/react-query'
import { Eye, EyeOff, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import { send } from '../../api/client'
import { useMayChange } from '../../session'
import { Button } from '../../ui/button'
import { Confirm, Shown } from '../../ui/dialog'
import { Failure } from '../../ui/page'
import { Copy, Time } from '../../ui/values'
import { Overlap } from '../../ui/overlap'

interface Secrets { secrets: { secret: string; created_at: string; expires_at: string | null }[]; headers: { name: string; value: string }[] }

export function NewSecret({ secret, close }: { secret?: string; close: () => void }) {
  return (
    <Shown title="The endpoint’s secret" open={secret !== undefined} close={close} note={<>Your server checks signatures with it. It stays behind <em>Reveal</em> on the endpoint’s page; who looks at it is in the audit log.</>}>
      <Copy text={secret ?? ''} what="secret"><code data-test-id="webhook-secret" className="min-w-0 font-mono break-all">{secret}</code></Copy>
    </Shown>
  )
}

/** The signing secrets and the values of the endpoint's own headers, hidden until asked for. */
export function Secrets({ endpointId, headerNames }: { endpointId: string; headerNames: readonly string[] }) {
  const mayChange = useMayChange()
  const [rotating, setRotating] = useState(false)
  const [overlap, setOverlap] = useState(24)
  const [rotated, setRotated] = useState<string>()
  const reveal = useMutation({ mutationFn: () => send<Secrets>('POST', `/data/endpoints/${endpointId}/reveal`) })
  const rotate = useMutation({
    mutationFn: () => send<{ secret: string }>('POST', `/data/endpoints/${endpointId}/rotate`, { overlap_hours: overlap }),
    onSuccess: ({ secret }) => {
      setRotating(false)
      reveal.reset()
      setRotated(secret)
    },
  })
  const shown = reveal.data
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3 text-sm">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2 rounded-lg border border-line bg-sunk px-3 py-2.5 text-xs">
        {shown ? shown.secrets.map(({ secret, expires_at }) => (
          <div key={secret} className="flex flex-wrap items-center gap-x-2">
            <Copy text={secret} what="secret"><code data-test-id="webhook-secret" className="min-w-0 font-mono break-all">{secret}</code></Copy>
            {expires_at && <span className="text-soft">signs until <Time iso={expires_at} /></span>}
          </div>
        )) : <code aria-label="A secret, hidden" className="font-mono text-soft">whsec_••••••••••••••••••••••••</code>}
        {headerNames.map((name) => (
          <div key={name} className="flex flex-wrap items-center gap-x-1 font-mono"><span className="text-soft">{name}:</span><span className="min-w-0 break-all">{shown?.headers.find((line) => line.name.toLowerCase() === name.toLowerCase())?.value ?? '••••••••'}</span></div>
        ))}
      </div>
      <Failure error={reveal.error} />
      {mayChange && (
        <div className="flex flex-wrap gap-2">
          <Button data-test-id="reveal-secret-button" disabled={reveal.isPending} onClick={() => (shown ? reveal.reset() : reveal.mutate())}>{shown ? <><EyeOff aria-hidden size={15} />Hide</> : <><Eye aria-hidden size={15} />Reveal</>}</Button>
          <Button data-test-id="regenerate-secret-button" onClick={() => { rotate.reset(); setRotating(true) }}><RefreshCw aria-hidden size={14} />Rotate</Button>
        </div>
      )}
      <Confirm title="Rotate the secret" verb="Rotate secret" open={rotating} close={() => setRotating(false)} act={() => rotate.mutate()} busy={rotate.isPending} error={rotate.error}>
        <Overlap label="The old secret signs on for" hint="Until then deliveries carry both signatures, so that your server can change at its own time." value={overlap} change={setOverlap} />
      </Confirm>
      <NewSecret secret={rotated} close={() => setRotated(undefined)} />
    </div>
  )
}
