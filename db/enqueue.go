package db

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/tracing"
)

// fewJobs is up to how many jobs an INSERT is quicker than a COPY. COPY costs less for each row, but it has
// two round trips of its own, before which a pipelined transaction has to send what it holds back.
const fewJobs = 16

// Job is a job that continues the trace of a traceparent; with "" it is one of no trace.
func Job(args river.JobArgs, traceparent string) river.InsertManyParams {
	params := river.InsertManyParams{Args: args}
	if traceparent != "" {
		params.InsertOpts = &river.InsertOpts{Metadata: tracing.Metadata(traceparent)}
	}
	return params
}

// Enqueue inserts jobs inside tx; with none it does nothing. It is not for unique jobs, which the two ways
// treat differently when they exist.
func Enqueue(ctx context.Context, tx pgx.Tx, queue *river.Client[pgx.Tx], jobs []river.InsertManyParams) error {
	var err error
	switch {
	case len(jobs) == 0:
	case len(jobs) <= fewJobs:
		_, err = queue.InsertManyTx(ctx, tx, jobs)
	default:
		_, err = queue.InsertManyFastTx(ctx, tx, jobs)
	}
	if err != nil {
		return fmt.Errorf("error enqueueing jobs: %w", err)
	}
	return nil
}
