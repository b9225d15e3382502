package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"paygate/metrics"
	"paygate/tracing"
)

// The outcomes of an attempt.
const (
	outcomeOK      = "ok"
	outcomeSnoozed = "snoozed"
	outcomeFailed  = "failed"
	outcomePanic   = "panicked"
)

// observer writes one line for each attempt of a job, and counts it.
type observer struct {
	river.WorkerMiddlewareDefaults

	logger  *slog.Logger
	metrics *metrics.Metrics
}

// Work implements rivertype.WorkerMiddleware.
func (o *observer) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) (err error) {
	begin := time.Now()
	outcome := outcomePanic
	defer func() {
		took, wait := time.Since(begin), begin.Sub(job.ScheduledAt)
		o.metrics.Job(job.Kind, job.Queue, outcome, wait, took)
		level := slog.LevelInfo
		attrs := []slog.Attr{
			slog.Int64("job_id", job.ID),
			slog.String("kind", job.Kind),
			slog.String("queue", job.Queue),
			slog.Int("attempt", job.Attempt),
			slog.String("args", string(job.EncodedArgs)), // ids alone
			slog.String("outcome", outcome),
			slog.Duration("wait", wait),
			slog.Duration("duration", took),
		}
		if id := tracing.ID(ctx); id != "" {
			attrs = append(attrs, slog.String("trace_id", id))
		}
		switch {
		case outcome == outcomePanic:
			level = slog.LevelError // River reports the panic itself
		case outcome == outcomeFailed && ctx.Err() == nil:
			level = slog.LevelWarn // it runs again; what keeps failing is reported as an error
			attrs = append(attrs, slog.Any("error", err))
		case err != nil:
			attrs = append(attrs, slog.Any("reason", err))
		}
		o.logger.LogAttrs(ctx, level, "job", attrs...)
	}()
	err = work(ctx)
	outcome = outcomeOf(err)
	return err
}

func outcomeOf(err error) string {
	if err == nil {
		return outcomeOK
	}
	if _, snoozed := errors.AsType[*river.JobSnoozeError](err); snoozed {
		return outcomeSnoozed
	}
	return outcomeFailed
}
