package pipeline_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"paygate/db/pipeline"
)

type exampleArgs struct {
	Number int `json:"number"`
}

func (exampleArgs) Kind() string { return "example" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (exampleArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: "examples", MaxAttempts: 7, Priority: 3}
}

// TestDriverInsertsWhatRiverWould compares the jobs of a held-back insertion with those of River's own driver.
func TestDriverInsertsWhatRiverWould(t *testing.T) {
	t.Parallel()
	later := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	examples := map[string][]river.InsertManyParams{
		"usual":     {{Args: exampleArgs{1}}},
		"metadata":  {{Args: exampleArgs{1}, InsertOpts: &river.InsertOpts{Metadata: []byte(`{"traceparent":"x"}`)}}},
		"scheduled": {{Args: exampleArgs{1}, InsertOpts: &river.InsertOpts{ScheduledAt: later}}},
		"queue":     {{Args: exampleArgs{1}, InsertOpts: &river.InsertOpts{Queue: "other", Priority: 1}}},
		"tags":      {{Args: exampleArgs{1}, InsertOpts: &river.InsertOpts{Tags: []string{"one", "another"}}}},
		"several":   {{Args: exampleArgs{1}}, {Args: exampleArgs{2}}, {Args: exampleArgs{3}}},
	}
	var many []river.InsertManyParams
	for n := range 200 {
		many = append(many, river.InsertManyParams{Args: exampleArgs{n}})
	}
	examples["many"] = many

	for name, jobs := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			quiet := &river.Config{Logger: slog.New(slog.DiscardHandler)}
			ours, err := river.NewClient(pipeline.NewDriver(b.pool), quiet)
			require.NoError(t, err)
			theirs, err := river.NewClient(riverpgxv5.New(b.pool), quiet)
			require.NoError(t, err)

			tx := b.tx(t)
			count, err := ours.InsertManyFastTx(t.Context(), tx, jobs)
			require.NoError(t, err)
			require.Equal(t, len(jobs), count)
			require.NoError(t, tx.Commit(t.Context()))
			got := takeJobs(t, ours)
			require.Len(t, got, len(jobs))

			plain, err := b.pool.Begin(t.Context())
			require.NoError(t, err)
			_, err = theirs.InsertManyFastTx(t.Context(), plain, jobs)
			require.NoError(t, err)
			require.NoError(t, plain.Commit(t.Context()))
			require.Equal(t, takeJobs(t, theirs), got)
		})
	}

	t.Run("WithoutARoundTrip", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		client, err := river.NewClient(pipeline.NewDriver(b.pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		insertJobs := func() (held, sent int64) {
			tx := b.tx(t)
			before := b.sent.Load()
			_, err := client.InsertManyFastTx(t.Context(), tx, examples["several"])
			require.NoError(t, err)
			held = b.sent.Load() - before
			require.NoError(t, tx.Commit(t.Context()))
			return held, b.sent.Load() - before
		}
		insertJobs() // prepares the statements, and has River find out which Postgres it is
		held, sent := insertJobs()
		require.Zero(t, held)
		require.EqualValues(t, 1, sent)
	})
}

// takeJobs reads and removes all jobs; what differs from one insertion to the next is left out.
func takeJobs(t *testing.T, client *river.Client[pgx.Tx]) []string {
	t.Helper()
	list, err := client.JobList(t.Context(), river.NewJobListParams().First(1000).OrderBy(river.JobListOrderByID, river.SortOrderAsc))
	require.NoError(t, err)
	var jobs []string
	for _, job := range list.Jobs {
		scheduled := "at once"
		if job.State == rivertype.JobStateScheduled {
			scheduled = job.ScheduledAt.UTC().String()
		} else {
			require.WithinDuration(t, time.Now(), job.ScheduledAt, time.Minute)
		}
		require.WithinDuration(t, time.Now(), job.CreatedAt, time.Minute)
		jobs = append(jobs, fmt.Sprint(job.Kind, string(job.EncodedArgs), job.Attempt, job.MaxAttempts, string(job.Metadata), job.Priority,
			job.Queue, job.State, job.Tags, string(job.UniqueKey), job.UniqueStates, scheduled))
		_, err := client.JobDelete(t.Context(), job.ID)
		require.NoError(t, err)
	}
	return jobs
}
