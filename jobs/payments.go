package jobs

import (
	"context"
	"log/slog"

	"github.com/riverqueue/river"

	"paygate/payments"
)

type paymentWorker struct {
	river.WorkerDefaults[payments.ProcessPaymentArgs]

	service *payments.Service
	logger  *slog.Logger
}

// Work charges and settles one payment.
func (w *paymentWorker) Work(ctx context.Context, job *river.Job[payments.ProcessPaymentArgs]) error {
	return patient(ctx, w.logger, job.JobRow, w.service.Process(ctx, job.Args.PaymentID))
}

type finishWorker struct {
	river.WorkerDefaults[payments.FinishPaymentArgs]

	service *payments.Service
	logger  *slog.Logger
}

// Work captures or cancels one held payment.
func (w *finishWorker) Work(ctx context.Context, job *river.Job[payments.FinishPaymentArgs]) error {
	return patient(ctx, w.logger, job.JobRow, w.service.Finish(ctx, job.Args.PaymentID))
}

type refundWorker struct {
	river.WorkerDefaults[payments.ProcessRefundArgs]

	service *payments.Service
	logger  *slog.Logger
}

// Work pays one refund back.
func (w *refundWorker) Work(ctx context.Context, job *river.Job[payments.ProcessRefundArgs]) error {
	return patient(ctx, w.logger, job.JobRow, w.service.ProcessRefund(ctx, job.Args.RefundID))
}
