package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"paygate/db"
	"paygate/gate"
	"paygate/httpapi"
)

type devCommand struct {
	APIAddr           address `name:"api-addr" env:"PAYGATE_API_ADDR" default:"127.0.0.1:8000" group:"Servers" help:"Where the API listens."`
	CheckoutAddr      address `name:"checkout-addr" env:"PAYGATE_CHECKOUT_ADDR" default:"127.0.0.1:3001" group:"Servers" help:"Where checkout.js and the payment page are served."`
	ShopAddr          address `name:"shop-addr" env:"PAYGATE_SHOP_ADDR" default:"127.0.0.1:3002" group:"Servers" help:"Where the demo shop listens."`
	DashboardAddr     address `name:"dashboard-addr" env:"PAYGATE_DASHBOARD_ADDR" default:"127.0.0.1:3000" group:"Servers" help:"Where the dashboard listens."`
	dashboardSettings `embed:""`
	receiverSettings  `embed:""`
	gatewaySettings   `embed:""`
	redisSettings     `embed:"" group:"Storage"`
	workerSettings    `embed:""`
	RateLimit         gate.Rate `name:"rate-limit" env:"RATE_LIMIT" default:"1000/s" placeholder:"RATE" group:"API" help:"Requests of each key, those that read and those that write apart: 100/s, 6000/m or 20000/h, or 0 for no limit. A merchant's own limit wins."`
	SandboxOpen       bool      `name:"sandbox-open" env:"PAYGATE_SANDBOX_OPEN" default:"true" negatable:"" group:"API" help:"Treat a request without credentials as the demo merchant."`
}

// devServers are where dev listens, before it serves.
type devServers struct {
	api, checkout, dashboard, receiver, shop net.Listener
	adminURL                                 string
}

func (c *devCommand) run(ctx context.Context, io streams) error {
	begin := time.Now()
	if err := errors.Join(c.check(), c.direct("dev")); err != nil {
		return err
	}
	if err := c.trust(); err != nil {
		return err
	}
	if c.AllowCIDRs == nil {
		c.AllowCIDRs = loopback
	}
	return runProcess(ctx, func(p *process) error {
		logger, err := p.openDevDir(c.logSettings)
		if err != nil {
			return err
		}
		// Ports first: when one is taken, nothing else has been started.
		servers, err := c.listen(ctx, p, logger)
		if err != nil {
			return err
		}
		tour := &tour{
			api: urlOf(servers.api), checkout: urlOf(servers.checkout), dashboard: urlOf(servers.dashboard) + string(c.DashboardPrefix),
			receiver: urlOf(servers.receiver), shop: urlOf(servers.shop), admin: servers.adminURL,
			embeddedPostgres: c.DatabaseURL == "", embeddedRedis: c.RedisURL.options == nil,
			sandboxOpen: c.SandboxOpen, exposed: !onLoopback(servers.api),
		}
		if err := p.startStorage(ctx, c, logger); err != nil {
			return err
		}
		if err := c.prepare(ctx, tour.receiver+demoEndpointPath, logger); err != nil {
			return err
		}
		out := newHeldWriter(io.out)
		if tour.password, err = c.start(ctx, p, servers, out, logger); err != nil {
			return err
		}
		if tour.readiness, err = awaitReady(ctx, tour.api); err != nil {
			return err
		}
		tour.took = time.Since(begin)
		logger.LogAttrs(ctx, slog.LevelInfo, "dev is ready", slog.Duration("took", tour.took))
		return out.release(tour.text())
	})
}

func (c *devCommand) listen(ctx context.Context, p *process, logger *slog.Logger) (s devServers, err error) {
	if s.api, err = p.listen(ctx, c.APIAddr, "PAYGATE_API_ADDR"); err != nil {
		return s, err
	}
	if s.dashboard, err = p.listen(ctx, c.DashboardAddr, "PAYGATE_DASHBOARD_ADDR"); err != nil {
		return s, err
	}
	if s.checkout, err = p.listen(ctx, c.CheckoutAddr, "PAYGATE_CHECKOUT_ADDR"); err != nil {
		return s, err
	}
	if s.shop, err = p.listen(ctx, c.ShopAddr, "PAYGATE_SHOP_ADDR"); err != nil {
		return s, err
	}
	// Another port than the default one is where customers find it.
	c.CheckoutURL = webURL(urlOf(s.checkout))
	if s.receiver, err = p.listen(ctx, c.ReceiverAddr, "PAYGATE_RECEIVER_ADDR"); err != nil {
		return s, err
	}
	s.adminURL, err = p.serveAdmin(ctx, c.adminSettings, logger)
	return s, err
}

// prepare migrates and seeds.
func (c *devCommand) prepare(ctx context.Context, receiverURL string, logger *slog.Logger) error {
	keys, err := c.keyring(true)
	if err != nil {
		return err
	}
	begin := time.Now()
	pool, err := c.open(ctx, "dev", true)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := db.Migrate(ctx, pool); err != nil {
		return err
	}
	migrated := time.Now()
	if err := seed(ctx, pool, keys, receiverURL); err != nil {
		return err
	}
	if err := followReceiver(ctx, pool, keys, receiverURL); err != nil {
		return err
	}
	logger.LogAttrs(ctx, slog.LevelInfo, "database is prepared",
		slog.Duration("migrating_took", migrated.Sub(begin)), slog.Duration("seeding_took", time.Since(migrated)))
	return nil
}

// start lets everything work, and returns the password of dev's person at the dashboard. The API comes last, so that it stops first; the receiver before the
// workers, so that their last deliveries arrive.
func (c *devCommand) start(ctx context.Context, p *process, servers devServers, out *heldWriter, logger *slog.Logger) (password string, err error) {
	g, err := p.openGateway(ctx, c.gatewaySettings, gatewayOptions{
		role: "dev", development: true, acquirer: c.acquirerSettings, lifetimes: c.lifetimeSettings, logger: logger,
	})
	if err != nil {
		return "", err
	}
	p.serveReceiver(servers.receiver, c.receiverSettings, out, logger, urlOf(servers.api))
	if err := p.startWorkers(ctx, g, c.workerSettings); err != nil {
		return "", err
	}
	if password, err = seedDashboardUser(ctx, g, servers.dashboard); err != nil {
		return "", err
	}
	api := p.apiOptions(g, c.redisSettings, c.SandboxOpen)
	api.RateLimit = c.RateLimit
	if err := p.serveDashboard(ctx, servers.dashboard, g, api, dashboardOptions{
		prefix: c.DashboardPrefix, apiURL: urlOf(servers.api), checkoutURL: urlOf(servers.checkout), shopURL: urlOf(servers.shop),
	}); err != nil {
		return "", err
	}
	p.serveCheckout(servers.checkout, g, true)
	p.serve(servers.shop, demoShop(urlOf(servers.checkout)), logger)
	p.serve(servers.api, httpapi.New(api), logger)
	return password, nil
}
