import type { Payment } from '../api/client'

const brands: Record<string, string> = { visa: 'Visa', mastercard: 'Mastercard', amex: 'American Express', rupay: 'RuPay', discover: 'Discover', diners: 'Diners Club' }

/** What a payment was made with: a card's brand and last digits, a UPI address, a bank. */
export function Method({ of }: { of: Payment }) {
  if (of.method === 'card') return <>{brands[of.card_brand ?? ''] ?? of.card_brand ?? 'Card'} <span className="whitespace-nowrap">•••• {of.card_last4}</span></>
  if (of.method === 'upi') return <>UPI {of.vpa}</>
  if (of.method === 'netbanking') return <>Netbanking {of.bank}</>
  return <span className="text-soft">–</span>
}
