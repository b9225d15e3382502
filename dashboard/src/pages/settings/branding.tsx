import { useMutation } from '@tanstack/react-query'
import { ImageUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { at, send, upload } from '../../api/client'
import { client, useMayChange } from '../../session'
import { say } from '../../toast'
import { Button } from '../../ui/button'
import { Check, Field, Input } from '../../ui/form'
import { Failure, Section } from '../../ui/page'
import type { Settings } from './settings_data'

/** The greatest file that the server takes as a logo, in bytes. */
const mostBytes = 64 << 10

/** How the checkout looks to customers: a name, a colour, a logo. */
export function Branding({ settings }: { settings: Settings }) {
  const mayChange = useMayChange()
  const { branding, merchant } = settings
  const [name, setName] = useState(branding.display_name ?? '')
  const [accent, setAccent] = useState(branding.accent ?? '#1f6feb')
  const [own, setOwn] = useState(branding.accent !== null)
  const file = useRef<HTMLInputElement>(null)
  const refresh = () => { say('The branding is saved'); return client.invalidateQueries({ queryKey: ['settings'] }) }
  const save = useMutation({ mutationFn: () => send('PUT', '/data/settings/branding', { display_name: name.trim() || null, accent: own ? accent : null }), onSuccess: refresh })
  const logo = useMutation({ mutationFn: (to: File | null) => (to ? upload('/data/settings/logo', to) : send('DELETE', '/data/settings/logo')), onSuccess: refresh })
  const [tooLarge, setTooLarge] = useState(false)
  return (
    <Section id="branding" title="Checkout branding" note="How the payment page greets your customers.">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-6 sm:grid-cols-[minmax(0,1fr)_15rem]">
        <form className="grid content-start gap-4" onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
          <Field label="Name" hint={`Without one it is ${merchant.name}.`}>{(id) => <Input id={id} data-test-id="branding-name-input" maxLength={60} disabled={!mayChange} placeholder={merchant.name} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
          <div className="grid gap-1.5">
            <Check label="A colour of your own" checked={own} disabled={!mayChange} change={setOwn} />
            {own && <div className="flex gap-2"><input type="color" aria-label="Colour" className="h-9 w-12 rounded-md border border-edge bg-card p-1 sm:h-8" disabled={!mayChange} value={accent} onChange={(event) => setAccent(event.target.value)} /><Input aria-label="Colour as #rrggbb" pattern="#[0-9a-fA-F]{6}" title="As #1f6feb" className="w-28 font-mono" disabled={!mayChange} value={accent} onChange={(event) => setAccent(event.target.value)} /></div>}
          </div>
          <div className="grid gap-1.5">
            <span className="text-sm font-medium">Logo</span>
            {mayChange && (
              <span className="flex flex-wrap items-center gap-2">
                <input
                  ref={file} type="file" aria-label="Logo file" accept="image/png,image/jpeg" className="sr-only" tabIndex={-1} data-test-id="logo-input"
                  onChange={(event) => { const chosen = event.target.files?.[0]; event.target.value = ''; if (!chosen) return; setTooLarge(chosen.size > mostBytes); if (chosen.size <= mostBytes) logo.mutate(chosen) }}
                />
                <Button disabled={logo.isPending} onClick={() => file.current?.click()}><ImageUp aria-hidden size={15} />{branding.logo ? 'Replace' : 'Upload'}</Button>
                {branding.logo && <Button kind="quiet" disabled={logo.isPending} onClick={() => logo.mutate(null)}>Remove</Button>}
              </span>
            )}
            <p className="text-xs text-soft">PNG or JPEG, up to 64 KiB and 1024 × 1024.</p>
            {tooLarge && <p role="alert" className="text-xs text-bad">This file is larger than 64 KiB.</p>}
          </div>
          <Failure error={save.error ?? logo.error} />
          {mayChange && <div><Button type="submit" kind="main" data-test-id="save-branding-button" disabled={save.isPending}>Save</Button></div>}
        </form>
        <div aria-label="Preview" role="img" className="grid content-start gap-4 self-start rounded-xl border border-line bg-sunk p-5">
          <span className="flex items-center gap-2.5">
            {branding.logo ? <img src={at(branding.logo)} alt="" className="size-8 rounded-md object-contain" /> : <span className="grid size-8 place-items-center rounded-md bg-calmbg text-sm font-semibold text-calm">{(name || merchant.name).charAt(0).toUpperCase()}</span>}
            <span className="min-w-0 truncate font-semibold">{name || merchant.name}</span>
          </span>
          <span className="text-xl font-semibold tracking-tight">₹500.00</span>
          <span className="grid h-9 place-items-center rounded-md bg-accent text-sm font-medium text-onaccent" style={own ? { background: accent, color: dark(accent) ? '#fff' : '#111' } : undefined}>Pay ₹500.00</span>
        </div>
      </div>
    </Section>
  )
}

/** Whether white is read better on a colour than black. */
function dark(colour: string): boolean {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b! < 0.179
}
