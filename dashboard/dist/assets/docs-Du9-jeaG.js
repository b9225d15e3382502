import{n as e,s as t}from"./index-D10vBbrC.js";import{t as n}from"./link-D1e8LOyg.js";import{A as r,D as i,_ as a,ft as o,g as s,h as c,l,lt as u,n as d,r as f,ut as p,v as m}from"./basics-DEpzRcLA.js";var h=o(p(),1),g=u(),_={"Node.js":`import { createHmac, timingSafeEqual } from 'node:crypto'

// body: the raw bytes, before any parser
function genuine(body, header, secret) {
  const wanted = createHmac('sha256', secret).update(body).digest()
  const given = Buffer.from(header, 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}`,Go:`func genuine(body []byte, header, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	given, err := hex.DecodeString(header)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}`,Python:`import hashlib, hmac

def genuine(body: bytes, header: str, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, header)`,PHP:`function genuine(string $body, string $header, string $secret): bool {
    return hash_equals(hash_hmac('sha256', $body, $secret), $header);
}`,Ruby:`require 'openssl'

def genuine?(body, header, secret)
  OpenSSL.secure_compare(OpenSSL::HMAC.hexdigest('SHA256', secret, body), header)
end`};function v(){let t=e();return(0,g.jsxs)(c,{title:`Docs`,"data-test-id":`api-docs`,actions:(0,g.jsx)(`a`,{href:i(`/openapi.yaml`),className:`rounded-md border border-line px-2.5 py-1.5 text-sm font-medium hover:bg-sunk`,children:`openapi.yaml`}),children:[(0,g.jsxs)(`p`,{className:`max-w-2xl text-sm text-soft`,children:[`Your server talks to the API with a secret from `,(0,g.jsx)(n,{to:`/keys`,className:`text-accent underline`,children:`API keys`}),`. Amounts are in the currency’s minor unit: 50000 with INR is ₹500.00.`]}),(0,g.jsx)(s,{title:`Create an order`,"data-test-id":`section-create-order`,children:(0,g.jsx)(f,{"data-test-id":`code-snippet-create-order`,label:`Terminal`,text:`curl -X POST http://localhost:8000/api/v1/orders \\
  -H "Authorization: Bearer <your secret>" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -d '{"amount": 50000, "currency": "INR", "receipt": "receipt_123"}'`})}),t&&(0,g.jsx)(b,{}),(0,g.jsxs)(s,{title:`Verify a webhook`,"data-test-id":`section-webhook-verification`,children:[(0,g.jsx)(y,{}),(0,g.jsxs)(`p`,{className:`text-sm text-soft`,children:[`A signature that does not match? The `,(0,g.jsx)(n,{to:`/webhooks/debugger`,className:`text-accent underline`,children:`debugger`}),` says why.`]})]})]})}function y(){let[e,t]=(0,h.useState)(`Node.js`);return(0,g.jsxs)(g.Fragment,{children:[(0,g.jsx)(a,{"aria-label":`Language`,className:`!w-auto justify-self-start`,value:e,onChange:e=>t(e.target.value),children:Object.keys(_).map(e=>(0,g.jsx)(`option`,{children:e},e))}),(0,g.jsx)(f,{"data-test-id":`code-snippet-webhook`,label:`X-Webhook-Signature in ${e}`,text:_[e]})]})}function b(){let[e,i]=(0,h.useState)(`{"amount": 50000, "currency": "INR"}`),a=t({mutationFn:async()=>r(`POST`,`/api/v1/payments`,JSON.parse(e))}),o=(()=>{try{return JSON.parse(e),!1}catch{return!0}})();return(0,g.jsx)(s,{title:`Try it: POST /api/v1/payments`,children:(0,g.jsxs)(`form`,{className:`grid grid-cols-[minmax(0,1fr)] gap-3`,onSubmit:e=>{e.preventDefault(),a.mutate()},children:[(0,g.jsx)(m,{"aria-label":`Body of the request`,"data-test-id":`try-body`,rows:4,spellCheck:!1,"aria-invalid":o,value:e,onChange:e=>i(e.target.value)}),(0,g.jsxs)(`div`,{className:`flex items-center gap-3`,children:[(0,g.jsx)(d,{type:`submit`,kind:`main`,disabled:o||a.isPending,children:`Send`}),(0,g.jsx)(`span`,{className:`text-xs text-soft`,children:o?`This is not JSON yet.`:`It really runs, as you.`})]}),(0,g.jsx)(l,{error:a.error}),a.data&&(0,g.jsxs)(g.Fragment,{children:[(0,g.jsx)(f,{label:`201 Created`,text:JSON.stringify(a.data,null,2)}),(0,g.jsx)(n,{to:`/payments/$id`,params:{id:a.data.id},className:`text-sm text-accent hover:underline`,children:`Open the payment`})]})]})})}export{v as default};