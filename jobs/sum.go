package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"paygate/payments"
)

const (
	// sumEvery is as much of the ledger, at most, as is added up each time that a balance is asked for.
	sumEvery = 30 * time.Second
	// sumFor bounds one run; what is left waits for the next.
	sumFor = 40 * time.Second
)

// sumArgs asks to bring the sums of the ledger up to date.
type sumArgs struct{}

// Kind implements river.JobArgs.
func (sumArgs) Kind() string { return "sum_ledger" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (sumArgs) InsertOpts() river.InsertOpts { return alone() }

// sumJob is that of periodicJobs.
func sumJob() *river.PeriodicJob {
	return river.NewPeriodicJob(
		river.PeriodicInterval(sumEvery),
		func() (river.JobArgs, *river.InsertOpts) { return sumArgs{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true},
	)
}

type sumWorker struct {
	river.WorkerDefaults[sumArgs]

	sums   *payments.LedgerSums
	logger *slog.Logger
}

// Work adds what was booked since the last time.
func (w *sumWorker) Work(ctx context.Context, _ *river.Job[sumArgs]) error {
	bounded, cancel := context.WithTimeout(ctx, sumFor)
	defer cancel()
	err := w.sums.Advance(bounded)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		w.logger.LogAttrs(ctx, slog.LevelWarn, "the ledger is not summed up to now", slog.Any("error", err))
		return nil // each step is committed by itself
	}
	return err
}
