package dashboard

import (
	"fmt"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/gate"
)

type settingsView struct {
	Merchant struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"merchant"`
	// RateLimit is the merchant's own; null is RateLimitDefault.
	RateLimit        *string      `json:"rate_limit"`
	RateLimitDefault string       `json:"rate_limit_default"`
	FeeBPS           int32        `json:"fee_bps"`
	FeeFixed         int64        `json:"fee_fixed"`
	Branding         brandingView `json:"branding"`
	CheckoutOrigins  []string     `json:"checkout_origins"`
}

type brandingView struct {
	DisplayName *string `json:"display_name"`
	Accent      *string `json:"accent"`
	// Logo is where the picture is, relative to the dashboard; the hash lets browsers keep each.
	Logo *string `json:"logo"`
}

func (s *Server) readSettings(c *call) (any, error) {
	merchant, err := dbsqlc.New().DashboardMerchant(c.Context(), s.DB, c.person.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("error reading the merchant: %w", err)
	}
	brand, err := s.Storefronts.Branding(c.Context(), c.person.MerchantID)
	if err != nil {
		return nil, err
	}
	origins, err := s.Storefronts.Origins(c.Context(), c.person.MerchantID)
	if err != nil {
		return nil, err
	}
	view := &settingsView{
		RateLimit: merchant.RateLimit, RateLimitDefault: s.RateLimit.String(), FeeBPS: merchant.FeeBps, FeeFixed: merchant.FeeFixed,
		Branding: brandingView{DisplayName: orNull(brand.DisplayName), Accent: orNull(brand.Accent)}, CheckoutOrigins: origins,
	}
	view.Merchant.ID, view.Merchant.Name, view.Merchant.Email = merchant.ID.String(), merchant.Name, merchant.Email
	if brand.LogoHash != "" {
		view.Branding.Logo = new("data/settings/logo?v=" + brand.LogoHash)
	}
	return view, nil
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// setRateLimit lets an owner ask for less than the installation allows everybody; the limit protects the gateway, so more is for its
// operator to give.
func (s *Server) setRateLimit(c *call) (any, error) {
	var req struct {
		RateLimit *string `json:"rate_limit"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	target := "the installation’s"
	if req.RateLimit != nil {
		rate, err := gate.ParseRate(*req.RateLimit)
		if err != nil {
			return nil, fault.On(fault.InvalidValue, "rate_limit", "%s.", err)
		}
		if !c.person.Operator && exceeds(rate, s.RateLimit) {
			return nil, fault.On(fault.Forbidden, "rate_limit", "More than %s, or more at once, is for the operator of the gateway to give.", s.RateLimit)
		}
		target = rate.String()
	}
	return nil, db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		if err := dbsqlc.New().DashboardRateLimitSet(c.Context(), tx, &dbsqlc.DashboardRateLimitSetParams{ID: c.person.MerchantID, RateLimit: req.RateLimit}); err != nil {
			return fmt.Errorf("error storing a rate limit: %w", err)
		}
		return s.note(c.Request, tx, c.person, "rate_limit_changed", target)
	})
}

// exceeds tells whether a rate lets through more than a limit does, over time or at once.
func exceeds(rate, limit gate.Rate) bool {
	switch {
	case limit.IsZero():
		return false
	case rate.IsZero():
		return true
	}
	return rate.Requests > limit.Requests || rate.Requests*int64(limit.Per) > limit.Requests*int64(rate.Per)
}
