import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, send } from '../api/client'
import { client, useMayChange } from '../session'
import { Badge, Button, Confirm, Copy, Dialog, Empty, Failure, Field, Id, Input, Loading, Page, Select, Time } from '../ui/basics'

interface Key { id: string; name: string; created_at: string; expires_at: string | null; revoked_at: string | null; secret?: string }

const state = (key: Key, now = Date.now()) =>
  key.revoked_at ? 'revoked' : key.expires_at ? (new Date(key.expires_at).getTime() <= now ? 'expired' : 'expiring') : 'live'

export default function KeysPage() {
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => get<Key[]>('/data/keys') })
  const mayChange = useMayChange()
  const [asked, setAsked] = useState<{ what: 'create' | 'rotate' | 'revoke'; key?: Key }>()
  const [made, setMade] = useState<Key>()
  const [name, setName] = useState('')
  const [overlap, setOverlap] = useState(24)
  const act = useMutation({
    mutationFn: () => {
      if (asked?.what === 'revoke') return send<undefined>('DELETE', `/data/keys/${asked.key!.id}`)
      if (asked?.what === 'rotate') return send<Key>('POST', `/data/keys/${asked.key!.id}/rotate`, { overlap_hours: overlap })
      return send<Key>('POST', '/data/keys', { name })
    },
    onSuccess: (key?: Key) => {
      setAsked(undefined)
      setMade(key)
      return client.invalidateQueries({ queryKey: ['keys'] })
    },
  })
  const ask = (what: 'create' | 'rotate' | 'revoke', key?: Key) => { act.reset(); setName(''); setAsked({ what, key }) }
  return (
    <Page title="API keys" data-test-id="api-credentials" actions={mayChange && <Button kind="main" onClick={() => ask('create')}>Create key</Button>}>
      <p className="max-w-2xl text-sm text-soft">Your server signs in to the API with a secret. It is shown once, when it is made; rotate a key to get a new one while the old one works on for a while.</p>
      <Failure error={keys.error} retry={() => void keys.refetch()} />
      {keys.isPending && <Loading />}
      {keys.data?.length === 0 && <Empty title="No keys yet">Create one to call the API from your server.</Empty>}
      <ul className="grid gap-2">
        {keys.data?.map((key) => (
          <li key={key.id} className="flex flex-wrap items-center justify-between gap-3 rounded-lg border border-line px-4 py-3">
            <span className="grid min-w-0 gap-1">
              <span className="flex flex-wrap items-center gap-2"><span className="font-medium break-words">{key.name || 'Unnamed'}</span><Badge status={state(key)} /></span>
              <span data-test-id="api-key"><Id id={key.id} /></span>
              <span className="text-xs text-soft">Created <Time iso={key.created_at} />{state(key) === 'expiring' && <> · works until <Time iso={key.expires_at!} /></>}{key.revoked_at && <> · revoked <Time iso={key.revoked_at} /></>}</span>
            </span>
            {mayChange && (state(key) === 'live' || state(key) === 'expiring') && (
              <span className="flex gap-2"><Button onClick={() => ask('rotate', key)}>Rotate</Button><Button kind="danger" onClick={() => ask('revoke', key)}>Revoke</Button></span>
            )}
          </li>
        ))}
      </ul>
      <Confirm
        open={asked !== undefined} close={() => setAsked(undefined)} act={() => act.mutate()} busy={act.isPending} error={act.error} danger={asked?.what === 'revoke'}
        title={{ create: 'Create a key', rotate: 'Rotate this key', revoke: 'Revoke this key' }[asked?.what ?? 'create']}
        verb={{ create: 'Create key', rotate: 'Rotate key', revoke: 'Revoke key' }[asked?.what ?? 'create']}
      >
        {asked?.what === 'create' && <Field label="Name" hint="Where it is used, as “shop server”.">{(id) => <Input id={id} required autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />}</Field>}
        {asked?.what === 'rotate' && (
          <Field label="The old secret works on for" hint="Time to bring the new one to your servers.">
            {(id) => <Select id={id} value={overlap} onChange={(event) => setOverlap(Number(event.target.value))}><option value={0}>no time: it ends now</option><option value={1}>1 hour</option><option value={24}>24 hours</option><option value={168}>7 days</option></Select>}
          </Field>
        )}
        {asked?.what === 'revoke' && <p>Whatever still uses <code className="font-mono text-xs">{asked.key?.id}</code> is refused at once. This cannot be undone.</p>}
      </Confirm>
      <Dialog title="Your new key" open={made !== undefined} close={() => setMade(undefined)}>
        <p className="text-sm">Store the secret now: it is shown here and never again.</p>
        <div className="grid gap-2 rounded-md bg-sunk p-3 text-xs">
          <Copy text={made?.id ?? ''}><code className="font-mono break-all">{made?.id}</code></Copy>
          <Copy text={made?.secret ?? ''}><code data-test-id="api-secret" className="min-w-0 font-mono break-all">{made?.secret}</code></Copy>
        </div>
        <div className="flex justify-end"><Button kind="main" onClick={() => setMade(undefined)}>I have stored it</Button></div>
      </Dialog>
    </Page>
  )
}
