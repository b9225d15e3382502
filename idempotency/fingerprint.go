package idempotency

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/keyring"
)

// Fingerprinter hashes requests under a key of the installation. The hash is keyed because a
// plain one of a body that holds a card number could be searched: there are few enough of them.
type Fingerprinter struct{ key []byte }

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
	return &Fingerprinter{key}, nil
}

// Sum is the fingerprint of a request: path (the id in it included) and body.
func (f *Fingerprinter) Sum(path string, body []byte) [sha256.Size]byte {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte(path))
	mac.Write([]byte{0})
	mac.Write(body)
	return [sha256.Size]byte(mac.Sum(nil))
}
