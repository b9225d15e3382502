package signature_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/webhooks/signature"
)

// The vectors of the reference libraries' own tests: Go, JavaScript, Python, Ruby,
// PHP and C# share the first, the second is Rust's.
const (
	secret1 = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	id1     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	seconds = 1614265330
	body1   = `{"test": 2432232314}`
	value1  = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

	secret2 = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	value12 = "v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44=" // the first message, the second secret

	wrongValue = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
)

func parse(t *testing.T, texts ...string) []signature.Secret {
	t.Helper()

	secrets := make([]signature.Secret, len(texts))
	for i, text := range texts {
		secret, err := signature.ParseSecret(text)
		require.NoError(t, err)
		secrets[i] = secret
	}
	return secrets
}

func TestSignVectors(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		secrets []string
		id      string
		seconds int64
		body    string
		value   string
	}{
		"Reference":     {[]string{secret1}, id1, seconds, body1, value1},
		"WithoutPrefix": {[]string{strings.TrimPrefix(secret1, "whsec_")}, id1, seconds, body1, value1},
		"Rust": {
			[]string{secret2},
			"msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
			`{"email":"test@example.com","username":"test_user"}`, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
		},
		"Rotation": {[]string{secret1, secret2}, id1, seconds, body1, value1 + " " + value12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			header := http.Header{}
			at := time.Unix(test.seconds, 999_999_999)
			require.NoError(t, signature.Sign(header, test.id, at, []byte(test.body), parse(t, test.secrets...)...))
			require.Equal(t, http.Header{
				"Webhook-Id":          {test.id},
				"Webhook-Timestamp":   {fmt.Sprint(test.seconds)},
				"Webhook-Signature":   {test.value},
				"X-Webhook-Signature": {signature.SignBody(test.secrets[0], []byte(test.body))},
			}, header)
		})
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()

	now := time.Unix(seconds, 0)
	secrets := parse(t, secret1)
	for name, test := range map[string]struct {
		id      string
		at      time.Time
		secrets []signature.Secret
	}{
		"NoID":       {"", now, secrets},
		"Dot":        {"evt_1.2", now, secrets},
		"LineBreak":  {"evt_1\r\nx: y", now, secrets},
		"Space":      {"evt 1", now, secrets},
		"NonASCII":   {"evt_é", now, secrets},
		"LongID":     {strings.Repeat("x", 257), now, secrets},
		"Before1970": {id1, time.Unix(-1, 0), secrets},
		"ZeroTime":   {id1, time.Time{}, secrets},
		"NoSecret":   {id1, now, nil},
		"ZeroSecret": {id1, now, append(parse(t, secret1), signature.Secret{})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			header := http.Header{}
			require.Error(t, signature.Sign(header, test.id, test.at, []byte(body1), test.secrets...))
			require.Empty(t, header)
		})
	}
}

func TestVerifyBody(t *testing.T) {
	t.Parallel()

	const text, body = "any text is a secret here", `{"amount":50000}`
	value := signature.SignBody(text, []byte(body))
	// echo -n '{"amount":50000}' | openssl dgst -sha256 -hmac 'any text is a secret here'
	require.Equal(t, "dc59fe245518d4a87688ad370f944487edf8d0a1d42d52fadda1d07e5dc4b93e", value)

	require.NoError(t, signature.VerifyBody(text, value, []byte(body)))
	require.ErrorIs(t, signature.VerifyBody("", value, []byte(body)), signature.ErrNoSecret)
	require.ErrorIs(t, signature.VerifyBody("other", value, []byte(body)), signature.ErrNoMatch)
	require.ErrorIs(t, signature.VerifyBody(text, value, []byte(body+" ")), signature.ErrNoMatch)
	require.ErrorIs(t, signature.VerifyBody(text, strings.ToUpper(value), []byte(body)), signature.ErrNoMatch)
	require.ErrorIs(t, signature.VerifyBody(text, value[:63], []byte(body)), signature.ErrNoMatch)

	var missing *signature.MissingHeaderError
	require.ErrorAs(t, signature.VerifyBody(text, "", []byte(body)), &missing)
	require.Equal(t, "X-Webhook-Signature", missing.Header)
}

func TestParseSecretRefuses(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ text, reason string }{
		"Empty":      {"", "empty"},
		"PrefixOnly": {"whsec_", "empty"},
		"Legacy":     {"whsec_test_abc123", "not standard base64"},
		"URLBase64":  {"whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD", "not standard base64"},
		"Unpadded":   {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAA", "not standard base64"},
		"LooseBits":  {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAB==", "not standard base64"},
		"LineBreak":  {secret1 + "\n", "line breaks"},
		"Space":      {" " + secret1, "spaces"},
		"Short":      {"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7w=", "encodes 23 bytes, where 24 to 64 are allowed"},
		"Long":       {"whsec_" + strings.Repeat("AAAA", 22), "encodes 66 bytes"},
		"Asymmetric": {"whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==", "not standard base64"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := signature.ParseSecret(test.text)
			var refused *signature.SecretError
			require.ErrorAs(t, err, &refused)
			require.Contains(t, refused.Reason, test.reason)
			if len(test.text) > len("whsec_") {
				require.NotContains(t, err.Error(), test.text[len("whsec_"):])
			}
		})
	}
}

func TestGenerateSecret(t *testing.T) {
	t.Parallel()

	secret := signature.GenerateSecret()
	require.Regexp(t, `^whsec_[A-Za-z0-9+/]{32}$`, secret.Reveal())
	require.Equal(t, []signature.Secret{secret}, parse(t, secret.Reveal()))
	require.NotEqual(t, secret, signature.GenerateSecret())
}

func TestSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()

	secret := parse(t, secret1)[0]
	var log strings.Builder
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("x", slog.Any("secret", secret), slog.Any("verifier", signature.Verifier{Secrets: []signature.Secret{secret}}))
	text := log.String()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%T"} {
		text += fmt.Sprintf(format+format+format, secret, &secret, []signature.Secret{secret})
	}
	require.NotContains(t, text, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	require.NotContains(t, text, "31f290f6bf06", "the key in hex")
	require.NotContains(t, text, "49 242 144 246", "the key in decimals")
}
