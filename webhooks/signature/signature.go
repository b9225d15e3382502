// Package signature signs webhooks and verifies them. It is what Paygate signs its
// deliveries with, and what a receiver written in Go verifies them with; it depends
// on the standard library alone.
//
// # What a delivery carries
//
// Two signatures, for two kinds of receiver:
//
//   - Standard Webhooks v1.0.0 (https://www.standardwebhooks.com): webhook-id, the
//     same at every attempt of a delivery; webhook-timestamp, the Unix seconds of the
//     attempt; webhook-signature, a list of "v1," + base64(HMAC-SHA256(key, id + "." +
//     timestamp + "." + body)), one for each secret that is live. The key is what the
//     secret encodes: the base64 after whsec_. [Sign] writes it, [Verifier] checks it.
//   - X-Webhook-Signature: hex(HMAC-SHA256(secret, body)), where the key is the
//     secret's text as it was given, whsec_ included. It covers no time, so a copy of
//     it can be sent again for ever. [SignBody] makes it, [VerifyBody] checks it. One
//     header has room for one signature; during a rotation that is the newest secret's.
//
// A new receiver should use [Verifier], and remember each webhook-id it has handled:
// deliveries are made at least once.
//
// The asymmetric v1a signatures of Standard Webhooks (ed25519, whsk_ and whpk_) are
// neither made nor accepted; a list that holds some is searched for its v1 entries.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// The headers of a delivery.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
	HeaderBody      = "X-Webhook-Signature"
)

const (
	version = "v1"
	// maxIDLength is far beyond any id that is in use; what is longer is no id.
	maxIDLength = 256
)

// Sign sets the four headers for one attempt to deliver body. id names the delivery's
// event, at is the time of the attempt, and secrets are all that are live, newest
// first: during a rotation a receiver may hold any one of them.
//
// It fails on an id that is not 1 to 256 visible ASCII characters without a dot (the
// dot separates what is signed, so an id with one could be read in two ways), on a
// time before 1970, and without secrets.
func Sign(header http.Header, id string, at time.Time, body []byte, secrets ...Secret) error {
	if reason := malformedID(id); reason != "" {
		return fmt.Errorf("error signing webhook: id %s", reason)
	}
	if at.Unix() < 0 {
		return fmt.Errorf("error signing webhook: time %s is before 1970", at.UTC().Format(time.RFC3339))
	}
	if err := checkSecrets(secrets); err != nil {
		return fmt.Errorf("error signing webhook: %w", err)
	}

	timestamp := strconv.FormatInt(at.Unix(), 10)
	signed := SignedContent(id, at, body)
	var signatures []byte
	for i, secret := range secrets {
		if i > 0 {
			signatures = append(signatures, ' ')
		}
		signatures = append(append(signatures, version+","...), sign(secret, signed)...)
	}
	header.Set(HeaderID, id)
	header.Set(HeaderTimestamp, timestamp)
	header.Set(HeaderSignature, string(signatures))
	header.Set(HeaderBody, SignBody(secrets[0].Reveal(), body))
	return nil
}

// SignedContent is what a Standard Webhooks signature covers: id, Unix seconds and
// body, joined by dots. It is of use when one has to find out why a signature differs.
func SignedContent(id string, at time.Time, body []byte) []byte {
	content := make([]byte, 0, len(id)+len(body)+22)
	content = append(append(content, id...), '.')
	content = append(strconv.AppendInt(content, at.Unix(), 10), '.')
	return append(content, body...)
}

// SignBody is the value of X-Webhook-Signature: the lower-case hex HMAC-SHA256 of
// the body, under the bytes of the secret's text.
func SignBody(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// VerifyBody checks a value of X-Webhook-Signature in constant time. The secret may
// be any text but an empty one. It fails with [ErrNoSecret], a [*MissingHeaderError]
// for an empty value, or [ErrNoMatch]. It cannot tell a delivery from its repetition;
// [Verifier.Verify] can tell an old one.
func VerifyBody(secret, value string, body []byte) error {
	switch {
	case secret == "":
		return ErrNoSecret
	case value == "":
		return &MissingHeaderError{Header: HeaderBody}
	case !hmac.Equal([]byte(value), []byte(SignBody(secret, body))):
		return ErrNoMatch
	}
	return nil
}

func sign(secret Secret, content []byte) []byte {
	mac := hmac.New(sha256.New, secret.key)
	mac.Write(content)
	return base64.StdEncoding.AppendEncode(nil, mac.Sum(nil))
}

// malformedID says what is wrong with an id, in words that follow its name.
func malformedID(id string) string {
	if id == "" || len(id) > maxIDLength {
		return fmt.Sprintf("has %d characters; 1 to %d are allowed", len(id), maxIDLength)
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' || id[i] == '.' {
			return "may hold visible ASCII characters only, and no dot"
		}
	}
	return ""
}
