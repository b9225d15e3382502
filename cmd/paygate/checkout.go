package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"paygate/checkout"
	"paygate/checkout/shop"
	"paygate/merchants"
)

// demoCheckoutSecret signs what the payment page reports of the demo merchant's payments.
const demoCheckoutSecret = "checkout_secret_test_abc123"

type checkoutCommand struct {
	CheckoutAddr        address `name:"checkout-addr" env:"PAYGATE_CHECKOUT_ADDR" default:":3001" group:"Servers" help:"Where checkout.js and the payment page are served."`
	tlsSettings         `embed:""`
	gatewaySettings     `embed:""`
	developmentSettings `embed:""`
}

func (c *checkoutCommand) run(ctx context.Context, io streams) error {
	logger := c.logger(io.err)
	presented, err := c.certificate(logger)
	if err != nil {
		return err
	}
	return runProcess(ctx, func(p *process) error {
		g, err := p.openGateway(ctx, c.gatewaySettings, gatewayOptions{role: "checkout", development: c.Development, logger: logger})
		if err != nil {
			return err
		}
		if _, err := p.serveAdmin(ctx, c.adminSettings, logger); err != nil {
			return err
		}
		listener, err := p.listenPublic(ctx, c.CheckoutAddr, "PAYGATE_CHECKOUT_ADDR", presented)
		if err != nil {
			return err
		}
		p.serveCheckout(listener, g, c.Development)
		logger.LogAttrs(ctx, slog.LevelInfo, "checkout is serving", slog.String("addr", listener.Addr().String()))
		return nil
	})
}

// serveCheckout serves the script and the payment page. In development, pages on this machine may show it,
// whoever's they are.
func (p *process) serveCheckout(listener net.Listener, g *gateway, development bool) {
	server := checkout.New(checkout.Options{
		DB: g.pool, Payments: g.payments, Keys: &merchants.Keys{DB: g.pool, Now: time.Now},
		Storefronts:  &merchants.Storefronts{DB: g.pool, Keyring: g.keyring, Now: now},
		Fingerprints: g.fingerprints, Logger: g.logger, Actions: g.simulator, AllowLoopback: development, Metrics: p.metrics,
		Tracing: p.tracing,
	})
	p.onStop(func(context.Context) error { server.Close(); return nil })
	p.serve(listener, server, g.logger, server.Close)
}

// demoShop is a shop of the demo merchant, with the payment page of checkoutURL.
func demoShop(checkoutURL string) http.Handler {
	return shop.New(shop.Options{CheckoutURL: checkoutURL, Key: demoKey, OrderID: demoOrder, Secret: demoCheckoutSecret})
}
