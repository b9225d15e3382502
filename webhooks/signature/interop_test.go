package signature_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"paygate/webhooks/signature"
	"paygate/wire"
)

// awkwardBodies are webhooks as Paygate writes them, with metadata that other
// encoders, or a receiver's JSON.stringify(JSON.parse(body)), would write otherwise.
func awkwardBodies(t *testing.T) [][]byte {
	t.Helper()

	controls := make([]byte, 0x20)
	for i := range controls {
		controls[i] = byte(i)
	}
	type data struct {
		Payment struct {
			ID       string        `json:"id"`
			Amount   int64         `json:"amount"`
			Metadata wire.Metadata `json:"metadata"`
		} `json:"payment"`
	}
	type webhook struct {
		ID        string    `json:"id"`
		Type      string    `json:"type"`
		Timestamp wire.Time `json:"timestamp"`
		Data      data      `json:"data"`
	}
	var bodies [][]byte
	for _, metadata := range []wire.Metadata{
		nil,
		{"html": `<a href="?x&y">'</a>`},
		{"lines": "\u2028\u2029", "emoji": "😀👩‍👩‍👧‍👦", "accent": "é", "é": "e\u0301"},
		{"escapes": `\ \" \u2028 \ud800 \`, `\`: `"`},
		{"10": "ten", "2": "two", "1": "one", "01": "", "-1": "", "4294967294": "", "4294967295": "", "__proto__": "x"},
		{"": "", "empty": ""},
		{"controls": string(controls), "delete": "\x7f", "bom": "\ufeff"},
	} {
		event := webhook{ID: "evt_1", Type: "payment.success", Timestamp: wire.Time(time.Unix(seconds, 0))}
		event.Data.Payment.ID = "pay_1"
		event.Data.Payment.Amount = wire.MaxInteger
		event.Data.Payment.Metadata = metadata
		body, err := wire.Encode(event)
		require.NoError(t, err)
		bodies = append(bodies, body)
	}
	return bodies
}

// The reference library verifies what we sign, and we verify what it signs.
func TestReferenceLibrary(t *testing.T) {
	t.Parallel()

	now := time.Now()
	older, newer := signature.GenerateSecret(), signature.GenerateSecret()
	for _, body := range awkwardBodies(t) {
		header := http.Header{}
		require.NoError(t, signature.Sign(header, "evt_1", now, body, newer, older))
		for _, secret := range []signature.Secret{older, newer} {
			reference, err := standardwebhooks.NewWebhook(secret.Reveal())
			require.NoError(t, err)
			require.NoError(t, reference.Verify(body, header))
			require.Error(t, reference.Verify(append(body, ' '), header))

			value, err := reference.Sign("evt_1", now, body)
			require.NoError(t, err)
			theirs := header.Clone()
			theirs.Set(signature.HeaderSignature, value)
			verifier := signature.Verifier{Secrets: []signature.Secret{secret}}
			require.NoError(t, verifier.Verify(theirs, body))
		}

		stranger, err := standardwebhooks.NewWebhook(signature.GenerateSecret().Reveal())
		require.NoError(t, err)
		require.Error(t, stranger.Verify(body, header))
	}
}

// seedVerify is the function that merchants were told to use, to the letter. It signs
// what it has parsed, so it holds only for bodies that JavaScript writes the same.
const seedVerify = `
const crypto = require('crypto');

function verifyWebhook(payload, signature, secret) {
  return crypto
    .createHmac('sha256', secret)
    .update(JSON.stringify(payload))
    .digest('hex') === signature;
}
`

func TestVerificationInNode(t *testing.T) {
	t.Parallel()

	const script = seedVerify + `
const deliveries = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(deliveries.map(({ body, signature, secret }) =>
  verifyWebhook(JSON.parse(Buffer.from(body, 'base64').toString('utf8')), signature, secret))));
`
	type delivery struct {
		Body      []byte `json:"body"`
		Signature string `json:"signature"`
		Secret    string `json:"secret"`
	}
	var deliveries []delivery
	var want []bool
	older, newer := signature.GenerateSecret(), signature.GenerateSecret()
	for _, body := range awkwardBodies(t) {
		header := http.Header{}
		require.NoError(t, signature.Sign(header, "evt_1", time.Now(), body, newer, older))
		value := header.Get(signature.HeaderBody)
		other := bytes.Replace(body, []byte("evt_1"), []byte("evt_2"), 1)
		deliveries = append(deliveries,
			delivery{body, value, newer.Reveal()},
			delivery{body, value, older.Reveal()}, // the header has room for the newest alone
			delivery{other, value, newer.Reveal()},
			delivery{body, signature.SignBody("whsec_test_abc123", body), "whsec_test_abc123"},
		)
		want = append(want, true, false, false, true)
	}

	input, err := json.Marshal(deliveries)
	require.NoError(t, err)
	node := exec.CommandContext(t.Context(), "node", "--eval", script)
	node.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	node.Stderr = &stderr
	output, err := node.Output()
	require.NoError(t, err, "running node: %s", &stderr)

	var got []bool
	require.NoError(t, json.Unmarshal(output, &got))
	require.Equal(t, want, got)
}
