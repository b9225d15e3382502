package jobs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"paygate/payments"
)

// maxRetryPause bounds the pause after our own failures: they are mostly a database that is
// away, and work should go on soon after it is back.
const maxRetryPause = time.Minute

// retryPolicy waits 1, 4, 9, … seconds up to maxRetryPause. River's own policy grows with the
// fourth power and would leave money lying for hours after a short outage.
type retryPolicy struct{}

// NextRetry implements river.ClientRetryPolicy.
func (retryPolicy) NextRetry(job *rivertype.JobRow) time.Time {
	n := len(job.Errors) + 1
	return time.Now().Add(min(time.Duration(n*n)*time.Second, maxRetryPause))
}

// alertAfter is how long the acquirer may owe an answer before a person should look.
const alertAfter = 15 * time.Minute

// alertAttempts is after how many failures of ours a person should look: about a quarter of an hour.
const alertAttempts = 25

// patient turns the outcome of work that must never be given up into River's terms. What the
// acquirer does not tell yet is asked again later without using up an attempt; and the last
// attempt before River would discard the job is put off instead.
func patient(ctx context.Context, logger *slog.Logger, job *rivertype.JobRow, err error) error {
	if err == nil {
		return nil
	}
	if open, ok := errors.AsType[*payments.Unresolved](err); ok {
		level := slog.LevelInfo
		if open.Age > alertAfter {
			level = slog.LevelError
		}
		logger.LogAttrs(ctx, level, "acquirer outcome is unknown", slog.Int64("job_id", job.ID),
			slog.String("job_kind", job.Kind), slog.String("args", string(job.EncodedArgs)),
			slog.Duration("age", open.Age), slog.Duration("retry_in", open.Retry), slog.Any("cause", open.Unwrap()))
		return river.JobSnooze(open.Retry)
	}
	if job.Attempt >= alertAttempts {
		logger.LogAttrs(ctx, slog.LevelError, "job keeps failing", slog.Int64("job_id", job.ID),
			slog.String("job_kind", job.Kind), slog.String("args", string(job.EncodedArgs)), slog.Any("error", err))
	}
	if job.Attempt >= job.MaxAttempts {
		return river.JobSnooze(maxRetryPause)
	}
	return err
}
