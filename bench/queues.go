package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"paygate/db"
	"paygate/db/local/process"
)

// queues are those of a gateway, to be held back and let go.
type queues struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
}

// openQueues makes every queue that has jobs known to River, which can only pause those that a worker has had.
func (g *gateway) openQueues(ctx context.Context) (*queues, error) {
	pool, err := db.Open(ctx, g.databaseURL, db.PoolOptions{MaxConns: 2})
	if err != nil {
		return nil, err
	}
	q := &queues{pool: pool}
	if q.client, err = river.NewClient(riverpgxv5.New(pool), &river.Config{}); err != nil {
		pool.Close()
		return nil, fmt.Errorf("error opening the queues: %w", err)
	}
	if _, err := pool.Exec(ctx, "INSERT INTO river_queue (name, updated_at) SELECT DISTINCT queue, now() FROM river_job ON CONFLICT DO NOTHING"); err != nil {
		pool.Close()
		return nil, fmt.Errorf("error making queues known: %w", err)
	}
	return q, nil
}

func (q *queues) close() { q.pool.Close() }

func (q *queues) pause(ctx context.Context) error {
	if err := q.client.QueuePause(ctx, "*", nil); err != nil {
		return fmt.Errorf("error pausing the queues: %w", err)
	}
	return nil
}

func (q *queues) resume(ctx context.Context) error {
	if err := q.client.QueueResume(ctx, "*", nil); err != nil {
		return fmt.Errorf("error resuming the queues: %w", err)
	}
	return nil
}

// startIdleWorker starts a worker, and returns when it waits for jobs.
func (g *gateway) startIdleWorker(ctx context.Context) (*process.Process, error) {
	worker, _, admin, err := g.start(ctx, "worker")
	if err != nil {
		return nil, err
	}
	return worker, await(ctx, func(ctx context.Context) error {
		return fetch(ctx, "GET", "http://"+admin+"/readyz", "", nil, nil)
	})
}
