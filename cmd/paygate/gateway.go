package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/idempotency"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

// gatewaySettings is what the API, the workers and dev have in common.
type gatewaySettings struct {
	databaseSettings `embed:"" group:"Storage"`
	secretSettings   `embed:"" group:"Secrets"`
	endpointSettings `embed:"" group:"Webhooks"`
	adminSettings    `embed:"" group:"Servers"`
	logSettings      `embed:"" group:"Logging"`
	tracingSettings  `embed:"" group:"Tracing"`
}

// gateway is the domain, wired. One process has one, whatever roles it plays.
type gateway struct {
	pool         *pgxpool.Pool
	reads        *db.Reader
	queue        *river.Client[pgx.Tx]
	keyring      *keyring.Keyring
	guard        *webhooks.Guard
	payments     *payments.Service
	simulator    *processor.Simulator
	endpoints    *webhooks.Endpoints
	fingerprints *idempotency.Fingerprinter
	logger       *slog.Logger
}

// gatewayOptions is what differs between roles.
type gatewayOptions struct {
	// role is what Postgres shows as the name of our sessions, after "paygate-".
	role        string
	development bool
	// acquirer is that of the workers; the API only exchanges cards for tokens with it.
	acquirer acquirerSettings
	// lifetimes are the workers' too.
	lifetimes lifetimeSettings
	// replica is the dashboard's alone.
	replica replicaSettings
	logger  *slog.Logger
}

// openGateway connects and wires; the process closes it.
func (p *process) openGateway(ctx context.Context, s gatewaySettings, opts gatewayOptions) (*gateway, error) {
	g := &gateway{logger: opts.logger, guard: s.guard(opts.development)}
	var err error
	// What can be wrong with the settings comes first: then nothing has been opened in vain.
	if g.keyring, err = s.keyring(opts.development); err != nil {
		return nil, err
	}
	if err = p.startTracing(ctx, s.tracingSettings, opts.role, opts.logger); err != nil {
		return nil, err
	}
	if g.pool, err = s.openTraced(ctx, opts.role, p.tracing); err != nil {
		return nil, err
	}
	p.onStop(func(context.Context) error { g.pool.Close(); return nil })
	warnOfPlainPostgres(ctx, g.pool.Config().ConnConfig, opts.logger)
	replica, err := opts.replica.open(ctx, opts.role, p.tracing)
	if err != nil {
		return nil, err
	}
	if replica != nil {
		p.onStop(func(context.Context) error { replica.Close(); return nil })
	}
	g.reads = db.NewReader(db.ReaderOptions{Primary: g.pool, Replica: replica, MaxLag: opts.replica.ReplicaMaxLag, Logger: opts.logger})
	if g.queue, err = jobs.NewInserter(g.pool, opts.logger); err != nil {
		return nil, err
	}
	if g.fingerprints, err = idempotency.LoadFingerprinter(ctx, g.pool, g.keyring); err != nil {
		return nil, err
	}
	// Each needs the other; the acquirer notifies nobody before it is asked for something.
	g.simulator, err = opts.acquirer.simulator(g.pool, opts.logger, func(ctx context.Context, paymentID string) error {
		return g.payments.Resume(ctx, paymentID)
	})
	if err != nil {
		return nil, err
	}
	g.payments = payments.New(payments.Options{
		DB: g.pool, Reads: g.reads, Acquirer: g.simulator, Queue: g.queue, Now: time.Now,
		AuthorizationLifetime: opts.lifetimes.AuthorizationLifetime, ActionLifetime: opts.lifetimes.ActionLifetime,
		Observe: p.metrics.Batch, Settled: p.settled,
	})
	p.onStop(func(ctx context.Context) error { return errors.Join(g.payments.Close(ctx), g.simulator.Close(ctx)) })
	g.endpoints = &webhooks.Endpoints{DB: g.pool, Guard: g.guard, Keyring: g.keyring, Queue: g.queue, Now: now}
	p.parts.needs("postgres", g.pool.Ping)
	p.watch(g)
	return g, nil
}

// now is the clock of everything whose times are shown: as exact as what is shown.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
