import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from './api/client'
import { client } from './session'
import { Button, Failure, Field, Input } from './ui/basics'

export function SignIn() {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => send('POST', '/session', { email, password }),
    onSuccess: () => client.resetQueries(),
  })
  return (
    <main className="grid min-h-dvh place-items-center bg-sunk px-4 py-10">
      <form
        data-test-id="login-form"
        className="grid w-full max-w-sm gap-4 rounded-xl border border-line bg-card p-6 shadow-sm"
        onSubmit={(event) => { event.preventDefault(); signIn.mutate() }}
      >
        <div className="grid gap-1">
          <span aria-hidden className="mb-2 grid size-9 place-items-center rounded-lg bg-accent font-bold text-onaccent">P</span>
          <h1 className="text-lg font-semibold tracking-tight">Sign in to Paygate</h1>
        </div>
        <Field label="E-mail">{(id) => <Input id={id} data-test-id="email-input" type="email" autoComplete="username" autoFocus required value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
        <Field label="Password">{(id) => <Input id={id} data-test-id="password-input" type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />}</Field>
        <Failure error={signIn.error} />
        <Button type="submit" kind="main" data-test-id="login-button" disabled={signIn.isPending}>{signIn.isPending ? 'Signing in…' : 'Sign in'}</Button>
        <p className="text-xs text-soft">No account yet? An owner adds you under Settings; the operator adds the first one with <code className="font-mono">paygate users create</code>.</p>
      </form>
    </main>
  )
}
