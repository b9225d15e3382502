package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/tracing"
)

// Job is a job that continues the trace of a traceparent; with "" it is one of no trace.
func Job(args river.JobArgs, traceparent string) river.InsertManyParams {
	params := river.InsertManyParams{Args: args}
	if traceparent != "" {
		params.InsertOpts = &river.InsertOpts{Metadata: tracing.Metadata(traceparent)}
	}
	return params
}

// Enqueue inserts jobs inside tx; with none it does nothing.
func Enqueue(ctx context.Context, tx pgx.Tx, queue *river.Client[pgx.Tx], jobs []river.InsertManyParams) error {
	if len(jobs) == 0 {
		return nil
	}
	if _, err := queue.InsertManyFastTx(ctx, tx, jobs); err != nil {
		return fmt.Errorf("error enqueueing jobs: %w", err)
	}
	return nil
}
