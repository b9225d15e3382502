package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"paygate/db"
)

type devCommand struct {
	APIAddr          address `name:"api-addr" env:"PAYGATE_API_ADDR" default:"127.0.0.1:8000" group:"Servers" help:"Where the API listens."`
	receiverSettings `embed:""`
	gatewaySettings  `embed:""`
	redisSettings    `embed:"" group:"Storage"`
	workerSettings   `embed:""`
	SandboxOpen      bool `name:"sandbox-open" env:"PAYGATE_SANDBOX_OPEN" default:"true" negatable:"" group:"API" help:"Treat a request without credentials as the demo merchant."`
}

// devListeners are dev's servers before they serve.
type devListeners struct{ api, receiver net.Listener }

func (c *devCommand) run(ctx context.Context, io streams) error {
	begin := time.Now()
	if err := c.check(); err != nil {
		return err
	}
	if c.AllowCIDRs == nil {
		c.AllowCIDRs = loopback
	}
	return runProcess(ctx, func(p *process) error {
		lock, err := lockDevDir()
		if err != nil {
			return err
		}
		p.onStop(func(context.Context) error { return lock.Release() })
		logger, file, err := openDevLog(c.logSettings)
		if err != nil {
			return err
		}
		p.onStop(func(context.Context) error { return file.Close() })

		// Ports first: when one is taken, nothing else has been started.
		listeners, err := c.listen(ctx, p, logger)
		if err != nil {
			return err
		}
		tour := &tour{api: urlOf(listeners.api), receiver: urlOf(listeners.receiver), embeddedRedis: c.RedisURL.options == nil, embeddedPostgres: c.DatabaseURL == ""}
		if err := p.startStorage(ctx, c, logger); err != nil {
			return err
		}
		if err := c.prepare(ctx, tour.receiver+demoEndpointPath, logger); err != nil {
			return err
		}
		out := newHeldWriter(io.out)
		if err := c.start(ctx, p, listeners, out, logger); err != nil {
			return err
		}
		if tour.readiness, err = awaitReady(ctx, tour.api); err != nil {
			return err
		}
		tour.took = time.Since(begin)
		logger.LogAttrs(ctx, slog.LevelInfo, "dev is ready", slog.Duration("took", tour.took))
		return out.release(tour.text(c))
	})
}

func (c *devCommand) listen(ctx context.Context, p *process, logger *slog.Logger) (l devListeners, err error) {
	if err := p.serveAdmin(ctx, c.adminSettings, logger); err != nil {
		return l, err
	}
	if l.receiver, err = p.listen(ctx, c.ReceiverAddr, "PAYGATE_RECEIVER_ADDR"); err != nil {
		return l, err
	}
	l.api, err = p.listen(ctx, c.APIAddr, "PAYGATE_API_ADDR")
	return l, err
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

// start lets everything work. The API comes last, so that it stops first; the receiver before the
// workers, so that their last deliveries arrive.
func (c *devCommand) start(ctx context.Context, p *process, listeners devListeners, out *heldWriter, logger *slog.Logger) error {
	g, err := p.openGateway(ctx, c.gatewaySettings, gatewayOptions{
		role: "dev", development: true, acquirer: c.acquirerSettings, logger: logger,
	})
	if err != nil {
		return err
	}
	p.serveReceiver(listeners.receiver, c.receiverSettings, out, logger, urlOf(listeners.api))
	if err := p.startWorkers(ctx, g, c.workerSettings); err != nil {
		return fmt.Errorf("error starting: %w", err)
	}
	p.serve(listeners.api, p.api(g, c.redisSettings, c.SandboxOpen), logger)
	return nil
}
