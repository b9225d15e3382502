package jobs

import (
	"context"
	"log/slog"

	"github.com/riverqueue/river"

	"paygate/payments"
)

// expireArgs asks to cancel the payments that have waited too long.
type expireArgs struct{}

// Kind implements river.JobArgs.
func (expireArgs) Kind() string { return "expire_payments" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (expireArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: MaintenanceQueue} }

type expireWorker struct {
	river.WorkerDefaults[expireArgs]

	service *payments.Service
	logger  *slog.Logger
}

// Work decides to cancel them; each has a job of its own that tells the acquirer.
func (w *expireWorker) Work(ctx context.Context, _ *river.Job[expireArgs]) error {
	n, err := w.service.Expire(ctx)
	if n > 0 {
		w.logger.LogAttrs(ctx, slog.LevelInfo, "payments waited too long and are being canceled", slog.Int("count", n))
	}
	return err
}
