package main

import (
	"context"
	"time"

	"github.com/google/uuid"

	"paygate/merchants"
)

// originsCommand is what a merchant's payment page needs to be told.
type originsCommand struct {
	List   originsList   `cmd:"" help:"List the origins of a merchant, and show the secret that signs what its payment page reports."`
	Add    originsAdd    `cmd:"" help:"Let the pages of an origin show the payment page."`
	Remove originsRemove `cmd:"" help:"Take that back."`
	Rotate originsRotate `cmd:"" help:"Make a new secret for what the payment page reports, and show it."`
}

// originsSettings is what all of them take.
type originsSettings struct {
	databaseSettings    `embed:"" group:"Storage"`
	secretSettings      `embed:"" group:"Secrets"`
	developmentSettings `embed:""`
	Merchant            string `name:"merchant" required:"" placeholder:"UUID" help:"The merchant's id."`
}

// with runs do with the merchant's storefront.
func (s originsSettings) with(ctx context.Context, do func(storefronts *merchants.Storefronts, merchantID uuid.UUID) error) error {
	merchantID, err := uuid.Parse(s.Merchant)
	if err != nil {
		return usagef("--merchant: %q is no merchant's id", s.Merchant)
	}
	keys, err := s.keyring(s.Development || s.DatabaseURL == "") // without a URL it is dev's database
	if err != nil {
		return err
	}
	pool, err := s.open(ctx, "origins", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	storefronts := &merchants.Storefronts{DB: pool, Keyring: keys, Now: now}
	if _, err := storefronts.Branding(ctx, merchantID); err != nil {
		return err
	}
	return do(storefronts, merchantID)
}

type originsList struct {
	originsSettings `embed:""`
}

func (c *originsList) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(storefronts *merchants.Storefronts, merchantID uuid.UUID) error {
		origins, err := storefronts.Origins(ctx, merchantID)
		if err != nil {
			return err
		}
		secret, err := storefronts.CheckoutSecret(ctx, merchantID)
		if err != nil {
			return err
		}
		for _, origin := range origins {
			if err := say(io.out, "%s\n", origin); err != nil {
				return err
			}
		}
		return say(io.out, "checkout secret: %s\n", secret)
	})
}

type originsAdd struct {
	originsSettings `embed:""`
	Origin          string `arg:"" help:"Scheme and host, as https://shop.example."`
}

func (c *originsAdd) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(storefronts *merchants.Storefronts, merchantID uuid.UUID) error {
		if err := storefronts.AddOrigin(ctx, merchantID, c.Origin); err != nil {
			return err
		}
		return say(io.out, "Pages of %s may show the payment page.\n", c.Origin)
	})
}

type originsRemove struct {
	originsSettings `embed:""`
	Origin          string `arg:"" help:"Scheme and host, as https://shop.example."`
}

func (c *originsRemove) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(storefronts *merchants.Storefronts, merchantID uuid.UUID) error {
		if err := storefronts.RemoveOrigin(ctx, merchantID, c.Origin); err != nil {
			return err
		}
		return say(io.out, "Pages of %s may not show the payment page any more.\n", c.Origin)
	})
}

type originsRotate struct {
	originsSettings `embed:""`
	After           time.Duration `name:"after" default:"24h" min:"0s" max:"720h" help:"When the new secret begins to sign. Until then the merchant's server has to learn to accept both."`
}

func (c *originsRotate) run(ctx context.Context, io streams) error {
	return c.with(ctx, func(storefronts *merchants.Storefronts, merchantID uuid.UUID) error {
		from := now().Add(c.After)
		secret, err := storefronts.RotateCheckoutSecret(ctx, merchantID, from)
		if err != nil {
			return err
		}
		return say(io.out, "checkout secret from %s on: %s\n", from.Format(time.RFC3339), secret)
	})
}
