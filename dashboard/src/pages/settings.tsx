import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, send } from '../api/client'
import { words } from '../format'
import { client, useMe } from '../session'
import { Button, Confirm, Copy, Dialog, Failure, Field, Input, Page, Section, Select, Time } from '../ui/basics'

interface User { id: string; email: string; role: string; operator: boolean; created_at: string }
interface Line { id: number; actor: string; action: string; target: string; address: string; created_at: string }

export default function SettingsPage() {
  const who = useMe()
  return (
    <Page title="Settings">
      <Team />
      <Password />
      {who.role === 'owner' && <Audit />}
    </Page>
  )
}

function Team() {
  const who = useMe()
  const owner = who.role === 'owner'
  const users = useQuery({ queryKey: ['users'], queryFn: () => get<User[]>('/data/users') })
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
    <Section title="Team" actions={owner && <Button onClick={() => { add.reset(); setEmail(''); setAdding(true) }}>Add person</Button>}>
      <Failure error={users.error ?? change.error} />
      <ul className="grid divide-y divide-line text-sm">
        {users.data?.map((user) => (
          <li key={user.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
            <span className="min-w-0 truncate">{user.email}{user.operator && <span className="text-soft"> · operator</span>}</span>
            {owner ? (
              <span className="flex gap-2">
                <Select aria-label={`Role of ${user.email}`} className="!w-auto" value={user.role} onChange={(event) => change.mutate({ id: user.id, role: event.target.value })}>{roles.map((r) => <option key={r}>{r}</option>)}</Select>
                <Button kind="danger" onClick={() => { remove.reset(); setRemoving(user) }}>Remove</Button>
              </span>
            ) : <span className="text-soft">{user.role}</span>}
          </li>
        ))}
      </ul>
      <p className="text-xs text-soft">An owner may do everything; a developer everything but people; a viewer looks and changes nothing.</p>
      <Confirm title="Add a person" verb="Add person" open={adding} close={() => setAdding(false)} act={() => add.mutate()} busy={add.isPending} error={add.error}>
        <Field label="E-mail">{(id) => <Input id={id} type="email" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
        <Field label="Role">{(id) => <Select id={id} value={role} onChange={(event) => setRole(event.target.value)}>{roles.map((r) => <option key={r}>{r}</option>)}</Select>}</Field>
      </Confirm>
      <Confirm title="Remove this person" verb="Remove person" danger open={removing !== undefined} close={() => setRemoving(undefined)} act={() => remove.mutate()} busy={remove.isPending} error={remove.error}>
        <p>{removing?.email} is signed out everywhere and cannot come back.</p>
      </Confirm>
      <Dialog title="Their first password" open={password !== undefined} close={() => setPassword(undefined)}>
        <p className="text-sm">Hand it over in a way that you trust. It is shown once; they can change it under Settings.</p>
        <div className="rounded-md bg-sunk p-3"><Copy text={password ?? ''}><code className="font-mono text-sm" data-test-id="new-password">{password}</code></Copy></div>
        <div className="flex justify-end"><Button kind="main" onClick={() => setPassword(undefined)}>Done</Button></div>
      </Dialog>
    </Section>
  )
}

function Password() {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({ mutationFn: () => send('PUT', '/session/password', { current, new: next }), onSuccess: () => client.resetQueries() })
  return (
    <Section title="Your password">
      <form className="grid max-w-sm gap-3" onSubmit={(event) => { event.preventDefault(); change.mutate() }}>
        <Field label="Present password">{(id) => <Input id={id} type="password" required autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />}</Field>
        <Field label="New password" hint="At least 12 characters. You are then signed out everywhere.">{(id) => <Input id={id} type="password" required minLength={12} maxLength={256} autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />}</Field>
        <Failure error={change.error} />
        <div><Button type="submit" disabled={change.isPending}>Change password</Button></div>
      </form>
    </Section>
  )
}

function Audit() {
  const audit = useQuery({ queryKey: ['audit'], queryFn: () => get<Line[]>('/data/audit') })
  return (
    <Section title="Audit log">
      <Failure error={audit.error} />
      <ul className="grid divide-y divide-line text-sm">
        {audit.data?.map((line) => (
          <li key={line.id} className="flex flex-wrap justify-between gap-x-4 gap-y-0.5 py-1.5">
            <span className="min-w-0 break-words"><span className="font-medium">{words(line.action)}</span> <span className="font-mono text-xs break-all text-soft">{line.target}</span></span>
            <span className="text-xs text-soft">{line.actor} · {line.address} · <Time iso={line.created_at} /></span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
