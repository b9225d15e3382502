package jobs

import (
	"context"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/riverqueue/rivercontrib/otelriver"
	"go.opentelemetry.io/otel/trace"

	"paygate/tracing"
)

// traced has each attempt of a job a span, by River's own instrumentation; without a provider it is nothing.
func traced(provider trace.TracerProvider) []rivertype.Middleware {
	if provider == nil {
		return nil
	}
	return []rivertype.Middleware{
		&continuation{},
		otelriver.NewMiddleware(&otelriver.MiddlewareConfig{EnableWorkSpanJobKindSuffix: true, TracerProvider: provider}),
	}
}

// continuation lets a job's span be in the trace of what enqueued it (db.Job). otelriver's propagation does neither of
// the two that this needs: it gives all jobs of a transaction the transaction's span, which is one of another request for all
// but the first; and it begins a trace of its own for each job, where a merchant is to find a payment's webhook in the
// trace of the payment.
type continuation struct{ river.WorkerMiddlewareDefaults }

// Work implements rivertype.WorkerMiddleware.
func (*continuation) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	return work(tracing.Continue(ctx, tracing.ParentIn(job.Metadata)))
}
