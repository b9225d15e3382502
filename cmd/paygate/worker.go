package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"paygate/jobs"
	"paygate/webhooks"
)

type workerCommand struct {
	gatewaySettings     `embed:""`
	workerSettings      `embed:""`
	developmentSettings `embed:""`
}

func (c *workerCommand) run(ctx context.Context, io streams) error {
	if err := errors.Join(c.check(), c.direct("worker")); err != nil {
		return err
	}
	logger := c.logger(io.err)
	return runProcess(ctx, func(p *process) error {
		g, err := p.openGateway(ctx, c.gatewaySettings, gatewayOptions{
			role: "worker", development: c.Development, acquirer: c.acquirerSettings, lifetimes: c.lifetimeSettings, logger: logger,
		})
		if err != nil {
			return err
		}
		if _, err := p.serveAdmin(ctx, c.adminSettings, logger); err != nil {
			return err
		}
		return p.startWorkers(ctx, g, c.workerSettings)
	})
}

// startWorkers returns when jobs are being taken. When the process stops, running jobs finish within
// a bound; what is cut off runs again elsewhere.
func (p *process) startWorkers(ctx context.Context, g *gateway, s workerSettings) error {
	deliverer := webhooks.NewDeliverer(webhooks.DelivererOptions{
		DB: g.pool, Client: webhooks.NewClient(g.guard, s.Timeout, now), Keyring: g.keyring,
		Queue: g.queue, Schedule: webhooks.Schedule(s.RetrySchedule), Now: now,
		Workers: s.Queues[webhooks.QueueName],
		Observe: p.metrics.Batch, Attempted: p.metrics.Attempt, Rested: p.metrics.Delivery,
	})
	p.metrics.WatchQueued(deliverer.Queued)
	p.metrics.WatchLanes(deliverer.Lanes)
	p.onStop(deliverer.Close)
	client, err := jobs.NewClient(jobs.Options{
		DB: g.pool, Payments: g.payments, Deliverer: deliverer, Endpoints: g.endpoints, Logger: g.logger,
		IdempotencyRetention: s.Retention, WebhookRetention: s.HistoryKept, JobTimeout: s.JobTimeout, RescueAfter: s.RescueAfter,
		Workers: s.Queues,
		Metrics: p.metrics, Tracing: p.tracing,
	})
	if err != nil {
		return err
	}
	// River also stops when the context of Start ends; it gets one that does not, so that the stop is the
	// graceful one below.
	background := context.WithoutCancel(ctx)
	if err := client.Start(background); err != nil {
		return fmt.Errorf("error starting the workers: %w", err)
	}
	g.logger.LogAttrs(ctx, slog.LevelInfo, "workers are running")
	p.onStop(func(ctx context.Context) error {
		g.logger.LogAttrs(ctx, slog.LevelInfo, "workers are stopping")
		if err := client.Stop(ctx); err != nil {
			return errors.Join(fmt.Errorf("error stopping the workers: %w", err), client.StopAndCancel(background))
		}
		return nil
	})
	return nil
}
