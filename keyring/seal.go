package keyring

import (
	"errors"
	"fmt"
	"slices"
)

// A sealed text is, byte by byte:
//
//	version (1) | length of the key's id | the id | nonce (12 bytes) | ciphertext | tag (16 bytes)
//
// The ciphertext is AES-256-GCM (NIST SP 800-38D). What stands before the nonce is
// authenticated together with the caller's additional data; its length is in itself,
// so the two cannot be shifted against each other. Nonces are random: a key is good
// for 2^32 sealings, far more than there are endpoints.
const formatVersion = 1

var (
	// ErrMalformed tells that what was to be opened was never sealed by a keyring, or
	// was cut off.
	ErrMalformed = errors.New("not a sealed text")
	// ErrNotAuthentic tells that a sealed text was changed, belongs to another place
	// than the additional data says, or was sealed with another key of the same id;
	// AES-GCM cannot tell these apart.
	ErrNotAuthentic = errors.New("sealed text does not open: changed, out of place, or another key under the same id")
)

// UnknownKeyError tells that a text was sealed with a key that is not in the keyring:
// most often one that was dropped before everything was sealed again.
type UnknownKeyError struct {
	ID string
}

func (e *UnknownKeyError) Error() string {
	return "the key " + e.ID + " that this was sealed with is not in the keyring"
}

// Seal encrypts plaintext with the first key. aad names the place that the result is
// for, such as the table and the id of its row; it is not part of the result, and
// Open needs the same. Two sealings of one plaintext differ. The result is at most 62
// bytes longer than the plaintext.
func (k *Keyring) Seal(plaintext, aad []byte) []byte {
	current := k.keys[0]
	header := append([]byte{formatVersion, byte(len(current.id))}, current.id...) //nolint:gosec // an id has 32 bytes at most
	// No nonce is given because this AEAD draws its own.
	return current.aead.Seal(slices.Clone(header), nil, plaintext, slices.Concat(header, aad)) //nolint:gosec // see above
}

// Open decrypts what Seal gave, with whichever key it was sealed with. It fails with
// [ErrMalformed], [*UnknownKeyError] or [ErrNotAuthentic].
func (k *Keyring) Open(sealed, aad []byte) ([]byte, error) {
	id, header, err := parseHeader(sealed)
	if err != nil {
		return nil, err
	}
	aead := k.find(id)
	if aead == nil {
		return nil, &UnknownKeyError{ID: id}
	}
	body := sealed[len(header):]
	if len(body) < aead.Overhead() {
		return nil, fmt.Errorf("%w: it is cut off", ErrMalformed)
	}
	plaintext, err := aead.Open(nil, nil, body, slices.Concat(header, aad))
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return plaintext, nil
}

// NeedsReseal tells whether a text should be opened and sealed again, since it was not
// sealed with the first key. It is true as well of what Open refuses as malformed, so
// that a walk over all rows finds it.
func (k *Keyring) NeedsReseal(sealed []byte) bool {
	id, _, err := parseHeader(sealed)
	return err != nil || id != k.keys[0].id
}

func parseHeader(sealed []byte) (id string, header []byte, err error) {
	if len(sealed) < 2 || sealed[0] != formatVersion {
		return "", nil, ErrMalformed
	}
	end := 2 + int(sealed[1])
	if len(sealed) < end || !validID.Match(sealed[2:end]) {
		return "", nil, ErrMalformed
	}
	return string(sealed[2:end]), sealed[:end], nil
}

// Reseal opens a text and seals it with the first key, when it was sealed with another; aad is that of Seal and Open. It returns
// nil when there is nothing to do, and fails as Open does.
func (k *Keyring) Reseal(sealed, aad []byte) ([]byte, error) {
	if !k.NeedsReseal(sealed) {
		return nil, nil
	}
	plaintext, err := k.Open(sealed, aad)
	if err != nil {
		return nil, err
	}
	return k.Seal(plaintext, aad), nil
}
