package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"paygate/webhooks"
)

// maintenanceQueue is apart from the others, so that housekeeping never waits behind a rush
// nor holds one up.
const maintenanceQueue = "maintenance"

// periodicJobs are enqueued by the elected leader alone, whatever the number of workers.
func periodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(
			river.PeriodicInterval(time.Minute),
			func() (river.JobArgs, *river.InsertOpts) { return resumeArgs{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true},
		),
	}
}

// resumeArgs asks to send what waited for an endpoint that is enabled again.
type resumeArgs struct{}

// Kind implements river.JobArgs.
func (resumeArgs) Kind() string { return "resume_deliveries" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (resumeArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: maintenanceQueue} }

type resumeWorker struct {
	river.WorkerDefaults[resumeArgs]

	endpoints *webhooks.Endpoints
}

// Work resumes deliveries that were parked in the moment in which their endpoint was enabled.
func (w *resumeWorker) Work(ctx context.Context, _ *river.Job[resumeArgs]) error {
	return w.endpoints.ResumeAll(ctx)
}
