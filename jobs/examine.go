package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"paygate/db/dbsqlc"
	"paygate/doctor"
)

const (
	examineEvery = time.Minute
	// examineFor bounds one examination of the books, which reads whole tables.
	examineFor = 15 * time.Minute
)

// examineArgs asks to count what breaks the invariants of the books.
type examineArgs struct{}

// Kind implements river.JobArgs.
func (examineArgs) Kind() string { return "examine_books" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (examineArgs) InsertOpts() river.InsertOpts { return alone() }

// examineJob is that of periodicJobs.
func examineJob() *river.PeriodicJob {
	return river.NewPeriodicJob(
		river.PeriodicInterval(examineEvery),
		func() (river.JobArgs, *river.InsertOpts) { return examineArgs{}, nil },
		&river.PeriodicJobOpts{RunOnStart: true},
	)
}

type examineWorker struct {
	river.WorkerDefaults[examineArgs]

	db     *pgxpool.Pool
	logger *slog.Logger
}

// Timeout implements river.Worker.
func (w *examineWorker) Timeout(*river.Job[examineArgs]) time.Duration { return examineFor }

// Work counts, and says aloud what is wrong. River takes a job that is running for one that may run for its whole time, so
// that what a killed worker was examining would begin again after a quarter of an hour. Therefore this one is over before
// it begins, and a lock that ends with the connection tells that somebody examines.
func (w *examineWorker) Work(ctx context.Context, job *river.Job[examineArgs]) error {
	conn, err := w.db.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("error reserving a connection: %w", err)
	}
	defer conn.Release()
	queries := dbsqlc.New()
	free, err := queries.InvariantsTryLock(ctx, conn)
	if err != nil {
		return fmt.Errorf("error looking whether somebody examines: %w", err)
	}
	if !free {
		return nil
	}
	defer func() {
		// A connection that keeps the lock must not go back to the pool.
		if _, err := queries.InvariantsUnlock(context.WithoutCancel(ctx), conn); err != nil {
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
	}()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
	if err != nil {
		return fmt.Errorf("error completing the job: %w", err)
	}
	if err := w.examine(ctx); err != nil {
		w.logger.LogAttrs(ctx, slog.LevelError, "the books could not be examined", slog.Any("error", err))
	}
	return nil
}

func (w *examineWorker) examine(ctx context.Context) error {
	findings, err := doctor.Watch(ctx, w.db, doctor.Options{})
	for _, f := range findings {
		if f.Violations > 0 {
			w.logger.LogAttrs(ctx, slog.LevelError, "the books are not right", slog.String("check", f.Name),
				slog.String("meaning", f.Meaning), slog.Int64("violations", f.Violations))
		}
	}
	return err
}
