package jobs

import (
	"context"
	"log/slog"

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
