package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"paygate/idempotency"
)

const (
	pruneEvery = 5 * time.Minute
	// pruneFor bounds one run; what is left waits for the next.
	pruneFor = 20 * time.Second
)

// pruneArgs asks to forget the answers to requests of long ago.
type pruneArgs struct{}

// Kind implements river.JobArgs.
func (pruneArgs) Kind() string { return "prune_idempotency" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (pruneArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: MaintenanceQueue} }

// pruneJob is that of periodicJobs.
func pruneJob() *river.PeriodicJob {
	return river.NewPeriodicJob(
		river.PeriodicInterval(pruneEvery),
		func() (river.JobArgs, *river.InsertOpts) { return pruneArgs{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true},
	)
}

type pruneWorker struct {
	river.WorkerDefaults[pruneArgs]

	db        *pgxpool.Pool
	retention time.Duration
	logger    *slog.Logger
}

// Work forgets what is older than the retention.
func (w *pruneWorker) Work(ctx context.Context, _ *river.Job[pruneArgs]) error {
	bounded, cancel := context.WithTimeout(ctx, pruneFor)
	defer cancel()
	forgotten, err := idempotency.Prune(bounded, w.db, time.Now().Add(-w.retention))
	if forgotten > 0 {
		w.logger.LogAttrs(ctx, slog.LevelInfo, "idempotency keys were pruned", slog.Int64("count", forgotten))
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil // its time is up; each batch is committed by itself
	}
	return err
}
