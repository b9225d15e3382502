package dashboard

import (
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/fault"
	"paygate/webhooks"
)

// revealSecrets shows the secrets of an endpoint, and notes who saw them. The note comes first: what cannot be
// noted is not shown.
func (s *Server) revealSecrets(c *call) (any, error) {
	id := c.PathValue("id")
	if _, err := s.Endpoints.Get(c.Context(), c.person.MerchantID, id); err != nil {
		return nil, err
	}
	if err := s.note(c.Request, s.DB, c.person, "secret_revealed", id); err != nil {
		return nil, err
	}
	return s.Endpoints.Reveal(c.Context(), c.person.MerchantID, id)
}

// rotateSecret is that of the REST API, with its line in the audit log.
func (s *Server) rotateSecret(c *call) (any, error) {
	var req struct {
		OverlapHours int64 `json:"overlap_hours"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	if req.OverlapHours < 0 || req.OverlapHours > int64(webhooks.MaxOverlap/time.Hour) {
		return nil, fault.On(fault.InvalidValue, "overlap_hours", "The old secret can go on for 0 to %d hours.", int64(webhooks.MaxOverlap/time.Hour))
	}
	var rotated *webhooks.Endpoint
	err := db.InTx(c.Context(), s.DB, func(tx pgx.Tx) (err error) {
		id := c.PathValue("id")
		if rotated, err = s.Endpoints.Rotate(c.Context(), tx, c.person.MerchantID, id, time.Duration(req.OverlapHours)*time.Hour); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "secret_rotated", id)
	})
	if err != nil {
		return nil, err
	}
	return rotated, nil
}
