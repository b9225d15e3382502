package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"paygate/httpapi"
	"paygate/webhooks/receiver"
)

// sandboxSettings opens the API to requests without credentials.
type sandboxSettings struct {
	SandboxOpen bool `name:"sandbox-open" env:"PAYGATE_SANDBOX_OPEN" group:"API" help:"Treat a request without credentials as the demo merchant. Never in production."`
}

func (s sandboxSettings) merchant(development bool) (*uuid.UUID, error) {
	if !s.SandboxOpen {
		return nil, nil
	}
	if !development {
		return nil, usagef("PAYGATE_SANDBOX_OPEN lets anybody act for the demo merchant: it needs PAYGATE_DEVELOPMENT=true")
	}
	return new(demoMerchant), nil
}

type apiCommand struct {
	gatewaySettings `embed:""`
	sandboxSettings `embed:""`
	APIAddr         string `name:"api-addr" env:"PAYGATE_API_ADDR" default:":8000" group:"Servers" help:"Where the API listens."`
}

func (c *apiCommand) run(ctx context.Context, io streams) error {
	logger := c.logger(io.err)
	sandbox, err := c.merchant(c.Development)
	if err != nil {
		return err
	}
	g, err := openGateway(ctx, c.gatewaySettings, "api", logger)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, c.APIAddr, "PAYGATE_API_ADDR")
	if err == nil {
		logger.LogAttrs(ctx, slog.LevelInfo, "api is serving", slog.String("addr", listener.Addr().String()))
		err = together(ctx,
			func(ctx context.Context) error { return serve(ctx, listener, httpapi.New(g.api(sandbox)), logger) },
			func(ctx context.Context) error { return serveAdmin(ctx, c.AdminAddr, logger) },
		)
	}
	return errors.Join(err, g.close(context.WithoutCancel(ctx)))
}

// rescueSettings is how soon a crashed worker's jobs run again.
type rescueSettings struct {
	RescueAfter time.Duration `name:"river-rescue-after" env:"RIVER_RESCUE_AFTER" default:"2m" group:"Workers" help:"After how long a crashed worker's job runs again; more than 1m."`
}

type workerCommand struct {
	gatewaySettings `embed:""`
	rescueSettings  `embed:""`
}

func (c *workerCommand) run(ctx context.Context, io streams) error {
	logger := c.logger(io.err)
	g, err := openGateway(ctx, c.gatewaySettings, "worker", logger)
	if err != nil {
		return err
	}
	err = together(ctx,
		func(ctx context.Context) error { return g.work(ctx, c.RescueAfter) },
		func(ctx context.Context) error { return serveAdmin(ctx, c.AdminAddr, logger) },
	)
	return errors.Join(err, g.close(context.WithoutCancel(ctx)))
}

// receiverSettings is the webhook test server.
type receiverSettings struct {
	ReceiverAddr    string   `name:"receiver-addr" env:"PAYGATE_RECEIVER_ADDR" default:"127.0.0.1:4000" group:"Servers" help:"Where the webhook test server listens."`
	ReceiverSecrets []string `name:"receiver-secret" env:"PAYGATE_RECEIVER_SECRETS" default:"${demo_webhook_secret}" group:"Webhooks" help:"Endpoint secrets to check signatures with; the demo endpoint's by default."`
}

type receiverCommand struct {
	receiverSettings `embed:""`
	logSettings      `embed:"" group:"Logging"`
}

func (c *receiverCommand) run(ctx context.Context, io streams) error {
	return c.serve(ctx, io, c.logger(io.err), "")
}

func (c *receiverSettings) serve(ctx context.Context, io streams, logger *slog.Logger, apiURL string) error {
	listener, err := listen(ctx, c.ReceiverAddr, "PAYGATE_RECEIVER_ADDR")
	if err != nil {
		return err
	}
	server := receiver.New(receiver.Options{Secrets: c.ReceiverSecrets, Output: io.out, Logger: logger, APIURL: apiURL})
	logger.LogAttrs(ctx, slog.LevelInfo, "webhook receiver is serving", slog.String("addr", listener.Addr().String()))
	return serve(ctx, listener, server, logger, server.Close)
}

type migrateCommand struct {
	databaseSettings `embed:"" group:"Storage"`
}

func (c *migrateCommand) run(ctx context.Context, io streams) error {
	pool, err := c.open(ctx, "migrate", true)
	if err != nil {
		return err
	}
	defer pool.Close()
	return migrate(ctx, pool, io.out)
}
