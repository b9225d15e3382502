package signature_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/webhooks/signature"
)

// FuzzVerify: whatever the headers hold, Verify does not panic, and what it accepts
// holds the very signature that Sign makes.
func FuzzVerify(f *testing.F) {
	f.Add(id1, "1614265330", value1, body1)
	f.Add(id1, "1614265330", wrongValue+" v1a,x  "+value1, body1)
	f.Add("a.b", "-1", "v1,", "")
	f.Add("", "99999999999999999999", " , ,v1", "\x00")
	f.Fuzz(func(t *testing.T, id, timestamp, signatures, body string) {
		at := time.Unix(seconds, 0)
		secrets := parse(t, secret1, secret2)
		verifier := signature.Verifier{Secrets: secrets, Now: func() time.Time { return at }}

		header := http.Header{}
		header.Set(signature.HeaderID, id)
		header.Set(signature.HeaderTimestamp, timestamp)
		header.Set(signature.HeaderSignature, signatures)
		accepted := verifier.Verify(header, []byte(body)) == nil

		signed := http.Header{}
		if err := signature.Sign(signed, id, at, []byte(body), secrets...); err != nil {
			require.False(t, accepted, "Sign would not make this id")
			return
		}
		require.NoError(t, verifier.Verify(signed, []byte(body)))
		if timestamp == signed.Get(signature.HeaderTimestamp) {
			ours := strings.Split(signed.Get(signature.HeaderSignature), " ")
			holdsOurs := slices.ContainsFunc(strings.Split(signatures, " "), func(entry string) bool {
				return slices.Contains(ours, entry)
			})
			require.Equal(t, holdsOurs, accepted)
		}
	})
}

// FuzzParseSecret: any text is a secret that signs and verifies, or an error that
// does not repeat it.
func FuzzParseSecret(f *testing.F) {
	f.Add(secret1)
	f.Add("whsec_")
	f.Add("whsec_test_abc123")
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := signature.ParseSecret(text)
		if err != nil {
			var refused *signature.SecretError
			require.ErrorAs(t, err, &refused)
			return
		}
		require.Equal(t, text, secret.Reveal())
		header := http.Header{}
		require.NoError(t, signature.Sign(header, id1, time.Now(), []byte(body1), secret))
		verifier := signature.Verifier{Secrets: []signature.Secret{secret}}
		require.NoError(t, verifier.Verify(header, []byte(body1)))
	})
}

// FuzzVerifyBody: of all values, X-Webhook-Signature's own is the only one that is accepted.
func FuzzVerifyBody(f *testing.F) {
	f.Add(secret1, signature.SignBody(secret1, []byte(body1)), body1)
	f.Add("", "", "")
	f.Add("whsec_", strings.Repeat("0", 64), "\x00")
	f.Fuzz(func(t *testing.T, secret, value, body string) {
		ours := signature.SignBody(secret, []byte(body))
		require.Equal(t, secret != "" && value == ours, signature.VerifyBody(secret, value, []byte(body)) == nil)
		require.Equal(t, secret != "", signature.VerifyBody(secret, ours, []byte(body)) == nil)
	})
}
