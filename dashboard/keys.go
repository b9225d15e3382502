package dashboard

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/merchants"
	"paygate/wire"
)

// maxKeyName bounds the name of a key, in characters.
const maxKeyName = 100

// maxOverlap bounds how long a key goes on working beside the one that replaces it.
const maxOverlap = 7 * 24 * time.Hour

type keyView struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	CreatedAt wire.Time  `json:"created_at"`
	ExpiresAt *wire.Time `json:"expires_at"`
	RevokedAt *wire.Time `json:"revoked_at"`
	// LastUsedAt is exact to a minute.
	LastUsedAt *wire.Time `json:"last_used_at"`
	// Secret is in the answer that made the key, and nowhere else.
	Secret string `json:"secret,omitzero"`
}

func (s *Server) listKeys(c *call) (any, error) {
	rows, err := dbsqlc.New().DashboardKeyList(c.Context(), s.DB, c.person.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("error listing keys: %w", err)
	}
	keys := make([]keyView, len(rows))
	for i, row := range rows {
		keys[i] = keyView{ID: row.ID, Name: row.Name, CreatedAt: wire.Time(row.CreatedAt), ExpiresAt: (*wire.Time)(row.ExpiresAt), RevokedAt: (*wire.Time)(row.RevokedAt), LastUsedAt: (*wire.Time)(row.LastUsedAt)}
	}
	return keys, nil
}

func (s *Server) createKey(c *call) (any, error) {
	var req struct {
		Name string `json:"name"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	name := strings.TrimSpace(req.Name)
	if n := utf8.RuneCountInString(name); n == 0 || n > maxKeyName {
		return nil, fault.On(fault.InvalidValue, "name", "A name has 1 to %d characters.", maxKeyName)
	}
	var made *keyView
	err := db.InTx(c.Context(), s.DB, func(tx pgx.Tx) (err error) {
		made, err = s.insertKey(c, tx, name)
		if err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "key_created", made.ID)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (s *Server) insertKey(c *call, tx pgx.Tx, name string) (*keyView, error) {
	random := make([]byte, 8+24)
	_, _ = rand.Read(random) // crypto/rand never fails (Go 1.24)
	key := &keyView{ID: "key_" + hex.EncodeToString(random[:8]), Name: name, Secret: "secret_" + hex.EncodeToString(random[8:]), CreatedAt: wire.Time(s.Now())}
	if err := dbsqlc.New().DashboardKeyInsert(c.Context(), tx, &dbsqlc.DashboardKeyInsertParams{
		ID: key.ID, MerchantID: c.person.MerchantID, Name: name, SecretHash: merchants.HashSecret(key.Secret), CreatedAt: s.Now(),
	}); err != nil {
		return nil, fmt.Errorf("error storing a key: %w", err)
	}
	return key, nil
}

// rotateKey makes a key in the place of another, which works on for a while.
func (s *Server) rotateKey(c *call) (any, error) {
	var req struct {
		OverlapHours int64 `json:"overlap_hours"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	overlap := time.Duration(req.OverlapHours) * time.Hour
	if req.OverlapHours < 0 || req.OverlapHours > int64(maxOverlap/time.Hour) {
		return nil, fault.On(fault.InvalidValue, "overlap_hours", "The old key can go on for 0 to %d hours.", int64(maxOverlap/time.Hour))
	}
	var made *keyView
	err := db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		old, err := dbsqlc.New().DashboardKeyGet(c.Context(), tx, &dbsqlc.DashboardKeyGetParams{MerchantID: c.person.MerchantID, ID: c.PathValue("id")})
		if errors.Is(err, pgx.ErrNoRows) {
			return noKey()
		}
		if err != nil {
			return fmt.Errorf("error reading a key: %w", err)
		}
		expired, err := dbsqlc.New().DashboardKeyExpire(c.Context(), tx, &dbsqlc.DashboardKeyExpireParams{
			MerchantID: c.person.MerchantID, ID: old.ID, Now: s.Now(), Until: s.Now().Add(overlap),
		})
		if err != nil {
			return fmt.Errorf("error letting a key expire: %w", err)
		}
		if expired == 0 {
			return fault.New(fault.InvalidValue, "This key works no more. Create a new one.")
		}
		if made, err = s.insertKey(c, tx, old.Name); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "key_rotated", old.ID+" → "+made.ID)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func (s *Server) revokeKey(c *call) (any, error) {
	return nil, db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		id := c.PathValue("id")
		revoked, err := dbsqlc.New().DashboardKeyRevoke(c.Context(), tx, &dbsqlc.DashboardKeyRevokeParams{MerchantID: c.person.MerchantID, ID: id, Now: s.Now()})
		if err != nil {
			return fmt.Errorf("error revoking a key: %w", err)
		}
		if revoked == 0 {
			return noKey()
		}
		return s.note(c.Request, tx, c.person, "key_revoked", id)
	})
}

func noKey() error { return fault.New(fault.NotFound, "There is no live key with this id.") }
