package idempotency

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"

	"github.com/google/uuid"
)

// Copy is the place of one key's answer in a store that may lose, change or show what it is given: a
// cache. Postgres remembers; a copy only saves the way there, and whatever is wrong with it makes it
// count for nothing. In Postgres too an answer that holds a secret is kept as this place seals it.
//
// The name of the place and the key that seals what is in it both come from one HMAC over merchant,
// route and key, under a secret of the installation. So nobody who reads the store learns whose answer
// it is or what it says (the answer that makes a webhook endpoint holds its secret), nobody who writes
// to it can make up an answer, and an answer that was moved to another place, or comes from another
// installation, does not open there.
type Copy struct {
	name string
	key  [sha256.Size]byte
}

// nameLength is how much of the HMAC becomes the name. Two places of one name would only push each
// other's answers out, for the seals differ.
const nameLength = 16

// Copy returns the place of the answer to a key. route is a Claim's.
func (f *Fingerprinter) Copy(merchantID uuid.UUID, route, key string) *Copy {
	sum := f.places.sum(merchantID[:], []byte(route), []byte(key)) // a route has no zero byte, an id one length
	return &Copy{
		name: base64.RawURLEncoding.EncodeToString(sum[:nameLength]),
		key:  [sha256.Size]byte(sum[sha512.Size-sha256.Size:]),
	}
}

// Name is where the answer is kept: 22 letters, digits, - and _.
func (c *Copy) Name() string { return c.name }

// What is sealed: the status in two bytes, the fingerprint, the body.
const (
	statusLength = 2
	headLength   = statusLength + sha256.Size
)

// Seal returns what to keep of an answer, or nothing when it is none to remember.
func (c *Copy) Seal(fingerprint [sha256.Size]byte, answer Response) []byte {
	if !Remembered(answer) {
		return nil
	}
	plain := make([]byte, headLength, headLength+len(answer.Body))
	binary.BigEndian.PutUint16(plain, uint16(answer.Status)) //nolint:gosec // an HTTP status
	copy(plain[statusLength:], fingerprint[:])
	return c.seal().Seal(nil, nil, append(plain, answer.Body...), nil) //nolint:gosec // no nonce: it draws one
}

// Open returns the answer to a request with this fingerprint, and whether sealed holds it. It does not
// for another request under the same key: refusing that is up to Postgres.
func (c *Copy) Open(sealed []byte, fingerprint [sha256.Size]byte) (Response, bool) {
	plain, err := c.seal().Open(nil, nil, sealed, nil)
	if err != nil || len(plain) < headLength {
		return Response{}, false
	}
	if subtle.ConstantTimeCompare(plain[statusLength:headLength], fingerprint[:]) != 1 {
		return Response{}, false
	}
	return Response{Status: int(binary.BigEndian.Uint16(plain)), Body: plain[headLength:], Replayed: true}, true
}

// seal draws its own nonces. Each place has a key of its own, so there will never be many.
func (c *Copy) seal() cipher.AEAD {
	block, err := aes.NewCipher(c.key[:])
	if err != nil {
		panic(err) // only for a key of another length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only for another block size
	}
	return aead
}
