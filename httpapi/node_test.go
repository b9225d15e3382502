package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/payments"
	"paygate/webhooks/signature"
)

// verifyInNode verifies each webhook as the people who come from Node do, who sign what they have
// parsed. The function is theirs, letter for letter.
const verifyInNode = `
const crypto = require('crypto');

function verifyWebhook(payload, signature, secret) {
  return crypto
    .createHmac('sha256', secret)
    .update(JSON.stringify(payload))
    .digest('hex') === signature;
}

const hooks = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(hooks.map(({ body, signature, secret }) => {
	const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(body, 'base64'));
	return { same: JSON.stringify(JSON.parse(text)) === text, verified: verifyWebhook(JSON.parse(text), signature, secret) };
})));`

func TestWebhooksInNode(t *testing.T) {
	t.Parallel()

	var controls strings.Builder
	for r := rune(1); r < 0x20; r++ {
		controls.WriteRune(r)
	}
	nasty := map[string]string{
		"html": `<script>&amp;</script>'"`, "<>&": "`/\\", "2": "b", "10": "c", "1": "a", "01": "", "-1": "", "1e3": "", "4294967295": "", "4294967294": "",
		"separators": "\u2028\u2029", "\u2028": "\u2029", "emoji": "😀👩‍👩‍👧‍👦🇮🇳", "😀": "e\u0301", "escapes": `\ \\ \" \u2028 \ud800 \n`, `\ud800`: `\u0000`,
		"empty": "", "__proto__": "x", "constructor": "y", "toString": "z", "length": "0", "controls": controls.String(), "\x7f": "\u0080\u009f",
		"\ufeff": "\ufffd\uffff\U0010ffff", "long": strings.Repeat("é", 512), strings.Repeat("k", 64): "", " ": " ", "number": "1.0", "null": "null",
	}
	metadata, err := json.Marshal(nasty)
	require.NoError(t, err)

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	endpoint := a.shop.subscribe(t, s, "/hooks")
	payment := a.shop.pay(t, `{"amount":50000,"currency":"INR","metadata":`+string(metadata)+`}`)
	require.Equal(t, nasty, map[string]string(payment.Metadata))
	a.shop.settled(t, payment.ID, payments.Success)
	as[payments.Refund](t, a.shop.post(t, "/api/v1/refunds", `{"paymentId":"`+payment.ID+`","reason":"\u2028\ud83d\ude00</script>","metadata":`+string(metadata)+`}`), http.StatusCreated)
	eventually(t, func() bool { return len(s.received("/hooks")) == 4 }, "all webhooks arrive")

	type delivered struct {
		Body      []byte `json:"body"` // base 64
		Signature string `json:"signature"`
		Secret    string `json:"secret"`
	}
	var hooks []delivered
	for _, hook := range s.received("/hooks") {
		hook.verify(t, endpoint.Secret)
		hooks = append(hooks, delivered{hook.body, hook.header.Get(signature.HeaderBody), endpoint.Secret})
	}
	require.Len(t, hooks, 4)
	input, err := json.Marshal(hooks)
	require.NoError(t, err)

	node := exec.CommandContext(t.Context(), "node", "--eval", verifyInNode)
	node.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	node.Stderr = &stderr
	output, err := node.Output()
	require.NoError(t, err, "running node: %s", &stderr)
	var verdicts []struct{ Same, Verified bool }
	require.NoError(t, json.Unmarshal(output, &verdicts))
	require.Len(t, verdicts, len(hooks))
	for i, verdict := range verdicts {
		require.True(t, verdict.Same, "%s", hooks[i].Body)
		require.True(t, verdict.Verified, "%s", hooks[i].Body)
	}
}
