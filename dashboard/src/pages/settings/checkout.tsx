import { useMutation } from '@tanstack/react-query'
import { Eye, EyeOff, X } from 'lucide-react'
import { useState } from 'react'
import { send } from '../../api/client'
import { client, useMayChange } from '../../session'
import { say } from '../../toast'
import { Button, IconButton } from '../../ui/button'
import { Confirm } from '../../ui/dialog'
import { Input } from '../../ui/form'
import { Failure, Section } from '../../ui/page'
import { Copy } from '../../ui/values'
import type { Settings } from './settings_data'

export function Origins({ settings }: { settings: Settings }) {
  const mayChange = useMayChange()
  const [origin, setOrigin] = useState('')
  const [removing, setRemoving] = useState<string>()
  const refresh = () => client.invalidateQueries({ queryKey: ['settings'] })
  const add = useMutation({ mutationFn: () => send('POST', '/data/settings/origins', { origin: origin.trim() }), onSuccess: () => { setOrigin(''); say('Added'); return refresh() } })
  const remove = useMutation({ mutationFn: () => send('POST', '/data/settings/origins/remove', { origin: removing }), onSuccess: () => { setRemoving(undefined); return refresh() } })
  return (
    <Section id="origins" title="Origins" note="Pages that may show your checkout within themselves. In development any page on this machine may.">
      {settings.checkout_origins.length === 0 ? <p className="text-sm text-soft">None yet.{mayChange && ' Add the one of your shop.'}</p> : (
        <ul className="grid divide-y divide-line text-sm" data-test-id="origins">
          {settings.checkout_origins.map((of) => (
            <li key={of} className="flex items-center justify-between gap-2 py-1.5"><span className="min-w-0 font-mono text-xs break-all">{of}</span>{mayChange && <IconButton label={`Remove ${of}`} onClick={() => { remove.reset(); setRemoving(of) }}><X aria-hidden size={15} /></IconButton>}</li>
          ))}
        </ul>
      )}
      {mayChange && (
        <form className="flex max-w-md flex-wrap gap-2" onSubmit={(event) => { event.preventDefault(); add.mutate() }}>
          <Input aria-label="Origin" type="url" required placeholder="https://shop.example" className="min-w-0 flex-1" data-test-id="origin-input" value={origin} onChange={(event) => setOrigin(event.target.value)} />
          <Button type="submit" data-test-id="add-origin-button" disabled={add.isPending}>Add origin</Button>
        </form>
      )}
      <Failure error={add.error} />
      <Confirm title="Remove this origin" verb="Remove origin" danger open={removing !== undefined} close={() => setRemoving(undefined)} act={() => remove.mutate()} busy={remove.isPending} error={remove.error}>
        <p className="break-words">Pages on {removing} can no longer show your checkout.</p>
      </Confirm>
    </Section>
  )
}

export function CheckoutSecret() {
  const mayChange = useMayChange()
  const reveal = useMutation({ mutationFn: () => send<{ secret: string }>('POST', '/data/checkout_secret/reveal') })
  if (!mayChange) return null
  return (
    <Section id="checkout-secret" title="Checkout secret" note="Your server checks with it the signature that onSuccess gets. Who looks at it is in the audit log.">
      <div className="flex flex-wrap items-center gap-3 text-sm">
        {reveal.data ? <Copy text={reveal.data.secret} what="checkout secret"><code data-test-id="checkout-secret" className="min-w-0 font-mono text-xs break-all">{reveal.data.secret}</code></Copy> : <code aria-label="A secret, hidden" className="font-mono text-xs text-soft">checkout_secret_••••••••</code>}
        <Button data-test-id="reveal-checkout-secret-button" disabled={reveal.isPending} onClick={() => (reveal.data ? reveal.reset() : reveal.mutate())}>{reveal.data ? <><EyeOff aria-hidden size={15} />Hide</> : <><Eye aria-hidden size={15} />Reveal</>}</Button>
      </div>
      <Failure error={reveal.error} />
    </Section>
  )
}
