package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"paygate/db"
	"paygate/db/local"
	"paygate/httpapi"
)

// devDir keeps the data of dev, in the folder it is started in.
const devDir = ".paygate"

func postgresDir() string { return filepath.Join(devDir, "postgres") }

// findDev returns the URL of the Postgres of the dev that runs in this folder.
func findDev() (string, error) { return local.Find(postgresDir()) }

type devCommand struct {
	gatewaySettings  `embed:""`
	rescueSettings   `embed:""`
	receiverSettings `embed:""`
	APIAddr          string `name:"api-addr" env:"PAYGATE_API_ADDR" default:"127.0.0.1:8000" group:"Servers" help:"Where the API listens."`
	SandboxOpen      bool   `name:"sandbox-open" env:"PAYGATE_SANDBOX_OPEN" default:"true" negatable:"" group:"API" help:"Treat a request without credentials as the demo merchant."`
}

// loopback is what dev opens to webhooks, since its receiver is there.
const loopback = "127.0.0.0/8,::1/128"

func (c *devCommand) run(ctx context.Context, io streams) (err error) {
	begin := time.Now()
	c.Development = true
	if c.AllowCIDRs == "" {
		c.AllowCIDRs = loopback
	}
	logger, closeLog, err := devLogger(c.logSettings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()

	// Ports first: when one is taken, nothing else has been started.
	api, err := listen(ctx, c.APIAddr, "PAYGATE_API_ADDR")
	if err != nil {
		return devRunning(err)
	}
	storage, err := startStorage(ctx, c, logger)
	if err != nil {
		_ = api.Close()
		return err
	}
	defer func() { err = errors.Join(err, storage.stop(context.WithoutCancel(ctx))) }()

	g, err := c.prepare(ctx, logger)
	if err != nil {
		_ = api.Close()
		return err
	}
	defer func() { err = errors.Join(err, g.close(context.WithoutCancel(ctx))) }()

	sandbox, err := sandboxSettings{c.SandboxOpen}.merchant(true)
	if err != nil {
		return err
	}
	apiURL := "http://" + shown(api.Addr())
	if err := c.announce(io.out, apiURL, time.Since(begin)); err != nil {
		return err
	}
	return together(ctx,
		func(ctx context.Context) error { return serve(ctx, api, httpapi.New(g.api(sandbox)), logger) },
		func(ctx context.Context) error { return g.work(ctx, c.RescueAfter) },
		func(ctx context.Context) error { return c.receiverSettings.serve(ctx, io, logger, apiURL) },
		func(ctx context.Context) error { return serveAdmin(ctx, c.AdminAddr, logger) },
		storage.watch,
	)
}

// prepare migrates, seeds and wires.
func (c *devCommand) prepare(ctx context.Context, logger *slog.Logger) (*gateway, error) {
	pool, err := c.databaseSettings.open(ctx, "dev", true)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if err := db.Migrate(ctx, pool); err != nil {
		return nil, err
	}
	keys, err := c.keyring()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(c.ReceiverAddr)
	if err != nil {
		return nil, usagef("PAYGATE_RECEIVER_ADDR: %w", err)
	}
	if err := seed(ctx, pool, keys, "http://localhost:"+port+demoEndpointPath); err != nil {
		return nil, err
	}
	return openGateway(ctx, c.gatewaySettings, "dev", logger)
}

// announce prints where everything is and what to try first.
func (c *devCommand) announce(out io.Writer, apiURL string, took time.Duration) error {
	return say(out, `
Paygate is running (ready in %s; data in %s; log in %s).

  API        %s/api/v1    contract: %s/openapi.yaml
  Webhooks   http://%s            what the demo merchant receives
  Admin      http://%s            health, profiles

  Demo keys  %s / %s

Try a payment:

  curl -X POST %s/api/v1/payments \
    -H "Content-Type: application/json" -H "Idempotency-Key: first" \
    -d '{"amount": 50000, "currency": "INR"}'

Its webhooks appear below. Stop with Ctrl-C.

`, took.Round(10*time.Millisecond), devDir, devLog, apiURL, apiURL, c.ReceiverAddr, c.AdminAddr, demoKey, demoSecret, apiURL)
}

// shown is an address as one would type it.
func shown(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// devLog is where dev logs: its terminal is for what a person wants to see.
var devLog = filepath.Join(devDir, "paygate.log")

func devLogger(settings logSettings) (*slog.Logger, func() error, error) {
	if err := os.MkdirAll(devDir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("error making %s: %w", devDir, err)
	}
	file, err := os.OpenFile(devLog, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("error opening the log: %w", err)
	}
	return settings.logger(file), file.Close, nil
}

// devRunning says it plainly when the port is taken because another dev runs in this folder.
func devRunning(err error) error {
	if _, running := findDev(); running == nil {
		return fmt.Errorf("another `paygate dev` is running in this folder: stop it first")
	}
	return err
}
