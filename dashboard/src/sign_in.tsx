import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from './api/client'
import { client } from './session'
import { Mark } from './shell'
import { Button } from './ui/button'
import { Field, Input } from './ui/form'
import { Failure } from './ui/page'

export function SignIn() {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useMutation({
    mutationFn: () => send('POST', '/session', { email, password }),
    onSuccess: () => client.resetQueries(),
  })
  return (
    <main className="grid min-h-dvh content-center justify-items-center gap-6 bg-sunk px-4 py-10">
      <form
        data-test-id="login-form"
        className="grid w-full max-w-[23rem] gap-4 rounded-2xl border border-line bg-card p-7 shadow-raised"
        onSubmit={(event) => { event.preventDefault(); signIn.mutate() }}
      >
        <div className="grid gap-3 pb-1">
          <Mark />
          <h1 className="text-xl font-semibold tracking-tight">Sign in to Paygate</h1>
        </div>
        <Field label="E-mail">{(id) => <Input id={id} data-test-id="email-input" type="email" autoComplete="username" autoFocus required value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
        <Field label="Password">{(id) => <Input id={id} data-test-id="password-input" type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />}</Field>
        <Failure error={signIn.error} />
        <Button type="submit" kind="main" className="min-h-10" data-test-id="login-button" disabled={signIn.isPending}>{signIn.isPending ? 'Signing in…' : 'Sign in'}</Button>
      </form>
      <p className="max-w-[23rem] text-center text-xs text-soft">No account yet, or the password is lost? An owner adds people under Settings. The operator adds the first one with <code className="font-mono">paygate users create</code>.</p>
    </main>
  )
}
