package receiver

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/webhooks/signature"
)

func TestVerdict(t *testing.T) {
	t.Parallel()

	const (
		id   = "evt_1"
		body = `{"id":"evt_1","type":"payment.success","data":{"note":"<&>\u2028"}}`

		madeWithOne  = "it was not made with the secret, or the body was changed on its way"
		seedHolds    = "it is the HMAC-SHA256 of the body under the secret"
		standardOK   = "id, time and body are signed under the secret, and the timestamp is recent"
		seedMissing  = "header X-Webhook-Signature is missing"
		noneIsGiven  = "no secret given"
		notAnEncoded = "not a webhook secret: what follows whsec_ is not standard base64"
	)
	without := func(name string) func(http.Header) {
		return func(header http.Header) { header.Del(name) }
	}

	for name, tt := range map[string]struct {
		secrets  []string
		signers  []string
		age      time.Duration
		sent     string // instead of body
		mangle   func(http.Header)
		status   Status
		seed     Check
		standard Check
		summary  string
	}{
		"Holds": {
			status:   StatusOK,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusOK, standardOK},
			summary:  "signature ok (seed + standard)",
		},
		"HoldsAtTheEdgeOfTheTolerance": {
			// The header has whole seconds, the clock here 120 ms more.
			age:      5*time.Minute - time.Second,
			status:   StatusOK,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusOK, standardOK},
			summary:  "signature ok (seed + standard)",
		},
		"OneOfSeveralSecrets": {
			secrets:  []string{otherSecret, testSecret},
			status:   StatusOK,
			seed:     Check{"seed", StatusOK, "it is the HMAC-SHA256 of the body under one of the 2 secrets"},
			standard: Check{"standard", StatusOK, "id, time and body are signed under one of the 2 secrets, and the timestamp is recent"},
			summary:  "signature ok (seed + standard)",
		},
		"OldSecretDuringARotation": {
			// The body's signature is the new secret's alone; the list has both.
			signers:  []string{otherSecret, testSecret},
			status:   StatusFailed,
			seed:     Check{"seed", StatusFailed, madeWithOne},
			standard: Check{"standard", StatusOK, standardOK},
			summary:  "signature FAILED (seed: " + madeWithOne + ")",
		},
		"WrongSecret": {
			secrets:  []string{otherSecret},
			status:   StatusFailed,
			seed:     Check{"seed", StatusFailed, madeWithOne},
			standard: Check{"standard", StatusFailed, madeWithOne},
			summary:  "signature FAILED (seed + standard: " + madeWithOne + ")",
		},
		"TamperedBody": {
			sent:     strings.Replace(body, "success", "failure", 1),
			status:   StatusFailed,
			seed:     Check{"seed", StatusFailed, madeWithOne},
			standard: Check{"standard", StatusFailed, madeWithOne},
			summary:  "signature FAILED (seed + standard: " + madeWithOne + ")",
		},
		"TamperedID": {
			mangle:   func(header http.Header) { header.Set("webhook-id", "evt_2") },
			status:   StatusFailed,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusFailed, madeWithOne},
			summary:  "signature FAILED (standard: " + madeWithOne + ")",
		},
		"OldTimestamp": {
			age:      12 * time.Minute,
			status:   StatusFailed,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusFailed, "the timestamp is too old: 12m0s old, where 5m0s are allowed; all else fits"},
			summary:  "signature FAILED (standard: the timestamp is too old: 12m0s old, where 5m0s are allowed; all else fits)",
		},
		"OldTimestampAndWrongSecret": {
			secrets:  []string{otherSecret},
			age:      12 * time.Minute,
			status:   StatusFailed,
			seed:     Check{"seed", StatusFailed, madeWithOne},
			standard: Check{"standard", StatusFailed, "the timestamp is too old: 12m0s old, where 5m0s are allowed; and the signature does not fit either"},
			summary: "signature FAILED (seed: " + madeWithOne +
				"; standard: the timestamp is too old: 12m0s old, where 5m0s are allowed; and the signature does not fit either)",
		},
		"TimestampAhead": {
			age:      -6 * time.Minute,
			status:   StatusFailed,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusFailed, "the timestamp is too new: 6m0s ahead, where 5m0s are allowed; all else fits"},
			summary:  "signature FAILED (standard: the timestamp is too new: 6m0s ahead, where 5m0s are allowed; all else fits)",
		},
		"NoBodySignature": {
			mangle:   without("X-Webhook-Signature"),
			status:   StatusPartial,
			seed:     Check{"seed", StatusMissing, seedMissing},
			standard: Check{"standard", StatusOK, standardOK},
			summary:  "signature ok in part (standard ok; seed: " + seedMissing + ")",
		},
		"NoTimestamp": {
			mangle:   without("webhook-timestamp"),
			status:   StatusPartial,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusMissing, "header webhook-timestamp is missing"},
			summary:  "signature ok in part (seed ok; standard: header webhook-timestamp is missing)",
		},
		"BodySignatureTwice": {
			mangle:   func(header http.Header) { header.Add("X-Webhook-Signature", "00") },
			status:   StatusFailed,
			seed:     Check{"seed", StatusFailed, "header X-Webhook-Signature is given more than once"},
			standard: Check{"standard", StatusOK, standardOK},
			summary:  "signature FAILED (seed: header X-Webhook-Signature is given more than once)",
		},
		"MalformedTimestamp": {
			mangle:   func(header http.Header) { header.Set("webhook-timestamp", "soon") },
			status:   StatusFailed,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusFailed, "header webhook-timestamp is not a time in Unix seconds"},
			summary:  "signature FAILED (standard: header webhook-timestamp is not a time in Unix seconds)",
		},
		"NotSigned": {
			mangle:   func(header http.Header) { clear(header) },
			status:   StatusMissing,
			seed:     Check{"seed", StatusMissing, seedMissing},
			standard: Check{"standard", StatusMissing, "header webhook-id is missing"},
			summary:  "not signed (seed: " + seedMissing + "; standard: header webhook-id is missing)",
		},
		"NoSecret": {
			secrets:  []string{},
			status:   StatusNotChecked,
			seed:     Check{"seed", StatusNotChecked, noneIsGiven},
			standard: Check{"standard", StatusNotChecked, noneIsGiven},
			summary:  "not checked: no secret given",
		},
		"SecretThatIsNoBase64": {
			secrets: []string{"whsec_test_abc123"},
			mangle: func(header http.Header) {
				header.Set("X-Webhook-Signature", signature.SignBody("whsec_test_abc123", []byte(body)))
			},
			status:   StatusPartial,
			seed:     Check{"seed", StatusOK, seedHolds},
			standard: Check{"standard", StatusNotChecked, notAnEncoded},
			summary:  "signature ok in part (seed ok; standard: " + notAnEncoded + ")",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if tt.secrets == nil {
				tt.secrets = []string{testSecret}
			}
			if tt.signers == nil {
				tt.signers = []string{testSecret}
			}
			bundle := setup(t, Options{Secrets: tt.secrets})

			header := signed(t, id, testNow.Add(-tt.age), body, tt.signers...)
			if tt.mangle != nil {
				tt.mangle(header)
			}
			sent := body
			if tt.sent != "" {
				sent = tt.sent
			}
			res, _ := bundle.request(t, http.MethodPost, "/webhook", sent, header)
			require.Equal(t, http.StatusOK, res.StatusCode, "a signature that does not hold is shown, not refused")

			verdict := bundle.latest(t).Signature
			require.Equal(t, tt.status, verdict.Status)
			require.Equal(t, []Check{tt.seed, tt.standard}, verdict.Checks)
			require.Equal(t, tt.summary, verdict.Summary)
		})
	}
}

func TestSecretEnteredLater(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	stream := bundle.stream(t)
	body := `{"id":"evt_1","type":"payment.success"}`
	bundle.request(t, http.MethodPost, "/webhook", body, signed(t, "evt_1", testNow, body, testSecret))
	require.Equal(t, StatusNotChecked, stream.webhook(t).Signature.Status)

	res, answer := bundle.request(t, http.MethodPost, "/_secrets", `{"secret":" `+testSecret+` "}`, nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.JSONEq(t, `{"secrets":1}`, answer)

	event, ok := stream.next()
	require.True(t, ok)
	require.Equal(t, "overview", event.name)
	require.Contains(t, event.data, `"secrets":1`)
	again := stream.webhook(t)
	require.Equal(t, int64(1), again.Sequence)
	require.Equal(t, StatusOK, again.Signature.Status)

	// Known already: nothing changes.
	count, err := bundle.receiver.AddSecret(testSecret)
	require.NoError(t, err)
	require.Equal(t, 1, count)
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()

	var terminal, log strings.Builder
	bundle := setup(t, Options{Secrets: []string{testSecret}, Output: &terminal, Logger: testLogger(&log)})
	body := `{"id":"evt_1","type":"payment.success"}`
	bundle.request(t, http.MethodPost, "/webhook", body, signed(t, "evt_1", testNow, body, otherSecret))
	_, refusal := bundle.request(t, http.MethodPost, "/_secrets", `{"secret":"`+otherSecret+`","x":1}`, nil)
	_, page := bundle.request(t, http.MethodGet, "/", "", nil)
	_, events := bundle.request(t, http.MethodGet, "/_events", "", nil)
	_, control := bundle.request(t, http.MethodGet, "/_control", "", nil)

	for _, shown := range []string{refusal, page, events, control, terminal.String(), log.String()} {
		require.NotEmpty(t, shown)
		require.NotContains(t, shown, strings.TrimPrefix(testSecret, "whsec_"))
		require.NotContains(t, shown, strings.TrimPrefix(otherSecret, "whsec_"))
	}
}

func TestSecretsAreBounded(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	for i := range maxSecrets {
		_, err := bundle.receiver.AddSecret(strings.Repeat("s", i+1))
		require.NoError(t, err)
	}
	for _, secret := range []string{"one more", "", "  ", strings.Repeat("s", maxSecretLen+1)} {
		_, err := bundle.receiver.AddSecret(secret)
		require.Error(t, err)
	}
}
