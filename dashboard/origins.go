package dashboard

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/merchants"
)

// addOrigin lets the pages of a site show the payment page.
func (s *Server) addOrigin(c *call) (any, error) {
	return nil, s.changeOrigin(c, "origin_added", (*merchants.Storefronts).AddOrigin)
}

func (s *Server) removeOrigin(c *call) (any, error) {
	return nil, s.changeOrigin(c, "origin_removed", (*merchants.Storefronts).RemoveOrigin)
}

func (s *Server) changeOrigin(c *call, action string, change func(*merchants.Storefronts, context.Context, uuid.UUID, string) error) error {
	var req struct {
		Origin string `json:"origin"`
	}
	if err := decode(c.Request, &req); err != nil {
		return err
	}
	return db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		if err := change(s.Storefronts.In(tx), c.Context(), c.person.MerchantID, req.Origin); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, action, req.Origin)
	})
}

// revealCheckoutSecret shows the secret that signs what the payment page reports, and notes who saw it.
func (s *Server) revealCheckoutSecret(c *call) (any, error) {
	var secret string
	err := db.InTx(c.Context(), s.DB, func(tx pgx.Tx) (err error) {
		if err := s.note(c.Request, tx, c.person, "secret_revealed", "checkout"); err != nil {
			return err
		}
		secret, err = s.Storefronts.In(tx).CheckoutSecret(c.Context(), c.person.MerchantID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{"secret": secret}, nil
}
