import { useMutation, useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { get, send } from '../api/client'
import { client, demo, useMayChange, useMe } from '../session'
import { say } from '../toast'
import { Button, TextLink } from '../ui/button'
import { Confirm, Shown } from '../ui/dialog'
import { Field, Input } from '../ui/form'
import { Overlap } from '../ui/overlap'
import { Empty, Failure, Loading, Notice, Page } from '../ui/page'
import { Badge } from '../ui/status'
import { Copy, Id, Time } from '../ui/values'
import { stateOf, type Key } from '../keys'

export default function KeysPage() {
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => get<Key[]>('/data/keys'), meta: { live: false } })
  const mayChange = useMayChange()
  const isDemo = useMe().merchant_id === demo.merchant
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
      if (asked?.what === 'revoke') say('The key is revoked')
      setAsked(undefined)
      setMade(key)
      return client.invalidateQueries({ queryKey: ['keys'] })
    },
  })
  const ask = (what: 'create' | 'rotate' | 'revoke', key?: Key) => { act.reset(); setName(''); setAsked({ what, key }) }
  const works = keys.data?.filter((key) => ['live', 'expiring'].includes(stateOf(key))) ?? []
  const past = keys.data?.filter((key) => !works.includes(key)) ?? []
  return (
    <Page title="API keys" narrow data-test-id="api-credentials" actions={mayChange && <Button kind="main" data-test-id="create-key-button" onClick={() => ask('create')}><Plus aria-hidden size={15} />Create key</Button>}>
      <p className="-mt-3 max-w-2xl text-sm text-soft">The key goes into your pages, where it may start a payment and no more. The secret stays on your server and may do everything; it is shown once, when it is made. Rotate a key to get a new pair while the old one works on for a while.</p>
      {isDemo && <Notice tone="calm" title="Demo merchant.">Its first pair is in every example: <code className="font-mono text-xs break-all">{demo.key}</code> / <code className="font-mono text-xs break-all">{demo.secret}</code></Notice>}
      <Failure error={keys.error} retry={() => void keys.refetch()} />
      {keys.isPending && <Loading />}
      {keys.data?.length === 0 && <Empty icon={KeyRound} title="No keys yet">Create one to call the API from your server. The <TextLink to="/reference" className="underline">API reference</TextLink> says what it can do.</Empty>}
      <KeyList keys={works} actions={(key) => mayChange && (
        <span className="flex gap-2"><Button data-test-id="rotate-key-button" onClick={() => ask('rotate', key)}>Rotate</Button><Button kind="danger" data-test-id="revoke-key-button" onClick={() => ask('revoke', key)}>Revoke</Button></span>
      )} />
      {past.length > 0 && (
        <details className="grid gap-3">
          <summary className="w-fit cursor-pointer text-sm text-soft hover:text-ink">{past.length === 1 ? 'One key that works no more' : `${past.length} keys that work no more`}</summary>
          <div className="pt-3"><KeyList keys={past} actions={() => null} /></div>
        </details>
      )}
      <Confirm
        open={asked !== undefined} close={() => setAsked(undefined)} act={() => act.mutate()} busy={act.isPending} error={act.error} danger={asked?.what === 'revoke'}
        title={{ create: 'Create a key', rotate: 'Rotate this key', revoke: 'Revoke this key' }[asked?.what ?? 'create']}
        verb={{ create: 'Create key', rotate: 'Rotate key', revoke: 'Revoke key' }[asked?.what ?? 'create']}
      >
        {asked?.what === 'create' && <Field label="Name" hint="Where it is used, as “shop server”.">{(id) => <Input id={id} data-test-id="key-name-input" required autoFocus maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />}</Field>}
        {asked?.what === 'rotate' && <Overlap label="The old secret works on for" hint="Time to bring the new one to your servers." value={overlap} change={setOverlap} />}
        {asked?.what === 'revoke' && <p>Whatever still uses <code className="font-mono text-xs break-all">{asked.key?.id}</code> is refused at once.{asked.key?.last_used_at && <> It was last used <Time iso={asked.key.last_used_at} relative />.</>} This cannot be undone.</p>}
      </Confirm>
      <Shown title="Your new key" open={made !== undefined} close={() => setMade(undefined)} note="Store the secret now: it is shown here and never again.">
        <span className="text-soft">Key</span>
        <Copy text={made?.id ?? ''} what="key"><code className="min-w-0 font-mono break-all">{made?.id}</code></Copy>
        <span className="mt-1 text-soft">Secret</span>
        <Copy text={made?.secret ?? ''} what="secret"><code data-test-id="api-secret" className="min-w-0 font-mono break-all">{made?.secret}</code></Copy>
      </Shown>
    </Page>
  )
}

function KeyList({ keys, actions }: { keys: Key[]; actions: (key: Key) => React.ReactNode }) {
  return (
    <ul className="grid gap-2.5">
      {keys.map((key) => (
        <li key={key.id} data-test-id="api-key-row" className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-line bg-card px-4 py-3.5 shadow-card">
          <span className="grid min-w-0 gap-1">
            <span className="flex flex-wrap items-center gap-2"><span className="font-medium break-words">{key.name || 'Unnamed'}</span><Badge status={stateOf(key)} /></span>
            <span data-test-id="api-key" className="min-w-0"><Id id={key.id} /></span>
            <span className="text-xs text-soft">
              Created <Time iso={key.created_at} />
              {key.last_used_at !== undefined && <> · {key.last_used_at ? <>last used <Time iso={key.last_used_at} relative /></> : 'never used'}</>}
              {stateOf(key) === 'expiring' && <> · works until <Time iso={key.expires_at!} /></>}{key.revoked_at && <> · revoked <Time iso={key.revoked_at} /></>}
            </span>
          </span>
          {actions(key)}
        </li>
      ))}
    </ul>
  )
}
