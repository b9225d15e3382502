import { useMutation, useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { get, send } from '../../api/client'
import { client, useMe } from '../../session'
import { Button } from '../../ui/button'
import { Confirm, Shown } from '../../ui/dialog'
import { Field, Input, Select } from '../../ui/form'
import { Failure, Section } from '../../ui/page'
import { Copy } from '../../ui/values'

interface User { id: string; email: string; role: string; operator: boolean; created_at: string }

export function Team() {
  const who = useMe()
  const owner = who.role === 'owner'
  const users = useQuery({ queryKey: ['users'], queryFn: () => get<User[]>('/data/users'), meta: { live: false } })
  const [adding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<User>()
  const [email, setEmail] = useState('')
  const [role, setRole] = useState('viewer')
  const [password, setPassword] = useState<string>()
  const refresh = () => client.invalidateQueries({ queryKey: ['users'] })
  const add = useMutation({
    mutationFn: () => send<{ password: string }>('POST', '/data/users', { email, role }),
    onSuccess: (made) => { setAdding(false); setPassword(made.password); return refresh() },
  })
  const change = useMutation({ mutationFn: (to: { id: string; role: string }) => send('PUT', `/data/users/${to.id}/role`, { role: to.role }), onSettled: refresh })
  const remove = useMutation({ mutationFn: () => send('DELETE', `/data/users/${removing!.id}`), onSuccess: () => { setRemoving(undefined); return refresh() } })
  const roles = ['owner', 'developer', 'viewer']
  return (
    <Section id="team" title="Team" note="An owner may do everything; a developer everything but people; a viewer looks and changes nothing." actions={owner && <Button data-test-id="add-person-button" onClick={() => { add.reset(); setEmail(''); setAdding(true) }}><UserPlus aria-hidden size={15} />Add person</Button>}>
      <Failure error={users.error ?? change.error} />
      <ul className="grid divide-y divide-line text-sm">
        {users.data?.map((user) => (
          <li key={user.id} className="flex flex-wrap items-center justify-between gap-2 py-2.5 first:pt-0">
            <span className="min-w-0 truncate font-medium">{user.email}{user.email === who.email && <span className="font-normal text-soft"> (you)</span>}{user.operator && <span className="font-normal text-soft"> · operator</span>}</span>
            {owner ? (
              <span className="flex gap-2">
                <Select aria-label={`Role of ${user.email}`} className="w-auto" value={user.role} onChange={(event) => change.mutate({ id: user.id, role: event.target.value })}>{roles.map((r) => <option key={r}>{r}</option>)}</Select>
                <Button kind="danger" onClick={() => { remove.reset(); setRemoving(user) }}>Remove</Button>
              </span>
            ) : <span className="text-soft">{user.role}</span>}
          </li>
        ))}
      </ul>
      <Confirm title="Add a person" verb="Add person" open={adding} close={() => setAdding(false)} act={() => add.mutate()} busy={add.isPending} error={add.error}>
        <Field label="E-mail">{(id) => <Input id={id} type="email" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
        <Field label="Role">{(id) => <Select id={id} value={role} onChange={(event) => setRole(event.target.value)}>{roles.map((r) => <option key={r}>{r}</option>)}</Select>}</Field>
      </Confirm>
      <Confirm title="Remove this person" verb="Remove person" danger open={removing !== undefined} close={() => setRemoving(undefined)} act={() => remove.mutate()} busy={remove.isPending} error={remove.error}>
        <p>{removing?.email} is signed out everywhere and cannot come back.</p>
      </Confirm>
      <Shown title="Their first password" open={password !== undefined} close={() => setPassword(undefined)} done="Done" note="Hand it over in a way that you trust. It is shown once; they can change it under Settings.">
        <Copy text={password ?? ''} what="password"><code className="font-mono text-sm" data-test-id="new-password">{password}</code></Copy>
      </Shown>
    </Section>
  )
}
