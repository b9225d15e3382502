package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/riverqueue/river"

	"paygate/httpapi"
	"paygate/idempotency"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/merchants"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

// gatewaySettings is what the API, the workers and dev have in common.
type gatewaySettings struct {
	databaseSettings `embed:"" group:"Storage"`
	redisSettings    `embed:"" group:"Storage"`
	secretSettings   `embed:"" group:"Secrets"`
	acquirerSettings `embed:"" group:"Simulated acquirer"`
	webhookSettings  `embed:"" group:"Webhooks"`
	logSettings      `embed:"" group:"Logging"`
	AdminAddr        string `name:"admin-addr" env:"PAYGATE_ADMIN_ADDR" default:"127.0.0.1:9090" group:"Servers" help:"Where health and profiles are served; empty for nowhere."`
}

// gateway is the domain, wired. One process has one, whatever roles it plays.
type gateway struct {
	pool       *pgxpool.Pool
	redis      *redis.Client
	queue      *river.Client[pgx.Tx]
	keyring    *keyring.Keyring
	guard      *webhooks.Guard
	schedule   webhooks.Schedule
	timeout    time.Duration
	acquirer   *processor.Simulator
	payments   *payments.Service
	endpoints  *webhooks.Endpoints
	logger     *slog.Logger
	fingerKeys *idempotency.Fingerprinter
}

// openGateway connects and wires. The caller closes it.
func openGateway(ctx context.Context, s gatewaySettings, role string, logger *slog.Logger) (g *gateway, err error) {
	g = &gateway{logger: logger, timeout: s.Timeout}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close(context.WithoutCancel(ctx)))
			g = nil
		}
	}()
	// All settings are checked before anything is opened, so that a bad one is the first thing said.
	if g.keyring, err = s.keyring(); err != nil {
		return g, err
	}
	if g.guard, err = s.guard(s.Development); err != nil {
		return g, err
	}
	if g.schedule, err = s.schedule(); err != nil {
		return g, err
	}
	if s.RedisURL == "" {
		return g, usagef("REDIS_URL is not set: give one such as redis://localhost:6379/0")
	}
	redisOptions, err := redis.ParseURL(s.RedisURL)
	if err != nil {
		return g, usagef("REDIS_URL: %w", err)
	}
	g.redis = redis.NewClient(redisOptions)
	if g.pool, err = s.databaseSettings.open(ctx, role, false); err != nil {
		return g, err
	}
	if g.queue, err = jobs.NewInserter(g.pool, logger); err != nil {
		return g, err
	}
	if g.acquirer, err = s.acquirerSettings.open(g.pool, logger); err != nil {
		return g, err
	}
	if g.fingerKeys, err = idempotency.LoadFingerprinter(ctx, g.pool, g.keyring); err != nil {
		return g, err
	}
	g.payments = payments.New(payments.Options{DB: g.pool, Acquirer: g.acquirer, Queue: g.queue, Now: time.Now})
	g.endpoints = &webhooks.Endpoints{DB: g.pool, Guard: g.guard, Keyring: g.keyring, Queue: g.queue, Now: now}
	return g, nil
}

// now is the clock of everything whose times are shown: as exact as what is shown.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// close ends what was opened, in the order in which one uses the other.
func (g *gateway) close(ctx context.Context) error {
	var errs []error
	if g.payments != nil {
		errs = append(errs, g.payments.Close(ctx))
	}
	if g.acquirer != nil {
		errs = append(errs, g.acquirer.Close(ctx))
	}
	if g.pool != nil {
		g.pool.Close()
	}
	if g.redis != nil {
		errs = append(errs, g.redis.Close())
	}
	return errors.Join(errs...)
}

// api is the options of the REST API over this gateway.
func (g *gateway) api(sandbox *uuid.UUID) httpapi.Options {
	return httpapi.Options{
		DB: g.pool, Redis: g.redis, Payments: g.payments, Events: &webhooks.Events{DB: g.pool}, Endpoints: g.endpoints,
		Deliveries: &webhooks.Log{DB: g.pool, Queue: g.queue, Now: now},
		Keys:       &merchants.Keys{DB: g.pool, Now: time.Now}, Fingerprints: g.fingerKeys, Logger: g.logger, Now: now, Sandbox: sandbox,
	}
}

// work runs the workers until ctx ends, then lets running jobs finish within a bound.
func (g *gateway) work(ctx context.Context, rescueAfter time.Duration) error {
	if rescueAfter <= jobs.JobTimeout {
		return usagef("RIVER_RESCUE_AFTER must be more than %s, the longest that a job may take", jobs.JobTimeout)
	}
	deliverer := webhooks.NewDeliverer(webhooks.DelivererOptions{
		DB: g.pool, Client: webhooks.NewClient(g.guard, g.timeout, now), Keyring: g.keyring, Queue: g.queue, Schedule: g.schedule, Now: now,
	})
	client, err := jobs.NewClient(jobs.Options{
		DB: g.pool, Payments: g.payments, Deliverer: deliverer, Endpoints: g.endpoints, Logger: g.logger, RescueAfter: rescueAfter,
	})
	if err != nil {
		return err
	}
	// River stops when the context of Start ends; it gets one of its own, so that the stop is
	// the graceful one below.
	background := context.WithoutCancel(ctx)
	if err := client.Start(background); err != nil {
		return fmt.Errorf("error starting the workers: %w", err)
	}
	g.logger.LogAttrs(ctx, slog.LevelInfo, "workers are running")
	<-ctx.Done()
	g.logger.LogAttrs(background, slog.LevelInfo, "workers are stopping")
	stopping, cancel := context.WithTimeout(background, drainTimeout)
	defer cancel()
	if err := client.Stop(stopping); err != nil {
		err = errors.Join(fmt.Errorf("error stopping the workers: %w", err), client.StopAndCancel(background))
		return errors.Join(err, deliverer.Close(background))
	}
	return deliverer.Close(background)
}
