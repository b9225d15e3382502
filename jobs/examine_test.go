package jobs

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
)

// examining starts a client that examines when it is asked to.
func examining(t *testing.T, pool *pgxpool.Pool) *river.Client[pgx.Tx] {
	t.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, &examineWorker{db: pool, logger: slog.New(slog.DiscardHandler)})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchPollInterval: 50 * time.Millisecond, FetchCooldown: 10 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		Queues: map[string]river.QueueConfig{MaintenanceQueue: {MaxWorkers: 2}}, Workers: workers,
	})
	require.NoError(t, err)
	require.NoError(t, client.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, client.StopAndCancel(context.Background())) })
	return client
}

func count(t *testing.T, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

const (
	completed = "SELECT count(*) FROM river_job WHERE state = 'completed'"
	counted   = "SELECT count(*) FROM invariants"
)

// An examination that takes long is no running job, which River would give to nobody else for a quarter of an hour when its
// worker is killed; and there is one at a time.
func TestExamineIsNoRunningJob(t *testing.T) {
	t.Parallel()

	pool := dbtest.Pool(t)
	holding, err := pool.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = holding.Rollback(context.Background()) }) // of one that is over it changes nothing
	_, err = holding.Exec(t.Context(), "LOCK TABLE ledger_transfers IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)

	client := examining(t, pool)
	for n := 1; n <= 2; n++ { // the second finds the first at work
		inserted, err := client.Insert(t.Context(), examineArgs{}, nil)
		require.NoError(t, err)
		require.False(t, inserted.UniqueSkippedAsDuplicate)
		require.Eventually(t, func() bool { return count(t, pool, completed) == n }, time.Minute, 10*time.Millisecond)
	}
	require.Zero(t, count(t, pool, counted))
	require.Equal(t, 1, count(t, pool, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND objsubid = 1 AND mode = 'ExclusiveLock'"))
	require.NoError(t, holding.Rollback(t.Context()))
	require.Eventually(t, func() bool { return count(t, pool, counted) > 0 }, time.Minute, 10*time.Millisecond)
}

// What a killed worker held is free with its connection: the next examination is made.
func TestExamineAfterKill(t *testing.T) {
	t.Parallel()

	pool := dbtest.Pool(t)
	killed, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	require.NoError(t, err)
	free, err := dbsqlc.New().InvariantsTryLock(t.Context(), killed)
	require.NoError(t, err)
	require.True(t, free)

	client := examining(t, pool)
	_, err = client.Insert(t.Context(), examineArgs{}, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return count(t, pool, completed) == 1 }, time.Minute, 10*time.Millisecond)
	require.Zero(t, count(t, pool, counted))

	require.NoError(t, killed.Close(t.Context()))
	require.Eventually(t, func() bool {
		_, err := client.Insert(t.Context(), examineArgs{}, nil)
		return err == nil && count(t, pool, counted) > 0
	}, time.Minute, 50*time.Millisecond)
}
