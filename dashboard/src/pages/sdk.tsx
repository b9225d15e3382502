import { useMutation, useQuery } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { useState } from 'react'
import { get, send, type Order } from '../api/client'
import { stateOf, type Key } from '../keys'
import { checkoutPage, createOrder, verifyCheckout, verifyWebhook } from '../snippets'
import { client, useAddresses, useMayChange, useMe, useSecret } from '../session'
import { Button, TextLink } from '../ui/button'
import { Code, CodeIn } from '../ui/code'
import { Failure, Notice, Page, Section } from '../ui/page'
import { Badge } from '../ui/status'
import { Money } from '../ui/values'

export default function SDKPage() {
  const { api, checkout } = useAddresses()
  const secret = useSecret()
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => get<Key[]>('/data/keys'), meta: { live: false } })
  const key = keys.data?.toReversed().find((of) => stateOf(of) === 'live')?.id ?? 'key_…'
  return (
    <Page title="Checkout SDK" narrow data-test-id="sdk-guide">
      <p className="-mt-3 max-w-2xl text-sm text-soft">One script tag, and the customer can pay by card, UPI or netbanking. The amount comes from the order, which your server makes; a page cannot change it.</p>
      <Failure error={keys.error} />
      <Demo publishable={key} checkout={checkout} />
      <Section title="1. Make an order on your server" data-test-id="section-create-order">
        <CodeIn label="Language" data-test-id="code-snippet-create-order" of={createOrder(api, secret)} />
        {secret.startsWith('<') && <p className="text-sm text-soft">The secret is of one of your <TextLink to="/keys" className="underline">API keys</TextLink>. It never belongs into a page.</p>}
      </Section>
      <Section title="2. Open the checkout in your page" note="With your own key; orderId is the id of the order you have just made." data-test-id="section-sdk-integration">
        <Code label="HTML" data-test-id="code-snippet-sdk" text={checkoutPage(checkout, key, 'order_xyz')} />
        <p className="text-sm text-soft">Outside of development, tell the gateway which origins may show it: <TextLink to="/settings" hash="origins" className="underline">Settings</TextLink>.</p>
      </Section>
      <Section title="3. Trust your server, not the page" note="A browser can say anything. onSuccess gets a signature over order and payment; check it before you ship, or wait for the webhook.">
        <CodeIn label="Language" data-test-id="code-snippet-checkout-signature" of={verifyCheckout} />
      </Section>
      <Section title="4. Verify webhooks" note="They come even when the customer closes the page. The secret is on the page of the endpoint." data-test-id="section-webhook-verification">
        <CodeIn label="Language" data-test-id="code-snippet-webhook" of={verifyWebhook} />
        <p className="text-sm text-soft">A signature that does not match? The <TextLink to="/webhooks/debugger" className="underline">debugger</TextLink> says why. More about both is in the <TextLink to="/docs" className="underline">docs</TextLink>.</p>
      </Section>
    </Page>
  )
}

/** A real order of the merchant's, paid in the real checkout in another tab, and followed here. */
function Demo({ publishable, checkout }: { publishable: string; checkout: string }) {
  const mayChange = useMayChange()
  const { shop_url: shop } = useMe()
  const [id, setId] = useState<string>()
  const make = useMutation({
    mutationFn: () => send<Order>('POST', '/api/v1/orders', { amount: 50000, currency: 'INR', receipt: 'demo checkout' }),
    onSuccess: (order) => {
      setId(order.id)
      void client.invalidateQueries({ queryKey: ['list'] })
    },
  })
  const order = useQuery({ queryKey: ['order', id], queryFn: () => get<Order>(`/api/v1/orders/${id}`), enabled: id !== undefined, refetchInterval: ({ state }) => (state.data?.status === 'paid' ? false : 1_500) })
  const o = order.data
  return (
    <Section title="Try it" note="Makes an order of ₹500.00 and opens the checkout for it, as your customers see it. Card 4242 4242 4242 4242 succeeds, 4000 0000 0000 0002 is declined.">
      <Failure error={make.error ?? order.error} />
      {!id ? (
        <div className="flex flex-wrap items-center gap-4"><Button kind="main" data-test-id="demo-checkout-button" disabled={!mayChange || make.isPending} title={mayChange ? undefined : 'A viewer cannot make orders.'} onClick={() => make.mutate()}>{make.isPending ? 'Making an order…' : 'Make a demo order'}</Button>
          {shop && <a data-test-id="demo-shop-link" className="inline-flex items-center gap-1.5 text-sm text-accent underline-offset-2 hover:underline" target="_blank" rel="noreferrer" href={shop}>Or buy in the demo shop<ExternalLink aria-hidden size={14} /></a>}
        </div>
      ) : (
        <div className="grid gap-3">
          <div className="flex flex-wrap items-center gap-3 rounded-xl border border-line px-4 py-3 text-sm shadow-card">
            {o && <><Money amount={o.amount} currency={o.currency} className="font-medium" /><Badge status={o.status} /></>}
            <TextLink to="/orders/$id" params={{ id }} className="font-mono text-xs">{id}</TextLink>
            <span className="ml-auto flex gap-2">
              {o?.status === 'paid' ? <Button onClick={() => { setId(undefined); make.reset() }}>Once more</Button>
                : <a data-test-id="demo-checkout-link" className="inline-flex min-h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-onaccent hover:opacity-90" target="_blank" rel="noreferrer" href={`${checkout}/checkout?order_id=${encodeURIComponent(id)}&key=${encodeURIComponent(publishable)}`}>Open the checkout<ExternalLink aria-hidden size={14} /></a>}
            </span>
          </div>
          {o?.status === 'paid' && <Notice role="status" tone="good" title="Paid.">The server has confirmed it; this page heard of it by itself.</Notice>}
          {o?.status === 'attempted' && <Notice role="status" tone="calm">A payment is under way, or one has failed and may be tried again.</Notice>}
        </div>
      )}
    </Section>
  )
}
