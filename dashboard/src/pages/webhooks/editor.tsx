import { useMutation } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { useState } from 'react'
import { send, type Endpoint } from '../../api/client'
import { eventTypes } from '../../event_types'
import { client } from '../../session'
import { say } from '../../toast'
import { Button, IconButton } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { Check, Field, Input } from '../../ui/form'
import { Failure } from '../../ui/page'

interface HeaderField { name: string; value: string }

/** Makes an endpoint, or changes one. */
export function Editor({ endpoint, close, made }: { endpoint?: Endpoint; close: () => void; made?: (secret: string) => void }) {
  const [url, setURL] = useState(endpoint?.url ?? '')
  const [description, setDescription] = useState(endpoint?.description ?? '')
  const [all, setAll] = useState(endpoint?.event_types.includes('*') ?? true)
  const [types, setTypes] = useState<string[]>(endpoint?.event_types.filter((type) => type !== '*') ?? [])
  const [limit, setLimit] = useState(endpoint?.rate_limit ? String(endpoint.rate_limit) : '')
  // The server never tells the values, so headers are replaced together or left alone.
  const [headers, setHeaders] = useState<HeaderField[] | undefined>(endpoint ? undefined : [])
  const save = useMutation({
    mutationFn: () => {
      const body = {
        url: url.trim(), description: description.trim() || null, event_types: all ? ['*'] : types, rate_limit: limit ? Number(limit) : null,
        ...(headers && { headers: Object.fromEntries(headers.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), value.trim()])) }),
      }
      return endpoint ? send<Endpoint>('PATCH', `/api/v1/webhook_endpoints/${endpoint.id}`, body) : send<Endpoint & { secret: string }>('POST', '/api/v1/webhook_endpoints', body)
    },
    onSuccess: (saved) => {
      close()
      if ('secret' in saved) made?.(saved.secret as string)
      else say('Saved')
      return client.invalidateQueries()
    },
  })
  return (
    <Dialog title={endpoint ? 'Edit endpoint' : 'Add endpoint'} open close={close} size="lg">
      <form data-test-id="webhook-config-form" className="grid grid-cols-[minmax(0,1fr)] gap-5" onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
        <Field label="URL">{(id) => <Input id={id} data-test-id="webhook-url-input" type="url" required autoFocus placeholder="https://shop.example/webhook" value={url} onChange={(event) => setURL(event.target.value)} />}</Field>
        <Field label="Description (optional)">{(id) => <Input id={id} maxLength={255} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
        <fieldset className="grid gap-2.5">
          <legend className="mb-2 text-sm font-medium">Events</legend>
          <Check label="All, those to come included" checked={all} change={setAll} />
          {!all && (
            <div className="grid gap-2 rounded-lg border border-line p-3 sm:grid-cols-2">
              {[...new Set([...eventTypes, ...types])].map((type) => (
                <Check key={type} label={<span className="font-mono text-xs">{type}</span>} checked={types.includes(type)} change={(on) => setTypes(on ? [...types, type] : types.filter((other) => other !== type))} />
              ))}
            </div>
          )}
        </fieldset>
        <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-2">
          <legend className="mb-1 text-sm font-medium">Headers (optional)</legend>
          {headers === undefined ? (
            <p className="flex flex-wrap items-center gap-2 text-sm text-soft">
              {endpoint!.header_names.length > 0 ? <span className="font-mono text-xs">{endpoint!.header_names.join(', ')}</span> : 'None.'}
              <Button onClick={() => setHeaders([{ name: '', value: '' }])}>{endpoint!.header_names.length > 0 ? 'Replace' : 'Add'}</Button>
            </p>
          ) : (
            <>
              {headers.map((header, n) => (
                <div key={n} className="flex gap-2">
                  <Input aria-label={`Name of header ${n + 1}`} placeholder="Authorization" className="w-2/5 min-w-0" value={header.name} onChange={(event) => setHeaders(headers.with(n, { ...header, name: event.target.value }))} />
                  <Input aria-label={`Value of header ${n + 1}`} placeholder="Bearer …" className="min-w-0 flex-1" autoComplete="off" value={header.value} onChange={(event) => setHeaders(headers.with(n, { ...header, value: event.target.value }))} />
                  <IconButton label={`Remove header ${n + 1}`} onClick={() => setHeaders(headers.toSpliced(n, 1))}><X aria-hidden size={15} /></IconButton>
                </div>
              ))}
              <div><Button onClick={() => setHeaders([...headers, { name: '', value: '' }])}><Plus aria-hidden size={14} />Add header</Button></div>
              <p className="text-xs text-soft">They go with every delivery, and are stored encrypted.{endpoint && ' These replace all there were.'}</p>
            </>
          )}
        </fieldset>
        <Field label="Requests a second, at most (optional)" hint="Without it, as many as your server takes.">{(id) => <Input id={id} type="number" min={1} max={1000} className="w-32" value={limit} onChange={(event) => setLimit(event.target.value)} />}</Field>
        <Failure error={save.error} />
        <div className="flex justify-end gap-2"><Button onClick={close}>Cancel</Button><Button type="submit" kind="main" data-test-id="save-webhook-button" disabled={save.isPending || (!all && types.length === 0)}>{save.isPending ? 'Saving…' : 'Save'}</Button></div>
      </form>
    </Dialog>
  )
}
