import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { get, query, send, type Delivery, type Endpoint, type List } from '../api/client'
import { percent, words } from '../format'
import { client, useMayChange } from '../session'
import { Badge, Button, Confirm, Copy, Dialog, Empty, Failure, Field, Input, Loading, Page, Select, Time } from '../ui/basics'
import { eventTypes } from './events'

interface Health { endpoints: { endpoint_id: string; deliveries: number; failing: number }[] }

export default function WebhooksPage() {
  const endpoints = useQuery({ queryKey: ['list', 'endpoints'], queryFn: () => get<List<Endpoint>>('/api/v1/webhook_endpoints?limit=100') })
  const health = useQuery({ queryKey: ['home', 'endpoints'], queryFn: () => get<Health>(`/data/home${query({ period: '24h', zone: 'UTC' })}`) })
  const mayChange = useMayChange()
  const [editing, edit] = useState<Endpoint | 'new'>()
  const [secret, setSecret] = useState<string>()
  return (
    <Page title="Webhooks" data-test-id="webhook-config" actions={<>
      <Link to="/webhooks/logs" className="rounded-md border border-line px-2.5 py-1.5 text-sm font-medium hover:bg-sunk">Deliveries</Link>
      <Link to="/webhooks/debugger" className="rounded-md border border-line px-2.5 py-1.5 text-sm font-medium hover:bg-sunk">Debugger</Link>
      {mayChange && <Button kind="main" data-test-id="add-endpoint-button" onClick={() => edit('new')}>Add endpoint</Button>}
    </>}>
      <Failure error={endpoints.error} retry={() => void endpoints.refetch()} />
      {endpoints.isPending && <Loading />}
      {endpoints.data?.data.length === 0 && <Empty title="No endpoints yet">Add the URL of your server, and it is told by signed messages when a payment succeeds or fails.</Empty>}
      <ul className="grid gap-3">
        {endpoints.data?.data.map((endpoint) => (
          <EndpointCard key={endpoint.id} endpoint={endpoint} health={health.data?.endpoints.find((of) => of.endpoint_id === endpoint.id)} edit={() => edit(endpoint)} rotated={setSecret} />
        ))}
      </ul>
      {editing && <Editor endpoint={editing === 'new' ? undefined : editing} close={() => edit(undefined)} made={setSecret} />}
      <Dialog title="The endpoint’s secret" open={secret !== undefined} close={() => setSecret(undefined)}>
        <p className="text-sm">Your server checks signatures with it. It stays behind <em>Secret</em>; who looks at it is in the audit log.</p>
        <div className="rounded-md bg-sunk p-3"><Copy text={secret ?? ''}><code data-test-id="webhook-secret" className="min-w-0 break-all font-mono text-xs">{secret}</code></Copy></div>
        <div className="flex justify-end"><Button kind="main" onClick={() => setSecret(undefined)}>I have stored it</Button></div>
      </Dialog>
    </Page>
  )
}

function EndpointCard({ endpoint, health, edit, rotated }: { endpoint: Endpoint; health?: Health['endpoints'][number]; edit: () => void; rotated: (secret: string) => void }) {
  const mayChange = useMayChange()
  const [removing, setRemoving] = useState(false)
  const [rotating, setRotating] = useState(false)
  const [overlap, setOverlap] = useState(24)
  const navigate = useNavigate()
  const refresh = () => client.invalidateQueries({ queryKey: ['list'] })
  const path = `/api/v1/webhook_endpoints/${endpoint.id}`
  const toggle = useMutation({ mutationFn: () => send('PATCH', path, { status: endpoint.status === 'enabled' ? 'disabled' : 'enabled' }), onSuccess: refresh })
  const test = useMutation({
    mutationFn: () => send<Delivery>('POST', `${path}/test`, {}),
    onSuccess: (delivery) => navigate({ to: '/webhooks/logs/$id', params: { id: delivery.id } } as never),
  })
  const reveal = useMutation({ mutationFn: () => send<{ secrets: { secret: string }[] }>('POST', `/data/endpoints/${endpoint.id}/reveal`) })
  const rotate = useMutation({
    mutationFn: () => send<{ secret: string }>('POST', `/data/endpoints/${endpoint.id}/rotate`, { overlap_hours: overlap }),
    onSuccess: ({ secret }) => { setRotating(false); reveal.reset(); rotated(secret) },
  })
  const remove = useMutation({ mutationFn: () => send('DELETE', path), onSuccess: () => { setRemoving(false); return refresh() } })
  return (
    <li data-test-id="webhook-endpoint" className="grid gap-3 rounded-lg border border-line px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="flex min-w-0 flex-wrap items-center gap-2"><span className="min-w-0 font-mono text-sm break-all">{endpoint.url}</span><Badge status={endpoint.status} /></span>
        {mayChange && (
          <span className="flex flex-wrap gap-2">
            <Button data-test-id="test-webhook-button" disabled={test.isPending || endpoint.status === 'disabled'} onClick={() => test.mutate()}>Test</Button>
            <Button onClick={edit}>Edit</Button>
            <Button disabled={reveal.isPending} onClick={() => (reveal.data ? reveal.reset() : reveal.mutate())}>{reveal.data ? 'Hide secret' : 'Secret'}</Button>
            <Button data-test-id="regenerate-secret-button" onClick={() => { rotate.reset(); setRotating(true) }}>Rotate</Button>
            <Button disabled={toggle.isPending} onClick={() => toggle.mutate()}>{endpoint.status === 'enabled' ? 'Disable' : 'Enable'}</Button>
            <Button kind="danger" onClick={() => setRemoving(true)}>Delete</Button>
          </span>
        )}
      </div>
      <Failure error={toggle.error ?? test.error ?? reveal.error} />
      {reveal.data?.secrets.map(({ secret }, n) => (
        <div key={secret} className="flex flex-wrap items-center gap-2 rounded-md bg-sunk px-3 py-2 text-xs">
          <Copy text={secret}><code data-test-id="webhook-secret" className="min-w-0 font-mono break-all">{secret}</code></Copy>{n > 0 && <span className="text-soft">before the rotation</span>}
        </div>
      ))}
      <div className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
        {endpoint.description && <span className="break-words">{endpoint.description}</span>}
        <span>{endpoint.event_types.includes('*') ? 'All events' : endpoint.event_types.join(', ')}</span>
        {endpoint.disabled_reason && <span className="text-warn">{words(endpoint.disabled_reason)}</span>}
        {health && health.deliveries > 0 && <span className={health.failing > 0 ? 'text-bad' : ''}>{percent(health.failing / health.deliveries)} failing in 24 hours</span>}
        <span>Added <Time iso={endpoint.created_at} /></span>
        <Link to="/webhooks/logs" search={{ endpoint_id: endpoint.id } as never} className="text-accent hover:underline">Its deliveries</Link>
      </div>
      <Confirm title="Rotate the secret" verb="Rotate secret" open={rotating} close={() => setRotating(false)} act={() => rotate.mutate()} busy={rotate.isPending} error={rotate.error}>
        <Field label="The old secret signs on for" hint="Until then deliveries carry both signatures, so that your server can change at its own time.">
          {(id) => <Select id={id} value={overlap} onChange={(event) => setOverlap(Number(event.target.value))}><option value={0}>no time: it ends now</option><option value={1}>1 hour</option><option value={24}>24 hours</option><option value={168}>7 days</option></Select>}
        </Field>
      </Confirm>
      <Confirm title="Delete this endpoint" verb="Delete endpoint" danger open={removing} close={() => setRemoving(false)} act={() => remove.mutate()} busy={remove.isPending} error={remove.error}>
        <p className="break-words">Nothing more is sent to {endpoint.url}, and its secret is gone. Its deliveries stay in the log.</p>
      </Confirm>
    </li>
  )
}

function Editor({ endpoint, close, made }: { endpoint?: Endpoint; close: () => void; made: (secret: string) => void }) {
  const [url, setURL] = useState(endpoint?.url ?? '')
  const [description, setDescription] = useState(endpoint?.description ?? '')
  const [all, setAll] = useState(endpoint?.event_types.includes('*') ?? true)
  const [types, setTypes] = useState<string[]>(endpoint?.event_types.filter((type) => type !== '*') ?? [])
  const save = useMutation({
    mutationFn: () => {
      const body = { url: url.trim(), description: description || null, event_types: all ? ['*'] : types }
      return endpoint ? send<Endpoint>('PATCH', `/api/v1/webhook_endpoints/${endpoint.id}`, body) : send<Endpoint & { secret: string }>('POST', '/api/v1/webhook_endpoints', body)
    },
    onSuccess: (saved) => {
      close()
      if ('secret' in saved && saved.secret) made(saved.secret as string)
      return client.invalidateQueries({ queryKey: ['list'] })
    },
  })
  return (
    <Dialog title={endpoint ? 'Edit endpoint' : 'Add endpoint'} open close={close}>
      <form data-test-id="webhook-config-form" className="grid gap-4" onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
        <Field label="URL">{(id) => <Input id={id} data-test-id="webhook-url-input" type="url" required autoFocus placeholder="https://shop.example/webhook" value={url} onChange={(event) => setURL(event.target.value)} />}</Field>
        <Field label="Description">{(id) => <Input id={id} maxLength={255} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
        <fieldset className="grid gap-2 text-sm">
          <legend className="mb-1 font-medium">Events</legend>
          <label className="flex items-center gap-2"><input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> All, those to come included</label>
          {!all && (
            <div className="grid gap-1 sm:grid-cols-2">
              {[...new Set([...eventTypes, ...types])].map((type) => (
                <label key={type} className="flex items-center gap-2 font-mono text-xs">
                  <input type="checkbox" checked={types.includes(type)} onChange={(event) => setTypes(event.target.checked ? [...types, type] : types.filter((other) => other !== type))} /> {type}
                </label>
              ))}
            </div>
          )}
        </fieldset>
        <Failure error={save.error} />
        <div className="flex justify-end gap-2"><Button onClick={close}>Cancel</Button><Button type="submit" kind="main" data-test-id="save-webhook-button" disabled={save.isPending || (!all && types.length === 0)}>Save</Button></div>
      </form>
    </Dialog>
  )
}
