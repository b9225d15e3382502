import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { at, send, type Payment } from '../api/client'
import { useMayChange } from '../session'
import { Button, Code, Failure, Page, Section, Select, TextArea } from '../ui/basics'

const verify: Record<string, string> = {
  'Node.js': `import { createHmac, timingSafeEqual } from 'node:crypto'

// body: the raw bytes, before any parser
function genuine(body, header, secret) {
  const wanted = createHmac('sha256', secret).update(body).digest()
  const given = Buffer.from(header, 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}`,
  Go: `func genuine(body []byte, header, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	given, err := hex.DecodeString(header)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}`,
  Python: `import hashlib, hmac

def genuine(body: bytes, header: str, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, header)`,
  PHP: `function genuine(string $body, string $header, string $secret): bool {
    return hash_equals(hash_hmac('sha256', $body, $secret), $header);
}`,
  Ruby: `require 'openssl'

def genuine?(body, header, secret)
  OpenSSL.secure_compare(OpenSSL::HMAC.hexdigest('SHA256', secret, body), header)
end`,
}

export default function DocsPage() {
  const mayChange = useMayChange()
  return (
    <Page title="Docs" data-test-id="api-docs" actions={<a href={at('/openapi.yaml')} className="rounded-md border border-line px-2.5 py-1.5 text-sm font-medium hover:bg-sunk">openapi.yaml</a>}>
      <p className="max-w-2xl text-sm text-soft">Your server talks to the API with a secret from <Link to="/keys" className="text-accent underline">API keys</Link>. Amounts are in the currency’s minor unit: 50000 with INR is ₹500.00.</p>
      <Section title="Create an order" data-test-id="section-create-order">
        <Code data-test-id="code-snippet-create-order" label="Terminal" text={`curl -X POST http://localhost:8000/api/v1/orders \\
  -H "Authorization: Bearer <your secret>" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -d '{"amount": 50000, "currency": "INR", "receipt": "receipt_123"}'`} />
      </Section>
      {mayChange && <TryIt />}
      <Section title="Verify a webhook" data-test-id="section-webhook-verification">
        <Verification />
        <p className="text-sm text-soft">A signature that does not match? The <Link to="/webhooks/debugger" className="text-accent underline">debugger</Link> says why.</p>
      </Section>
    </Page>
  )
}

function Verification() {
  const [language, setLanguage] = useState('Node.js')
  return (
    <>
      <Select aria-label="Language" className="!w-auto justify-self-start" value={language} onChange={(event) => setLanguage(event.target.value)}>{Object.keys(verify).map((name) => <option key={name}>{name}</option>)}</Select>
      <Code data-test-id="code-snippet-webhook" label={`X-Webhook-Signature in ${language}`} text={verify[language]!} />
    </>
  )
}

function TryIt() {
  const [body, setBody] = useState('{"amount": 50000, "currency": "INR"}')
  const made = useMutation({ mutationFn: async () => send<Payment>('POST', '/api/v1/payments', JSON.parse(body)) })
  const malformed = (() => { try { JSON.parse(body); return false } catch { return true } })()
  return (
    <Section title="Try it: POST /api/v1/payments">
      <form className="grid grid-cols-[minmax(0,1fr)] gap-3" onSubmit={(event) => { event.preventDefault(); made.mutate() }}>
        <TextArea aria-label="Body of the request" data-test-id="try-body" rows={4} spellCheck={false} aria-invalid={malformed} value={body} onChange={(event) => setBody(event.target.value)} />
        <div className="flex items-center gap-3"><Button type="submit" kind="main" disabled={malformed || made.isPending}>Send</Button><span className="text-xs text-soft">{malformed ? 'This is not JSON yet.' : 'It really runs, as you.'}</span></div>
        <Failure error={made.error} />
        {made.data && <><Code label="201 Created" text={JSON.stringify(made.data, null, 2)} /><Link to={'/payments/$id' as never} params={{ id: made.data.id } as never} className="text-sm text-accent hover:underline">Open the payment</Link></>}
      </form>
    </Section>
  )
}
