package idempotency

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/keyring"
)

// Fingerprinter hashes requests under a key of the installation. The hash is keyed because a
// plain one of a body that holds a card number could be searched: there are few enough of them.
type Fingerprinter struct {
	requests macs
	places   macs // of answers outside of Postgres, see Copy
}

// secretName is the row of the key, and what its seal is bound to.
const secretName = "idempotency_fingerprint" //nolint:gosec // a name

// LoadFingerprinter reads the key from the database, and makes it when there is none. It is kept
// there, sealed, and not derived from the operator's keys: rotating those must not turn a repeated
// request into another one.
func LoadFingerprinter(ctx context.Context, db dbsqlc.DBTX, keys *keyring.Keyring) (*Fingerprinter, error) {
	queries := dbsqlc.New()
	sealed, err := queries.GatewaySecretGet(ctx, db, secretName)
	if errors.Is(err, pgx.ErrNoRows) {
		offer := make([]byte, sha256.Size)
		_, _ = rand.Read(offer) // crypto/rand never fails (Go 1.24)
		if err := queries.GatewaySecretOffer(ctx, db, &dbsqlc.GatewaySecretOfferParams{
			Name: secretName, Sealed: keys.Seal(offer, []byte(secretName)), CreatedAt: time.Now(),
		}); err != nil {
			return nil, fmt.Errorf("error storing the fingerprint key: %w", err)
		}
		sealed, err = queries.GatewaySecretGet(ctx, db, secretName)
	}
	if err != nil {
		return nil, fmt.Errorf("error reading the fingerprint key: %w", err)
	}
	key, err := keys.Open(sealed, []byte(secretName))
	if err != nil {
		return nil, fmt.Errorf("error opening the fingerprint key (is PAYGATE_ENCRYPTION_KEYS the one of this database?): %w", err)
	}
	return newFingerprinter(key)
}

func newFingerprinter(key []byte) (*Fingerprinter, error) {
	copies, err := hkdf.Key(sha512.New, key, nil, "paygate: copies of answers, 1", sha512.Size)
	if err != nil {
		return nil, fmt.Errorf("error deriving the key of copies: %w", err)
	}
	return &Fingerprinter{requests: newMACs(sha256.New, key), places: newMACs(sha512.New, copies)}, nil
}

// Sum is the fingerprint of a request: path (the id in it included) and body.
func (f *Fingerprinter) Sum(path string, body []byte) [sha256.Size]byte {
	return [sha256.Size]byte(f.requests.sum([]byte(path), body))
}

// macs computes HMACs under one key. It keeps those that were computed, since half the price of a short
// one is to prepare its key.
type macs struct{ ready *sync.Pool }

func newMACs(function func() hash.Hash, key []byte) macs {
	return macs{&sync.Pool{New: func() any { return hmac.New(function, key) }}}
}

// sum is the HMAC of parts with a zero byte between them.
func (m macs) sum(parts ...[]byte) []byte {
	mac := m.ready.Get().(hash.Hash)
	defer m.ready.Put(mac)
	mac.Reset()
	for i, part := range parts {
		if i > 0 {
			mac.Write([]byte{0})
		}
		mac.Write(part)
	}
	return mac.Sum(nil)
}
