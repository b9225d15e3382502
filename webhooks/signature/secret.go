package signature

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
)

const (
	secretPrefix = "whsec_"
	// The length of a key in bytes: what Standard Webhooks allows, and what
	// GenerateSecret makes. 24 bytes need no padding in base64, which some libraries
	// require and others refuse.
	minKeyLength = 24
	maxKeyLength = 64
	keyLength    = 24

	redacted = "[webhook secret]"
)

// Secret is one signing secret of an endpoint. It prints as a placeholder, in every
// format and in logs; Reveal gives its text.
type Secret struct {
	text string // as it was given: the key of X-Webhook-Signature
	key  []byte // what the text encodes: the key of webhook-signature
}

// GenerateSecret makes a new secret from the system's randomness: whsec_ and the
// base64 of 24 bytes, 38 characters.
func GenerateSecret() Secret {
	key := make([]byte, keyLength)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the program instead
	return Secret{text: secretPrefix + base64.StdEncoding.EncodeToString(key), key: key}
}

// ParseSecret reads a secret as Standard Webhooks writes it: standard base64 with its
// padding, of 24 to 64 bytes, with or without whsec_ before it. Anything else is a
// [*SecretError].
//
// Text that is no base64, such as whsec_test_abc123, is refused rather than used as
// the key itself: libraries of other languages decode it, and would each disagree in
// their own way. Such a secret can still check X-Webhook-Signature, see [VerifyBody].
func ParseSecret(text string) (Secret, error) {
	encoded := strings.TrimPrefix(text, secretPrefix)
	// The decoder skips line breaks, but X-Webhook-Signature takes the text as it is.
	if strings.ContainsAny(text, " \t\r\n") {
		return Secret{}, &SecretError{Reason: "it holds spaces or line breaks; take care to copy the secret alone"}
	}
	if encoded == "" {
		return Secret{}, &SecretError{Reason: "it is empty"}
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		// The decoder's own error would tell a byte's position, and no more.
		return Secret{}, &SecretError{Reason: "what follows whsec_ is not standard base64"}
	}
	if len(key) < minKeyLength || len(key) > maxKeyLength {
		return Secret{}, &SecretError{
			Reason: fmt.Sprintf("it encodes %d bytes, where %d to %d are allowed", len(key), minKeyLength, maxKeyLength),
		}
	}
	return Secret{text: text, key: key}, nil
}

// Reveal is the secret's text, as it was given.
func (s Secret) Reveal() string { return s.text }

// Format implements fmt.Formatter for every verb: %d of a Stringer would still print
// the fields.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(redacted)) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
