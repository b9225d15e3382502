package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"paygate/webhooks"
)

type deliveryWorker struct {
	river.WorkerDefaults[webhooks.DeliverArgs]

	deliverer *webhooks.Deliverer
	logger    *slog.Logger
}

// Work makes one attempt. An endpoint that fails is no failure of the job: its next attempt is a
// job of its own.
func (w *deliveryWorker) Work(ctx context.Context, job *river.Job[webhooks.DeliverArgs]) error {
	return patient(ctx, w.logger, job.JobRow, w.deliverer.Deliver(ctx, job.Args))
}

type deliveriesWorker struct {
	river.WorkerDefaults[webhooks.DeliverManyArgs]

	deliverer *webhooks.Deliverer
	logger    *slog.Logger
}

// Work makes the first attempts of several deliveries.
func (w *deliveriesWorker) Work(ctx context.Context, job *river.Job[webhooks.DeliverManyArgs]) error {
	return patient(ctx, w.logger, job.JobRow, w.deliverer.DeliverMany(ctx, job.Args))
}

type drainWorker struct {
	river.WorkerDefaults[webhooks.DrainArgs]

	deliverer *webhooks.Deliverer
	logger    *slog.Logger
}

// Work sends parked deliveries; where more remain, the same job goes on later.
func (w *drainWorker) Work(ctx context.Context, job *river.Job[webhooks.DrainArgs]) error {
	again, err := w.deliverer.Drain(ctx, job.Args.EndpointID)
	if err != nil {
		return patient(ctx, w.logger, job.JobRow, err)
	}
	if again.IsZero() {
		return nil
	}
	return river.JobSnooze(max(time.Until(again), 0))
}

type taskWorker struct {
	river.WorkerDefaults[webhooks.TaskArgs]

	tasks  *webhooks.Tasks
	logger *slog.Logger
}

// Work moves a task on by a batch; between two, others get their turn.
func (w *taskWorker) Work(ctx context.Context, job *river.Job[webhooks.TaskArgs]) error {
	more, err := w.tasks.Work(ctx, job.Args.TaskID)
	if err != nil {
		return patient(ctx, w.logger, job.JobRow, err)
	}
	if more {
		return river.JobSnooze(0)
	}
	return nil
}
