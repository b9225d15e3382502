package main

import (
	"context"
	"fmt"
	"time"

	"paygate/db/dbsqlc"
	"paygate/metrics"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

// watch shows what a gateway is made of at each scrape.
func (p *process) watch(g *gateway) {
	p.metrics.WatchPool(g.pool.Stat)
	p.metrics.WatchQueued(g.payments.Queued)
	p.metrics.WatchStored(func(ctx context.Context) (metrics.Stored, error) { return readStored(ctx, g) })
}

// settled is payments.Options.Settled.
func (p *process) settled(status payments.Status, method processor.Method) {
	p.metrics.Settled(string(status), string(method))
}

// readStored reads what every process shows alike.
func readStored(ctx context.Context, g *gateway) (metrics.Stored, error) {
	queries := dbsqlc.New()
	queues, err := queries.QueueStats(ctx, g.pool)
	if err != nil {
		return metrics.Stored{}, fmt.Errorf("error reading the queues: %w", err)
	}
	invariants, err := queries.InvariantList(ctx, g.pool)
	if err != nil {
		return metrics.Stored{}, fmt.Errorf("error reading the invariants: %w", err)
	}
	var all metrics.Stored
	// A queue in which nothing waits shows that, instead of nothing at all.
	idle := map[string]bool{payments.QueueName: true, webhooks.QueueName: true}
	for _, row := range queues {
		q := metrics.Queue{Queue: row.Queue, State: row.State, Jobs: row.Jobs}
		if row.State == "available" {
			q.Oldest = max(time.Since(row.DueAt), 0)
			delete(idle, row.Queue)
		}
		all.Queues = append(all.Queues, q)
	}
	for queue := range idle {
		all.Queues = append(all.Queues, metrics.Queue{Queue: queue, State: "available"})
	}
	for _, row := range invariants {
		all.Invariants = append(all.Invariants, metrics.Invariant{Check: row.CheckName, Violations: row.Violations, CheckedAt: row.CheckedAt})
	}
	return all, nil
}
