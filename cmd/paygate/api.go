package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"paygate/fault"
	"paygate/gate"
	"paygate/httpapi"
	"paygate/merchants"
	"paygate/webhooks"
)

type apiCommand struct {
	APIAddr             address `name:"api-addr" env:"PAYGATE_API_ADDR" default:":8000" group:"Servers" help:"Where the API listens."`
	tlsSettings         `embed:""`
	gatewaySettings     `embed:""`
	redisSettings       `embed:"" group:"Storage"`
	developmentSettings `embed:""`
	RateLimit           gate.Rate `name:"rate-limit" env:"RATE_LIMIT" default:"100/s" placeholder:"RATE" group:"API" help:"Requests of each key, those that read and those that write apart: 100/s, 6000/m or 20000/h, or 0 for no limit. A merchant's own limit wins."`
	SandboxOpen         bool      `name:"sandbox-open" env:"PAYGATE_SANDBOX_OPEN" group:"API" help:"Treat a request without credentials as the demo merchant. Never in production."`
}

func (c *apiCommand) run(ctx context.Context, io streams) error {
	if c.SandboxOpen && !c.Development {
		return usagef("PAYGATE_SANDBOX_OPEN lets anybody act for the demo merchant: it needs PAYGATE_DEVELOPMENT=true")
	}
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
		g, err := p.openGateway(ctx, c.gatewaySettings, gatewayOptions{role: "api", development: c.Development, logger: logger})
		if err != nil {
			return err
		}
		if !c.Development {
			if err := refuseDemoKey(ctx, g); err != nil {
				return err
			}
		}
		if _, err := p.serveAdmin(ctx, c.adminSettings, logger); err != nil {
			return err
		}
		listener, err := p.listenPublic(ctx, c.APIAddr, "PAYGATE_API_ADDR", presented)
		if err != nil {
			return err
		}
		p.serve(listener, p.api(g, c.redisSettings, c.RateLimit, c.SandboxOpen), logger)
		logger.LogAttrs(ctx, slog.LevelInfo, "api is serving", slog.String("addr", listener.Addr().String()))
		return nil
	})
}

// refuseDemoKey fails when the database would let in whoever has read our documents.
func refuseDemoKey(ctx context.Context, g *gateway) error {
	keys := &merchants.Keys{DB: g.pool, Now: time.Now}
	_, err := keys.BySecret(ctx, demoSecret)
	switch {
	case fault.CodeOf(err) == fault.CredentialsInvalid:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("the database accepts the key %s, whose secret everybody knows: revoke it, or set PAYGATE_DEVELOPMENT=true to try things out", demoKey)
}

// api is the REST API over a gateway; the process closes what it opens.
func (p *process) api(g *gateway, s redisSettings, limit gate.Rate, sandboxOpen bool) http.Handler {
	options := p.apiOptions(g, s, sandboxOpen)
	options.RateLimit = limit
	return httpapi.New(options)
}

// apiOptions is what the REST API needs of a gateway.
func (p *process) apiOptions(g *gateway, s redisSettings, sandboxOpen bool) httpapi.Options {
	var sandbox *uuid.UUID
	if sandboxOpen {
		sandbox = new(demoMerchant)
	}
	return httpapi.Options{
		DB: g.pool, Gate: p.openGate(s, g.logger), Payments: g.payments, Events: &webhooks.Events{DB: g.reads}, Endpoints: g.endpoints,
		Deliveries: &webhooks.Log{DB: g.reads, Queue: g.queue, Now: now}, Keys: &merchants.Keys{DB: g.pool, Now: time.Now},
		Fingerprints: g.fingerprints, Logger: g.logger, Now: now, Sandbox: sandbox, Metrics: p.metrics, Tracing: p.tracing,
	}
}
