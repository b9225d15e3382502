package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"paygate/payments"
)

const (
	// sumEvery is as much of the ledger, at most, as is added up each time that a balance is asked for.
	sumEvery = 30 * time.Second
	// sumFor bounds one run, the first on a ledger of millions included; what is left waits for the next.
	sumFor = 15 * time.Minute
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

	sums *payments.LedgerSums
}

// Timeout implements river.Worker.
func (w *sumWorker) Timeout(*river.Job[sumArgs]) time.Duration { return sumFor }

// Work adds what was booked since the last time.
func (w *sumWorker) Work(ctx context.Context, _ *river.Job[sumArgs]) error {
	return w.sums.Advance(ctx)
}
