import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client'
import { client, useMe } from '../../session'
import { say } from '../../toast'
import { Button } from '../../ui/button'
import { Field, Input } from '../../ui/form'
import { Failure, Section } from '../../ui/page'
import type { Settings } from './settings_data'

const inWords = (limit: string) => (limit === '0' ? 'no limit' : limit.replace('/s', ' a second').replace('/m', ' a minute'))

export function Limits({ settings }: { settings: Settings }) {
  const owner = useMe().role === 'owner'
  const [limit, setLimit] = useState(settings.rate_limit ?? '')
  const save = useMutation({
    mutationFn: (to: string | null) => send('PUT', '/data/settings/rate_limit', { rate_limit: to }),
    onSuccess: (_, to) => {
      setLimit(to ?? '')
      say('The rate limit is saved')
      return client.invalidateQueries({ queryKey: ['settings'] })
    },
  })
  return (
    <Section id="limits" title="Rate limit" note={<>For each of your keys, and for reading and writing apart. The gateway gives {inWords(settings.rate_limit_default)}{settings.rate_limit !== null && <>; yours is <strong className="font-medium text-ink">{inWords(settings.rate_limit)}</strong></>}.</>}>
      {owner ? (
        <form className="grid max-w-sm gap-3" onSubmit={(event) => { event.preventDefault(); save.mutate(limit.trim() || null) }}>
          <Field label="Your own" hint="As 100/s or 6000/m. Only the operator can set one above the gateway’s.">{(id) => <Input id={id} data-test-id="rate-limit-input" placeholder={settings.rate_limit_default} pattern="\s*(0|\d+/[sm])\s*" title="A number of requests and /s or /m, as 100/s" value={limit} onChange={(event) => setLimit(event.target.value)} />}</Field>
          <Failure error={save.error} />
          <div className="flex gap-2">
            <Button type="submit" data-test-id="save-rate-limit-button" disabled={save.isPending}>Save</Button>
            {settings.rate_limit !== null && <Button kind="quiet" disabled={save.isPending} onClick={() => save.mutate(null)}>Use the gateway’s</Button>}
          </div>
        </form>
      ) : <p className="text-sm text-soft">An owner can set your own.</p>}
    </Section>
  )
}
