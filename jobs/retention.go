package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"paygate/webhooks"
)

// forgetArgs asks to remove webhooks' history that is older than it is kept.
type forgetArgs struct{}

// Kind implements river.JobArgs.
func (forgetArgs) Kind() string { return "forget_deliveries" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (forgetArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: MaintenanceQueue} }

// forgetJob runs often: a little at a time leaves room that is used again at once.
func forgetJob() *river.PeriodicJob {
	return river.NewPeriodicJob(
		river.PeriodicInterval(10*time.Minute),
		func() (river.JobArgs, *river.InsertOpts) { return forgetArgs{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true},
	)
}

type forgetWorker struct {
	river.WorkerDefaults[forgetArgs]

	retention *webhooks.Retention
	logger    *slog.Logger
}

// Work removes what is too old; what its bound cuts off, the next run removes.
func (w *forgetWorker) Work(ctx context.Context, job *river.Job[forgetArgs]) error {
	deliveries, events, err := w.retention.Expire(ctx)
	if deliveries+events > 0 {
		w.logger.LogAttrs(ctx, slog.LevelInfo, "old webhooks are removed", slog.Int64("job_id", job.ID),
			slog.Int("deliveries", deliveries), slog.Int("events", events))
	}
	return err
}
