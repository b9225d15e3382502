/** Checking X-Webhook-Signature, in the languages of most servers. */
export const verifyWebhook: Record<string, string> = {
  'Node.js': `import { createHmac, timingSafeEqual } from 'node:crypto'

// body: the raw bytes, before any parser. With Express: express.raw({ type: 'application/json' })
function genuine(body, header, secret) {
  const wanted = createHmac('sha256', secret).update(body).digest()
  const given = Buffer.from(header ?? '', 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}`,
  Go: `// body: the raw bytes, before any decoder
func genuine(body []byte, header, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	given, err := hex.DecodeString(header)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}`,
  Python: `import hashlib, hmac

# body: the raw bytes. With Flask: request.get_data(); with Django: request.body
def genuine(body: bytes, header: str, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, header)`,
  PHP: `// $body: file_get_contents('php://input')
function genuine(string $body, string $header, string $secret): bool {
    return hash_equals(hash_hmac('sha256', $body, $secret), $header);
}`,
  Ruby: `require 'openssl'

# body: request.raw_post
def genuine?(body, header, secret)
  OpenSSL.secure_compare(OpenSSL::HMAC.hexdigest('SHA256', secret, body), header)
end`,
  Java: `// body: the raw bytes, before any mapper
static boolean genuine(byte[] body, String header, String secret) throws Exception {
  Mac mac = Mac.getInstance("HmacSHA256");
  mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
  return MessageDigest.isEqual(HexFormat.of().parseHex(header), mac.doFinal(body));
}`,
}

/** Checking what onSuccess gets, on the server, before anything is shipped. */
export const verifyCheckout: Record<string, string> = {
  'Node.js': `// secret: your checkout secret, see Settings
function paid(orderId, paymentId, signature, secret) {
  const wanted = createHmac('sha256', secret).update(orderId + '|' + paymentId).digest()
  const given = Buffer.from(signature ?? '', 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}`,
  Go: `// secret: your checkout secret, see Settings
func paid(orderID, paymentID, signature, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(orderID + "|" + paymentID))
	given, err := hex.DecodeString(signature)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}`,
  Python: `# secret: your checkout secret, see Settings
def paid(order_id: str, payment_id: str, signature: str, secret: str) -> bool:
    wanted = hmac.new(secret.encode(), f"{order_id}|{payment_id}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, signature)`,
  PHP: `// $secret: your checkout secret, see Settings
function paid(string $orderId, string $paymentId, string $signature, string $secret): bool {
    return hash_equals(hash_hmac('sha256', "$orderId|$paymentId", $secret), $signature);
}`,
}

/** The seed's snippet with a merchant's own key. */
export const checkoutPage = (checkout: string, key: string, order: string) => `<script src="${checkout}/checkout.js"></script>
<script>
  const checkout = new PaymentGateway({
    key: "${key}",
    orderId: "${order}",
    onSuccess: (res) => console.log(res),
    onFailure: (err) => console.error(err)
  });

  checkout.open();
</script>`

export const createOrder = (api: string, secret: string): Record<string, string> => ({
  curl: `curl -X POST ${api}/api/v1/orders \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -H "Idempotency-Key: $(uuidgen)" \\
  -d '{"amount": 50000, "currency": "INR", "receipt": "receipt_1"}'`,
  'Node.js': `const order = await fetch('${api}/api/v1/orders', {
  method: 'POST',
  headers: { Authorization: 'Bearer ${secret}', 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
  body: JSON.stringify({ amount: 50000, currency: 'INR', receipt: 'receipt_1' }),
}).then((response) => response.json())`,
  Go: `body := strings.NewReader(\`{"amount": 50000, "currency": "INR", "receipt": "receipt_1"}\`)
req, _ := http.NewRequest("POST", "${api}/api/v1/orders", body)
req.Header.Set("Authorization", "Bearer ${secret}")
req.Header.Set("Content-Type", "application/json")
req.Header.Set("Idempotency-Key", uuid.NewString())
resp, err := http.DefaultClient.Do(req)`,
  Python: `order = requests.post(
    "${api}/api/v1/orders",
    headers={"Authorization": "Bearer ${secret}", "Idempotency-Key": str(uuid.uuid4())},
    json={"amount": 50000, "currency": "INR", "receipt": "receipt_1"},
).json()`,
  PHP: `$request = curl_init('${api}/api/v1/orders');
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ${secret}', 'Content-Type: application/json', 'Idempotency-Key: ' . bin2hex(random_bytes(16))],
    CURLOPT_POSTFIELDS => json_encode(['amount' => 50000, 'currency' => 'INR', 'receipt' => 'receipt_1']),
]);
$order = json_decode(curl_exec($request));`,
})
