package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

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

// Work counts, and says aloud what is wrong.
func (w *examineWorker) Work(ctx context.Context, _ *river.Job[examineArgs]) error {
	findings, err := doctor.Watch(ctx, w.db, doctor.Options{})
	for _, f := range findings {
		if f.Violations > 0 {
			w.logger.LogAttrs(ctx, slog.LevelError, "the books are not right", slog.String("check", f.Name),
				slog.String("meaning", f.Meaning), slog.Int64("violations", f.Violations))
		}
	}
	return err
}
