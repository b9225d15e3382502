import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { send, type Payment } from '../api/client'
import { decimal, minorUnits, money } from '../format'
import { client, useMayChange } from '../session'
import { say } from '../toast'
import { Button } from '../ui/button'
import { Confirm } from '../ui/dialog'
import { Field, Input } from '../ui/form'

type Act = 'refund' | 'capture' | 'cancel'

const titles: Record<Act, string> = { refund: 'Refund this payment', capture: 'Capture this payment', cancel: 'Cancel this payment' }
const done: Record<Act, string> = { refund: 'The refund is under way', capture: 'The capture is under way', cancel: 'The payment is being canceled' }

/** What can be done with a payment in the state it is in. Nothing is shown as done before the server says so. */
export function Actions({ payment: p }: { payment: Payment }) {
  const mayChange = useMayChange()
  const [asked, setAsked] = useState<Act>()
  const [amount, setAmount] = useState('')
  const [reason, setReason] = useState('')
  const refundable = p.amount_captured - p.amount_refunded
  const most = asked === 'capture' ? p.amount : refundable
  const minor = minorUnits(amount, p.currency)
  const wrong = minor === undefined || minor > most
  const act = useMutation({
    mutationFn: (what: Act) => {
      const path = `/api/v1/payments/${p.id}`
      if (what === 'cancel') return send('POST', `${path}/cancel`, {})
      if (what === 'capture') return send('POST', `${path}/capture`, { amount: minor })
      return send('POST', `${path}/refunds`, { amount: minor, ...(reason.trim() && { reason: reason.trim() }) })
    },
    onSuccess: (_, what) => {
      setAsked(undefined)
      say(done[what])
      return client.invalidateQueries()
    },
  })
  if (!mayChange) return null
  const ask = (what: Act, first: number) => {
    act.reset()
    setReason('')
    setAmount(decimal(first, p.currency))
    setAsked(what)
  }
  const verb = (what: Act) => (what === 'cancel' ? 'Cancel payment' : `${what === 'capture' ? 'Capture' : 'Refund'}${minor ? ` ${money(minor, p.currency)}` : ''}`)
  return (
    <>
      {(p.status === 'authorized' || p.status === 'requires_action') && <Button kind="danger" data-test-id="cancel-button" onClick={() => ask('cancel', 0)}>Cancel payment</Button>}
      {p.status === 'authorized' && <Button kind="main" data-test-id="capture-button" onClick={() => ask('capture', p.amount)}>Capture</Button>}
      {p.status === 'success' && refundable > 0 && <Button data-test-id="refund-button" onClick={() => ask('refund', refundable)}>Refund</Button>}
      {asked && (
        <Confirm
          title={titles[asked]} verb={verb(asked)} danger={asked === 'cancel'} open close={() => setAsked(undefined)} act={() => act.mutate(asked)}
          busy={act.isPending} error={act.error} disabled={asked !== 'cancel' && wrong}
        >
          {asked === 'cancel' ? (
            <p>{p.status === 'authorized' ? `The hold on ${money(p.amount, p.currency)} is released to the customer.` : 'The customer can no longer complete it.'} This cannot be undone.</p>
          ) : (
            <>
              <p className="text-soft">{asked === 'capture' ? 'You can capture once. What you leave is released to the customer.' : 'The money goes back to the customer. This cannot be undone.'}</p>
              <Field label={`Amount in ${p.currency}`} hint={amount && wrong ? <span className="text-bad">Give an amount up to {money(most, p.currency)}.</span> : `Up to ${money(most, p.currency)}.`}>
                {(id) => <Input id={id} data-test-id="refund-amount" inputMode="decimal" autoFocus autoComplete="off" aria-invalid={wrong} value={amount} onChange={(event) => setAmount(event.target.value)} />}
              </Field>
              {asked === 'refund' && <Field label="Reason (optional)" hint="For your own records; it is in the refund’s events.">{(id) => <Input id={id} value={reason} maxLength={255} onChange={(event) => setReason(event.target.value)} />}</Field>}
            </>
          )}
        </Confirm>
      )}
    </>
  )
}
