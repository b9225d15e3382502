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

	"paygate/bounded"
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
	// RateLimit is the merchant's own, as RATE_LIMIT is written; empty for the installation's.
	RateLimit string
}

// maxID is longer than any id, in bytes.
const maxID = 128

// Keys checks credentials against the database, by way of a cache that forgets within a second.
type Keys struct {
	DB  dbsqlc.DBTX
	Now func() time.Time

	cache cache
	// touched is when the last use of a key was noted.
	touched bounded.Map[string, time.Time]
}

// useNoted is how exactly the last use of a key is known: each write costs.
const useNoted = time.Minute

// touchTimeout bounds the note of a use.
const touchTimeout = time.Second

// used notes that a key was used. The request that happens to be the first in a minute waits for it; a note that
// fails is made by the next one, and is no reason to refuse anything.
func (k *Keys) used(ctx context.Context, id string) {
	now, due := k.Now(), false
	k.touched.Update(id, func(at time.Time) time.Time {
		if due = now.Sub(at) >= useNoted; due {
			return now // before it is written, so that one request alone waits
		}
		return at
	})
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, touchTimeout)
	defer cancel()
	if err := dbsqlc.New().APIKeyTouch(ctx, k.DB, &dbsqlc.APIKeyTouchParams{ID: id, Now: now, UnlessSince: now.Add(-useNoted)}); err != nil {
		k.touched.Put(id, time.Time{})
	}
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
	found, err := k.cache.get(ctx, "secret:"+string(hash), func(ctx context.Context) (*record, error) {
		row, err := dbsqlc.New().APIKeyBySecret(ctx, k.DB, hash)
		if err != nil {
			return nil, credentialError(err)
		}
		return &record{row.APIKey, orEmpty(row.RateLimit)}, nil
	})
	if err != nil {
		return Caller{}, err
	}
	return k.caller(ctx, found, false)
}

// ByPair checks a publishable key together with its secret. It fails with credentials_invalid.
func (k *Keys) ByPair(ctx context.Context, id, secret string) (Caller, error) {
	found, err := k.byID(ctx, id)
	if err != nil {
		return Caller{}, err
	}
	if subtle.ConstantTimeCompare(found.key.SecretHash, HashSecret(secret)) != 1 {
		return Caller{}, invalid()
	}
	return k.caller(ctx, found, false)
}

// ByPublishable finds the caller of a publishable key alone. It fails with credentials_invalid.
func (k *Keys) ByPublishable(ctx context.Context, id string) (Caller, error) {
	found, err := k.byID(ctx, id)
	if err != nil {
		return Caller{}, err
	}
	return k.caller(ctx, found, true)
}

// Sandbox is the caller without credentials that speaks for a merchant.
func (k *Keys) Sandbox(ctx context.Context, merchantID uuid.UUID) (Caller, error) {
	found, err := k.cache.get(ctx, "merchant:"+string(merchantID[:]), func(ctx context.Context) (*record, error) {
		limit, err := dbsqlc.New().MerchantRateLimit(ctx, k.DB, merchantID)
		if err != nil {
			return nil, fmt.Errorf("error looking up the merchant of the sandbox: %w", err)
		}
		return &record{rateLimit: orEmpty(limit)}, nil
	})
	if err != nil {
		return Caller{}, err
	}
	return Caller{MerchantID: merchantID, RateLimit: found.rateLimit}, nil
}

func (k *Keys) byID(ctx context.Context, id string) (*record, error) {
	// Postgres does not look for what is no text, and would answer with an error of ours. What is too
	// long for an id would only fill the cache.
	if len(id) > maxID || !utf8.ValidString(id) || strings.ContainsRune(id, 0) {
		return nil, invalid()
	}
	return k.cache.get(ctx, "id:"+id, func(ctx context.Context) (*record, error) {
		row, err := dbsqlc.New().APIKeyByID(ctx, k.DB, id)
		if err != nil {
			return nil, credentialError(err)
		}
		return &record{row.APIKey, orEmpty(row.RateLimit)}, nil
	})
}

// caller decides over a key as of now, however long ago it was read.
func (k *Keys) caller(ctx context.Context, found *record, publishable bool) (Caller, error) {
	key := &found.key
	if key.RevokedAt != nil || key.ExpiresAt != nil && !key.ExpiresAt.After(k.Now()) {
		return Caller{}, invalid()
	}
	k.used(ctx, key.ID)
	return Caller{MerchantID: key.MerchantID, KeyID: key.ID, Publishable: publishable, RateLimit: found.rateLimit}, nil
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
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
