package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"paygate/db/dbsqlc"
)

// Driver is River's driver for clients that insert jobs inside transactions of Over: those of InsertManyFastTx are
// held back, where riverpgxv5 sends them by COPY, which has two round trips of its own. In any other transaction it
// is riverpgxv5's.
type Driver struct{ *riverpgxv5.Driver }

// NewDriver returns a Driver over pool, which may be nil as riverpgxv5's may.
func NewDriver(pool *pgxpool.Pool) *Driver { return &Driver{riverpgxv5.New(pool)} }

// UnwrapExecutor implements riverdriver.Driver.
func (d *Driver) UnwrapExecutor(tx pgx.Tx) riverdriver.ExecutorTx {
	executor := d.Driver.UnwrapExecutor(tx)
	if t, ok := tx.(*transaction); ok {
		return &jobInserter{executor, t}
	}
	return executor
}

// UnwrapTx implements riverdriver.Driver.
func (d *Driver) UnwrapTx(executor riverdriver.ExecutorTx) pgx.Tx {
	if inserter, ok := executor.(*jobInserter); ok {
		return inserter.tx
	}
	return d.Driver.UnwrapTx(executor)
}

type jobInserter struct {
	riverdriver.ExecutorTx

	tx *transaction
}

// JobInsertFastManyNoReturning implements riverdriver.Executor. What River knows of a job and the statement does not is
// left to River.
func (i *jobInserter) JobInsertFastManyNoReturning(ctx context.Context, params *riverdriver.JobInsertFastManyParams) (int, error) {
	if params.Schema != "" || slices.ContainsFunc(params.Jobs, isSpecial) {
		return i.ExecutorTx.JobInsertFastManyNoReturning(ctx, params)
	}
	now := time.Now().UTC()
	rows := &dbsqlc.JobInsertManyParams{}
	for _, job := range params.Jobs {
		metadata := string(job.Metadata)
		if metadata == "" {
			metadata = "{}"
		}
		rows.Args = append(rows.Args, string(job.EncodedArgs))
		rows.CreatedAts = append(rows.CreatedAts, orTime(job.CreatedAt, now))
		rows.Kinds = append(rows.Kinds, job.Kind)
		rows.MaxAttempts = append(rows.MaxAttempts, int16(job.MaxAttempts)) //nolint:gosec // River has bounded both
		rows.Metadatas = append(rows.Metadatas, metadata)
		rows.Priorities = append(rows.Priorities, int16(job.Priority)) //nolint:gosec // see above
		rows.Queues = append(rows.Queues, job.Queue)
		rows.ScheduledAts = append(rows.ScheduledAts, orTime(job.ScheduledAt, now))
		rows.States = append(rows.States, string(job.State))
	}
	return len(params.Jobs), dbsqlc.New().JobInsertMany(ctx, i.tx, rows)
}

func isSpecial(job *riverdriver.JobInsertFastParams) bool {
	return job.ID != nil || len(job.Tags) > 0 || job.UniqueKey != nil || job.UniqueStates != 0
}

func orTime(at *time.Time, otherwise time.Time) time.Time {
	if at == nil {
		return otherwise
	}
	return *at
}
