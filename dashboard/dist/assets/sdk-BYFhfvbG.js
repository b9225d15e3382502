import{P as e,f as t,h as n,m as r,p as i,u as a}from"./index-BG4Cicqw.js";import{E as o,I as s,Ot as c,S as l,a as u,c as d,j as f,jt as p,k as m,kt as h,nt as g,o as _,r as v,s as y}from"./page-B-kDqRDa.js";import{t as b}from"./keys-RGb4ujbp.js";import{n as x,t as S}from"./code-B0sdRoz1.js";import{o as C}from"./values-CSFzXaJY.js";var w={name:`external-link`,size:24,node:[[`path`,{d:`M15 3h6v6`,key:`1q9fwt`}],[`path`,{d:`M10 14 21 3`,key:`gplh6r`}],[`path`,{d:`M18 13v6a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h6`,key:`a6xqqp`}]]};w.node;var T=s(w),E=p(h(),1),D={"Node.js":`import { createHmac, timingSafeEqual } from 'node:crypto'

// body: the raw bytes, before any parser. With Express: express.raw({ type: 'application/json' })
function genuine(body, header, secret) {
  const wanted = createHmac('sha256', secret).update(body).digest()
  const given = Buffer.from(header ?? '', 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}`,Go:`// body: the raw bytes, before any decoder
func genuine(body []byte, header, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	given, err := hex.DecodeString(header)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}`,Python:`import hashlib, hmac

# body: the raw bytes. With Flask: request.get_data(); with Django: request.body
def genuine(body: bytes, header: str, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, header)`,PHP:`// $body: file_get_contents('php://input')
function genuine(string $body, string $header, string $secret): bool {
    return hash_equals(hash_hmac('sha256', $body, $secret), $header);
}`,Ruby:`require 'openssl'

# body: request.raw_post
def genuine?(body, header, secret)
  OpenSSL.secure_compare(OpenSSL::HMAC.hexdigest('SHA256', secret, body), header)
end`,Java:`// body: the raw bytes, before any mapper
static boolean genuine(byte[] body, String header, String secret) throws Exception {
  Mac mac = Mac.getInstance("HmacSHA256");
  mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
  return MessageDigest.isEqual(HexFormat.of().parseHex(header), mac.doFinal(body));
}`},O={"Node.js":`// secret: your checkout secret, see Settings
function paid(orderId, paymentId, signature, secret) {
  const wanted = createHmac('sha256', secret).update(orderId + '|' + paymentId).digest()
  const given = Buffer.from(signature ?? '', 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}`,Go:`// secret: your checkout secret, see Settings
func paid(orderID, paymentID, signature, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(orderID + "|" + paymentID))
	given, err := hex.DecodeString(signature)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}`,Python:`# secret: your checkout secret, see Settings
def paid(order_id: str, payment_id: str, signature: str, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), f"{order_id}|{payment_id}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, signature)`,PHP:`// $secret: your checkout secret, see Settings
function paid(string $orderId, string $paymentId, string $signature, string $secret): bool {
    return hash_equals(hash_hmac('sha256', "$orderId|$paymentId", $secret), $signature);
}`},k=(e,t,n)=>`<script src="${e}/checkout.js"><\/script>
<script>
  const checkout = new PaymentGateway({
    key: "${t}",
    orderId: "${n}",
    onSuccess: (res) => console.log(res),
    onFailure: (err) => console.error(err)
  });

  checkout.open();
<\/script>`,A=(e,t)=>({curl:`curl -X POST ${e}/api/v1/orders \\
  -H "Authorization: Bearer ${t}" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -d '{"amount": 50000, "currency": "INR", "receipt": "receipt_1"}'`,"Node.js":`const order = await fetch('${e}/api/v1/orders', {
  method: 'POST',
  headers: { Authorization: 'Bearer ${t}', 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
  body: JSON.stringify({ amount: 50000, currency: 'INR', receipt: 'receipt_1' }),
}).then((response) => response.json())`,Go:`body := strings.NewReader(\`{"amount": 50000, "currency": "INR", "receipt": "receipt_1"}\`)
req, _ := http.NewRequest("POST", "${e}/api/v1/orders", body)
req.Header.Set("Authorization", "Bearer ${t}")
req.Header.Set("Content-Type", "application/json")
req.Header.Set("Idempotency-Key", uuid.NewString())
resp, err := http.DefaultClient.Do(req)`,Python:`order = requests.post(
    "${e}/api/v1/orders",
    headers={"Authorization": "Bearer ${t}", "Idempotency-Key": str(uuid.uuid4())},
    json={"amount": 50000, "currency": "INR", "receipt": "receipt_1"},
).json()`,PHP:`$request = curl_init('${e}/api/v1/orders');
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ${t}', 'Content-Type: application/json', 'Idempotency-Key: ' . bin2hex(random_bytes(16))],
    CURLOPT_POSTFIELDS => json_encode(['amount' => 50000, 'currency' => 'INR', 'receipt' => 'receipt_1']),
]);
$order = json_decode(curl_exec($request));`}),j=c();function M(){let{api:e,checkout:r}=t(),i=n(),a=g({queryKey:[`keys`],queryFn:()=>m(`/data/keys`),meta:{live:!1}}),s=a.data?.toReversed().find(e=>b(e)===`live`)?.id??`key_…`;return(0,j.jsxs)(_,{title:`Checkout SDK`,narrow:!0,"data-test-id":`sdk-guide`,children:[(0,j.jsx)(`p`,{className:`-mt-3 max-w-2xl text-sm text-soft`,children:`One script tag, and the customer can pay by card, UPI or netbanking. The amount comes from the order, which your server makes; a page cannot change it.`}),(0,j.jsx)(v,{error:a.error}),(0,j.jsx)(N,{publishable:s,checkout:r}),(0,j.jsxs)(y,{title:`1. Make an order on your server`,"data-test-id":`section-create-order`,children:[(0,j.jsx)(x,{label:`Language`,"data-test-id":`code-snippet-create-order`,of:A(e,i)}),i.startsWith(`<`)&&(0,j.jsxs)(`p`,{className:`text-sm text-soft`,children:[`The secret is of one of your `,(0,j.jsx)(o,{to:`/keys`,className:`underline`,children:`API keys`}),`. It never belongs into a page.`]})]}),(0,j.jsxs)(y,{title:`2. Open the checkout in your page`,note:`With your own key; orderId is the id of the order you have just made.`,"data-test-id":`section-sdk-integration`,children:[(0,j.jsx)(S,{label:`HTML`,"data-test-id":`code-snippet-sdk`,text:k(r,s,`order_xyz`)}),(0,j.jsxs)(`p`,{className:`text-sm text-soft`,children:[`Outside of development, tell the gateway which origins may show it: `,(0,j.jsx)(o,{to:`/settings`,hash:`origins`,className:`underline`,children:`Settings`}),`.`]})]}),(0,j.jsx)(y,{title:`3. Trust your server, not the page`,note:`A browser can say anything. onSuccess gets a signature over order and payment; check it before you ship, or wait for the webhook.`,children:(0,j.jsx)(x,{label:`Language`,"data-test-id":`code-snippet-checkout-signature`,of:O})}),(0,j.jsxs)(y,{title:`4. Verify webhooks`,note:`They come even when the customer closes the page. The secret is on the page of the endpoint.`,"data-test-id":`section-webhook-verification`,children:[(0,j.jsx)(x,{label:`Language`,"data-test-id":`code-snippet-webhook`,of:D}),(0,j.jsxs)(`p`,{className:`text-sm text-soft`,children:[`A signature that does not match? The `,(0,j.jsx)(o,{to:`/webhooks/debugger`,className:`underline`,children:`debugger`}),` says why. More about both is in the `,(0,j.jsx)(o,{to:`/docs`,className:`underline`,children:`docs`}),`.`]})]})]})}function N({publishable:t,checkout:n}){let s=i(),{shop_url:c}=r(),[p,h]=(0,E.useState)(),_=e({mutationFn:()=>f(`POST`,`/api/v1/orders`,{amount:5e4,currency:`INR`,receipt:`demo checkout`}),onSuccess:e=>{h(e.id),a.invalidateQueries({queryKey:[`list`]})}}),b=g({queryKey:[`order`,p],queryFn:()=>m(`/api/v1/orders/${p}`),enabled:p!==void 0,refetchInterval:({state:e})=>e.data?.status!==`paid`&&1500}),x=b.data;return(0,j.jsxs)(y,{title:`Try it`,note:`Makes an order of ₹500.00 and opens the checkout for it, as your customers see it. Card 4242 4242 4242 4242 succeeds, 4000 0000 0000 0002 is declined.`,children:[(0,j.jsx)(v,{error:_.error??b.error}),p?(0,j.jsxs)(`div`,{className:`grid gap-3`,children:[(0,j.jsxs)(`div`,{className:`flex flex-wrap items-center gap-3 rounded-xl border border-line px-4 py-3 text-sm shadow-card`,children:[x&&(0,j.jsxs)(j.Fragment,{children:[(0,j.jsx)(C,{amount:x.amount,currency:x.currency,className:`font-medium`}),(0,j.jsx)(d,{status:x.status})]}),(0,j.jsx)(o,{to:`/orders/$id`,params:{id:p},className:`font-mono text-xs`,children:p}),(0,j.jsx)(`span`,{className:`ml-auto flex gap-2`,children:x?.status===`paid`?(0,j.jsx)(l,{onClick:()=>{h(void 0),_.reset()},children:`Once more`}):(0,j.jsxs)(`a`,{"data-test-id":`demo-checkout-link`,className:`inline-flex min-h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-onaccent hover:opacity-90`,target:`_blank`,rel:`noreferrer`,href:`${n}/checkout?order_id=${encodeURIComponent(p)}&key=${encodeURIComponent(t)}`,children:[`Open the checkout`,(0,j.jsx)(T,{"aria-hidden":!0,size:14})]})})]}),x?.status===`paid`&&(0,j.jsx)(u,{role:`status`,tone:`good`,title:`Paid.`,children:`The server has confirmed it; this page heard of it by itself.`}),x?.status===`attempted`&&(0,j.jsx)(u,{role:`status`,tone:`calm`,children:`A payment is under way, or one has failed and may be tried again.`})]}):(0,j.jsxs)(`div`,{className:`flex flex-wrap items-center gap-4`,children:[(0,j.jsx)(l,{kind:`main`,"data-test-id":`demo-checkout-button`,disabled:!s||_.isPending,title:s?void 0:`A viewer cannot make orders.`,onClick:()=>_.mutate(),children:_.isPending?`Making an order…`:`Make a demo order`}),c&&(0,j.jsxs)(`a`,{"data-test-id":`demo-shop-link`,className:`inline-flex items-center gap-1.5 text-sm text-accent underline-offset-2 hover:underline`,target:`_blank`,rel:`noreferrer`,href:c,children:[`Or buy in the demo shop`,(0,j.jsx)(T,{"aria-hidden":!0,size:14})]})]})]})}export{M as default};