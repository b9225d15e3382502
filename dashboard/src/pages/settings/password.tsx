import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../../api/client'
import { client } from '../../session'
import { Button } from '../../ui/button'
import { Field, Input } from '../../ui/form'
import { Failure, Section } from '../../ui/page'

export function Password() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({ mutationFn: () => send('PUT', '/session/password', { current, new: next }), onSuccess: () => client.resetQueries() })
  return (
    <Section id="password" title="Your password">
      <form className="grid max-w-sm gap-3" onSubmit={(event) => { event.preventDefault(); change.mutate() }}>
        <Field label="Present password">{(id) => <Input id={id} type="password" required autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />}</Field>
        <Field label="New password" hint="At least 12 characters. You are then signed out everywhere.">{(id) => <Input id={id} type="password" required minLength={12} maxLength={256} autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />}</Field>
        <Failure error={change.error} />
        <div><Button type="submit" data-test-id="change-password-button" disabled={change.isPending}>Change password</Button></div>
      </form>
    </Section>
  )
}
