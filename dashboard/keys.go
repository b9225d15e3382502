package dashboard

import (
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/fault"
	"paygate/merchants"
	"paygate/wire"
)

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

func showKey(key *merchants.Key) *keyView {
	return &keyView{
		ID: key.ID, Name: key.Name, CreatedAt: wire.Time(key.CreatedAt),
		ExpiresAt: (*wire.Time)(key.ExpiresAt), RevokedAt: (*wire.Time)(key.RevokedAt),
		LastUsedAt: (*wire.Time)(key.LastUsedAt), Secret: key.Secret,
	}
}

func (s *Server) issuer() *merchants.Issuer { return &merchants.Issuer{Now: s.Now} }

func (s *Server) listKeys(c *call) (any, error) {
	keys, err := s.issuer().List(c.Context(), s.DB, c.person.MerchantID)
	if err != nil {
		return nil, err
	}
	views := make([]*keyView, len(keys))
	for i := range keys {
		views[i] = showKey(&keys[i])
	}
	return views, nil
}

func (s *Server) createKey(c *call) (any, error) {
	var req struct {
		Name string `json:"name"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	var made *merchants.Key
	err := db.InTx(c.Context(), s.DB, func(tx pgx.Tx) (err error) {
		if made, err = s.issuer().Create(c.Context(), tx, c.person.MerchantID, req.Name); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "key_created", made.ID)
	})
	if err != nil {
		return nil, err
	}
	return showKey(made), nil
}

// rotateKey makes a key in the place of another, which works on for a while.
func (s *Server) rotateKey(c *call) (any, error) {
	var req struct {
		OverlapHours int64 `json:"overlap_hours"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	if most := int64(merchants.MaxKeyOverlap / time.Hour); req.OverlapHours < 0 || req.OverlapHours > most {
		return nil, fault.On(fault.InvalidValue, "overlap_hours", "The old key can go on for 0 to %d hours.", most)
	}
	var made *merchants.Key
	err := db.InTx(c.Context(), s.DB, func(tx pgx.Tx) (err error) {
		old := c.PathValue("id")
		made, err = s.issuer().Rotate(c.Context(), tx, c.person.MerchantID, old, time.Duration(req.OverlapHours)*time.Hour)
		if err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "key_rotated", old+" → "+made.ID)
	})
	if err != nil {
		return nil, err
	}
	return showKey(made), nil
}

func (s *Server) revokeKey(c *call) (any, error) {
	return nil, db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		id := c.PathValue("id")
		if err := s.issuer().Revoke(c.Context(), tx, c.person.MerchantID, id); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "key_revoked", id)
	})
}
