package merchants

import (
	"context"
	"crypto/rand"
	"encoding/hex"
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

const (
	// MaxKeyOverlap bounds how long a key goes on working beside the one that replaces it.
	MaxKeyOverlap = 7 * 24 * time.Hour
	// maxKeyName bounds the name of a key, in characters.
	maxKeyName = 100
)

// Key is an API key without what it is checked by.
type Key struct {
	// ID is the publishable half.
	ID, Name  string
	CreatedAt time.Time
	// ExpiresAt and RevokedAt are nil for a key that goes on.
	ExpiresAt, RevokedAt *time.Time
	// LastUsedAt is exact to a minute; only List tells it.
	LastUsedAt *time.Time
	// Secret is set by what made the key, and nowhere else: only its hash is stored.
	Secret string
}

// Live tells whether the key is taken at a time.
func (k *Key) Live(at time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || k.ExpiresAt.After(at))
}

// Issuer gives out API keys and takes them back.
type Issuer struct{ Now func() time.Time }

// List returns a merchant's keys, newest first, those that work no more included.
func (i *Issuer) List(ctx context.Context, db dbsqlc.DBTX, merchantID uuid.UUID) ([]Key, error) {
	rows, err := dbsqlc.New().APIKeyList(ctx, db, merchantID)
	if err != nil {
		return nil, fmt.Errorf("error listing keys: %w", err)
	}
	keys := make([]Key, len(rows))
	for n, row := range rows {
		keys[n] = Key{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt, LastUsedAt: row.LastUsedAt}
	}
	return keys, nil
}

// Create makes a key. It fails with invalid_value for a name that is empty or too long.
func (i *Issuer) Create(ctx context.Context, tx dbsqlc.DBTX, merchantID uuid.UUID, name string) (*Key, error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxKeyName || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return nil, fault.On(fault.InvalidValue, "name", "A name has 1 to %d characters.", maxKeyName)
	}
	random := make([]byte, 8+24)
	_, _ = rand.Read(random) // crypto/rand never fails (Go 1.24)
	key := &Key{ID: "key_" + hex.EncodeToString(random[:8]), Name: name, Secret: "secret_" + hex.EncodeToString(random[8:]), CreatedAt: i.Now()}
	if err := dbsqlc.New().APIKeyInsert(ctx, tx, &dbsqlc.APIKeyInsertParams{
		ID: key.ID, MerchantID: merchantID, Name: name, SecretHash: HashSecret(key.Secret), CreatedAt: key.CreatedAt,
	}); err != nil {
		return nil, fmt.Errorf("error storing a key: %w", err)
	}
	return key, nil
}

// Rotate makes a key in the place of another, which works on for overlap. It fails with not_found, or with
// invalid_value for a key that works no more or an overlap out of bounds. tx is one transaction.
func (i *Issuer) Rotate(ctx context.Context, tx pgx.Tx, merchantID uuid.UUID, id string, overlap time.Duration) (*Key, error) {
	if overlap < 0 || overlap > MaxKeyOverlap {
		return nil, fault.On(fault.InvalidValue, "overlap", "The old key can go on for 0 to %d hours.", int(MaxKeyOverlap.Hours()))
	}
	queries := dbsqlc.New()
	old, err := queries.APIKeyGet(ctx, tx, &dbsqlc.APIKeyGetParams{MerchantID: merchantID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noKey()
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a key: %w", err)
	}
	expired, err := queries.APIKeyExpire(ctx, tx, &dbsqlc.APIKeyExpireParams{MerchantID: merchantID, ID: id, Now: i.Now(), Until: i.Now().Add(overlap)})
	if err != nil {
		return nil, fmt.Errorf("error letting a key expire: %w", err)
	}
	if expired == 0 {
		return nil, fault.New(fault.InvalidValue, "This key works no more. Create a new one.")
	}
	return i.Create(ctx, tx, merchantID, old.Name)
}

// Revoke ends a key at once. It fails with not_found.
func (i *Issuer) Revoke(ctx context.Context, tx dbsqlc.DBTX, merchantID uuid.UUID, id string) error {
	revoked, err := dbsqlc.New().APIKeyRevoke(ctx, tx, &dbsqlc.APIKeyRevokeParams{MerchantID: merchantID, ID: id, Now: i.Now()})
	if err != nil {
		return fmt.Errorf("error revoking a key: %w", err)
	}
	if revoked == 0 {
		return noKey()
	}
	return nil
}

func noKey() error { return fault.New(fault.NotFound, "There is no live key with this id.") }
