// Package keyring seals secrets that have to be stored and read again (the signing
// secrets of webhook endpoints), so that a copy of the database alone gives none away.
//
// A sealed text is bound to its place by additional data: sealed for one row, it does
// not open in another. It names the key it was sealed with, so that keys can be
// changed without a stop: put the new key first, seal again what [Keyring.NeedsReseal]
// points out, then drop the old key.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

const keyLength = 32 // AES-256

var validID = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

// Keyring holds the keys that open sealed texts; the first of them seals. It prints
// as the ids of its keys. It may be used by many goroutines at once.
type Keyring struct {
	keys        []key // in the order they were given, at least one
	development bool
}

type key struct {
	id   string
	aead cipher.AEAD
}

// Parse reads keys written as id:base64,id2:base64, the first of which seals and all
// of which open. An id is 1 to 32 of a-z, 0-9, _ and -, each a key's own; a key is 32
// bytes in standard base64, as `openssl rand -base64 32` prints them. Spaces around an
// entry are allowed. Errors count the entries and repeat nothing that may be a key.
func Parse(text string) (*Keyring, error) {
	ring := &Keyring{}
	for i, entry := range strings.Split(text, ",") {
		id, encoded, found := strings.Cut(strings.TrimSpace(entry), ":")
		switch {
		case id == "" && !found:
			return nil, fmt.Errorf("key %d is empty; keys are written id:base64, with commas between them", i+1)
		case !found:
			return nil, fmt.Errorf("key %d has no id; keys are written id:base64", i+1)
		case !validID.MatchString(id):
			return nil, fmt.Errorf("key %d: its id must be 1 to 32 of a-z, 0-9, _ and -", i+1)
		case ring.find(id) != nil:
			return nil, fmt.Errorf("key %d: its id %s is another key's already", i+1, id)
		}
		secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || strings.ContainsAny(encoded, "\r\n") {
			return nil, fmt.Errorf("key %d (%s) is not standard base64; `openssl rand -base64 32` prints a key", i+1, id)
		}
		if len(secret) != keyLength {
			return nil, fmt.Errorf("key %d (%s) has %d bytes, not %d; `openssl rand -base64 32` prints a key", i+1, id, len(secret), keyLength)
		}
		if err := ring.add(id, secret); err != nil {
			return nil, fmt.Errorf("error preparing key %d (%s): %w", i+1, id, err)
		}
	}
	return ring, nil
}

// Development is the keyring for trying things out. Its key can be read here by
// anyone, so a production role has to refuse it, see [Keyring.IsDevelopment].
func Development() *Keyring {
	ring := &Keyring{}
	if err := ring.add("development", developmentKey()); err != nil {
		panic(fmt.Sprintf("error preparing the development key: %v", err)) // only if AES-256 is missing
	}
	return ring
}

func developmentKey() []byte {
	sum := sha256.Sum256([]byte("paygate development key, known to everyone"))
	return sum[:]
}

// IsDevelopment tells whether the key of Development is among the keys, under any id.
func (k *Keyring) IsDevelopment() bool { return k.development }

func (k *Keyring) add(id string, secret []byte) error {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return err
	}
	// The variant that draws its own nonces leaves no way to use one twice.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return err
	}
	k.keys = append(k.keys, key{id: id, aead: aead})
	k.development = k.development || subtle.ConstantTimeCompare(secret, developmentKey()) == 1
	return nil
}

func (k *Keyring) find(id string) cipher.AEAD {
	for _, key := range k.keys {
		if key.id == id {
			return key.aead
		}
	}
	return nil
}

// String lists the ids of the keys, and never the keys.
func (k *Keyring) String() string {
	ids := make([]string, len(k.keys))
	for i, key := range k.keys {
		ids[i] = key.id
	}
	return "keyring(" + strings.Join(ids, ",") + ")"
}

// Format implements fmt.Formatter for every verb: %d of a Stringer would still print
// the fields.
func (k *Keyring) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte(k.String())) }

// LogValue implements slog.LogValuer.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(k.String()) }
