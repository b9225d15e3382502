// Package merchants knows who calls: merchants and their API keys.
package merchants

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/fault"
)

// Caller is who an authenticated request speaks for.
type Caller struct {
	MerchantID uuid.UUID
	// KeyID is the publishable half of the key used; empty for the open sandbox.
	KeyID string
	// Publishable is set when only the publishable half was given: such a caller may do
	// what a checkout page needs on one order, and nothing else.
	Publishable bool
}

// Keys checks credentials against the database.
type Keys struct {
	DB  dbsqlc.DBTX
	Now func() time.Time
}

// invalid is one answer for every way in which credentials can be wrong, so that it does not
// tell which half was right.
func invalid() error {
	return fault.New(fault.CredentialsInvalid, "These credentials are wrong, revoked or expired. Check the key and its secret.")
}

// BySecret finds the caller of a secret key. It fails with credentials_invalid.
func (k *Keys) BySecret(ctx context.Context, secret string) (Caller, error) {
	hash := HashSecret(secret)
	// A look-up by the hash leaks no useful timing: an attacker cannot steer the hash's prefix.
	row, err := dbsqlc.New().APIKeyBySecret(ctx, k.DB, hash)
	if err != nil {
		return Caller{}, credentialError(err)
	}
	return k.caller(row, false)
}

// ByPair checks a publishable key together with its secret. It fails with credentials_invalid.
func (k *Keys) ByPair(ctx context.Context, id, secret string) (Caller, error) {
	row, err := k.byID(ctx, id)
	if err != nil {
		return Caller{}, err
	}
	if subtle.ConstantTimeCompare(row.SecretHash, HashSecret(secret)) != 1 {
		return Caller{}, invalid()
	}
	return k.caller(row, false)
}

// ByPublishable finds the caller of a publishable key alone. It fails with credentials_invalid.
func (k *Keys) ByPublishable(ctx context.Context, id string) (Caller, error) {
	row, err := k.byID(ctx, id)
	if err != nil {
		return Caller{}, err
	}
	return k.caller(row, true)
}

func (k *Keys) byID(ctx context.Context, id string) (*dbsqlc.APIKey, error) {
	// Postgres does not look for what is no text, and would answer with an error of ours.
	if !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return nil, invalid()
	}
	row, err := dbsqlc.New().APIKeyByID(ctx, k.DB, id)
	if err != nil {
		return nil, credentialError(err)
	}
	return row, nil
}

func (k *Keys) caller(row *dbsqlc.APIKey, publishable bool) (Caller, error) {
	now := k.Now()
	if row.RevokedAt != nil || row.ExpiresAt != nil && !row.ExpiresAt.After(now) {
		return Caller{}, invalid()
	}
	return Caller{MerchantID: row.MerchantID, KeyID: row.ID, Publishable: publishable}, nil
}

func credentialError(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return invalid()
	}
	return fmt.Errorf("error looking up an API key: %w", err)
}

// HashSecret is how a secret is stored. Secrets carry at least 128 random bits, so one round
// of SHA-256 suffices; slow hashes protect what people choose.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
