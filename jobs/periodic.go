package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"paygate/webhooks"
)

// MaintenanceQueue is the queue of housekeeping, apart from the others, so that housekeeping never waits behind a rush
// nor holds one up.
const MaintenanceQueue = "maintenance"

// periodicJobs are enqueued by the elected leader alone, whatever the number of workers.
func periodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(
			river.PeriodicInterval(time.Minute),
			func() (river.JobArgs, *river.InsertOpts) { return sweepArgs{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true},
		),
		forgetJob(),
		river.NewPeriodicJob(
			river.PeriodicInterval(time.Minute),
			func() (river.JobArgs, *river.InsertOpts) { return expireArgs{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true},
		),
		pruneJob(),
		examineJob(),
		sumJob(),
	}
}

// alone is for what may take longer than to the next time: while one waits or runs there is no second.
func alone() river.InsertOpts {
	return river.InsertOpts{Queue: MaintenanceQueue, UniqueOpts: river.UniqueOpts{ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// sweepArgs asks to look for parked deliveries that nobody cares for.
type sweepArgs struct{}

// Kind implements river.JobArgs.
func (sweepArgs) Kind() string { return "sweep_deliveries" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (sweepArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: MaintenanceQueue} }

type sweepWorker struct {
	river.WorkerDefaults[sweepArgs]

	endpoints *webhooks.Endpoints
}

// Work has them sent.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	return w.endpoints.Sweep(ctx)
}
