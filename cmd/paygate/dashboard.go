package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path"
	"path/filepath"
	"strings"

	"paygate/dashboard"
	"paygate/gate"
	"paygate/httpapi"
	"paygate/merchants"
)

// dashboardSettings is how the dashboard is reached.
type dashboardSettings struct {
	DashboardPrefix pathPrefix `name:"dashboard-prefix" env:"PAYGATE_DASHBOARD_PREFIX" placeholder:"/PATH" group:"Servers" help:"Path below which a proxy shows the dashboard, as /pay; the root when it is not given."`
}

// pathPrefix is a path without a slash at its end; "" is the root.
type pathPrefix string

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *pathPrefix) UnmarshalText(text []byte) error {
	prefix := strings.TrimRight(string(text), "/")
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/"
	if prefix != "" && (prefix[0] != '/' || strings.Trim(prefix, letters) != "" || path.Clean(prefix) != prefix) {
		return fmt.Errorf("%q is not a path such as /pay", text)
	}
	*p = pathPrefix(prefix)
	return nil
}

type dashboardCommand struct {
	DashboardAddr       address `name:"dashboard-addr" env:"PAYGATE_DASHBOARD_ADDR" default:":3000" group:"Servers" help:"Where the dashboard listens."`
	dashboardSettings   `embed:""`
	tlsSettings         `embed:""`
	gatewaySettings     `embed:""`
	redisSettings       `embed:"" group:"Storage"`
	replicaSettings     `embed:"" group:"Storage"`
	developmentSettings `embed:""`
	RateLimit           gate.Rate `name:"rate-limit" env:"RATE_LIMIT" default:"100/s" placeholder:"RATE" group:"API" help:"What the API allows each key. An owner may set less for their merchant under Settings; more is for the operator to give."`
	APIURL              webURL    `name:"api-url" env:"PAYGATE_API_URL" default:"http://localhost:8000" group:"Servers" help:"Where merchants' servers reach the API, without a path; pages show it."`
	CheckoutURL         webURL    `name:"checkout-url" env:"PAYGATE_CHECKOUT_URL" default:"http://localhost:3001" group:"Servers" help:"Where customers reach the checkout, without a path; pages show it."`
}

func (c *dashboardCommand) run(ctx context.Context, io streams) error {
	if c.RedisURL.options == nil {
		return usagef("REDIS_URL is not set: give one such as redis://localhost:6379/0")
	}
	if err := c.trust(); err != nil {
		return err
	}
	logger := c.logger(io.err)
	presented, err := c.certificate(logger)
	if err != nil {
		return err
	}
	return runProcess(ctx, func(p *process) error {
		g, err := p.openGateway(ctx, c.gatewaySettings, gatewayOptions{role: "dashboard", development: c.Development, replica: c.replicaSettings, logger: logger})
		if err != nil {
			return err
		}
		if _, err := p.serveAdmin(ctx, c.adminSettings, logger); err != nil {
			return err
		}
		listener, err := p.listenPublic(ctx, c.DashboardAddr, "PAYGATE_DASHBOARD_ADDR", presented)
		if err != nil {
			return err
		}
		logger.LogAttrs(ctx, slog.LevelInfo, "dashboard listens", slog.String("addr", listener.Addr().String()))
		api := p.apiOptions(g, c.redisSettings, false)
		api.RateLimit = c.RateLimit
		return p.serveDashboard(ctx, listener, g, api, dashboardOptions{
			prefix: c.DashboardPrefix, secure: !c.Development, apiURL: string(c.APIURL), checkoutURL: string(c.CheckoutURL),
		})
	})
}

// dashboardOptions is what differs between the role and dev.
type dashboardOptions struct {
	prefix pathPrefix
	// secure says that browsers come by TLS.
	secure              bool
	apiURL, checkoutURL string
	// shopURL is where dev shows its shop.
	shopURL string
}

// serveDashboard serves it over the same API that keys reach, with sessions in their place.
func (p *process) serveDashboard(ctx context.Context, listener net.Listener, g *gateway, api httpapi.Options, opts dashboardOptions) error {
	sessions := &dashboard.Sessions{DB: g.pool, Now: now, Secure: opts.secure, Prefix: string(opts.prefix)}
	limit := api.RateLimit
	api.Authenticate, api.Sandbox, api.Name = sessions.Caller, nil, "dashboard"
	server, err := dashboard.New(dashboard.Options{
		DB: g.pool, Reads: g.reads, Sessions: sessions, API: httpapi.New(api), Endpoints: g.endpoints, Queue: g.queue, Logger: g.logger, Now: now,
		Storefronts: &merchants.Storefronts{DB: g.pool, Keyring: g.keyring, Now: now}, RateLimit: limit,
		APIURL: strings.TrimRight(opts.apiURL, "/"), CheckoutURL: strings.TrimRight(opts.checkoutURL, "/"), ShopURL: opts.shopURL,
		Prefix: string(opts.prefix), Metrics: p.metrics,
	})
	if err != nil {
		return err
	}
	if err := server.Start(ctx); err != nil {
		return err
	}
	p.onStop(server.Close)
	p.serve(listener, server, g.logger, server.Disconnect)
	return nil
}

// devPassword is that of the person whom dev lets sign in: made once, and kept with dev's other data.
func devPassword() (string, error) {
	file := filepath.Join(devDir, "dashboard-password")
	text, err := os.ReadFile(file)
	if err == nil && dashboard.CheckPassword(strings.TrimSpace(string(text))) == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("error reading %s: %w", file, err)
	}
	password := dashboard.GeneratePassword()
	if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("error writing %s: %w", file, err)
	}
	return password, nil
}

// seedDashboardUser lets the demo merchant's person sign in, and returns the password. Only a dashboard that
// nobody else can reach gets that person: for another listener it returns "".
func seedDashboardUser(ctx context.Context, g *gateway, listener net.Listener) (string, error) {
	if !onLoopback(listener) {
		return "", nil
	}
	password, err := devPassword()
	if err != nil {
		return "", err
	}
	return password, dashboard.EnsureUser(ctx, g.pool, dashboard.NewUser{
		MerchantID: demoMerchant, Email: demoEmail, Role: dashboard.RoleOwner, Operator: true, Password: password,
	}, now())
}
