package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
)

func open(t *testing.T, opts db.PoolOptions) *pgxpool.Pool {
	t.Helper()
	pool, err := db.Open(t.Context(), dbtest.URL(t), opts)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("Defaults", func(t *testing.T) {
		t.Parallel()

		pool := open(t, db.PoolOptions{})
		require.EqualValues(t, 20, pool.Config().MaxConns)
		for setting, want := range map[string]string{
			"application_name": "paygate", "TimeZone": "UTC", "statement_timeout": "15s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "1min",
		} {
			var value string
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value))
			require.Equal(t, want, value, setting)
		}
	})

	t.Run("Options", func(t *testing.T) {
		t.Parallel()

		pool := open(t, db.PoolOptions{ApplicationName: "paygate-api", MaxConns: 3, StatementTimeout: 50 * time.Millisecond, LockTimeout: 20 * time.Millisecond})
		require.EqualValues(t, 3, pool.Config().MaxConns)
		_, err := pool.Exec(t.Context(), "SELECT pg_sleep(10)")
		require.ErrorContains(t, err, "57014")
	})

	t.Run("TheURLDecides", func(t *testing.T) {
		t.Parallel()

		pool, err := db.Open(t.Context(), dbtest.URL(t)+"&pool_max_conns=2", db.PoolOptions{})
		require.NoError(t, err)
		defer pool.Close()
		require.EqualValues(t, 2, pool.Config().MaxConns)
	})

	t.Run("SaysNoPassword", func(t *testing.T) {
		t.Parallel()

		for _, url := range []string{"postgres://paygate:hunter2@127.0.0.1:1/paygate", "postgres://paygate:hunter2@[::1/paygate", "postgres://paygate:hunter2@127.0.0.1:x/paygate"} {
			_, err := db.Open(t.Context(), url, db.PoolOptions{})
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
		}
	})
}

// TestTimes reads times in every way that generated code does.
func TestTimes(t *testing.T) {
	t.Parallel()

	pool := open(t, db.PoolOptions{})
	var at time.Time
	var pointer *time.Time
	var list []time.Time
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT '2026-11-23T09:00:00.123456+05:30'::timestamptz, '2026-06-01T00:00:00Z'::timestamptz,
		ARRAY['2026-11-23T09:00:00Z'::timestamptz]`).Scan(&at, &pointer, &list))
	for _, read := range []time.Time{at, *pointer, list[0]} {
		require.Equal(t, time.UTC, read.Location())
	}
	require.Equal(t, time.Date(2026, 11, 23, 3, 30, 0, 123456000, time.UTC), at)

	// The simple protocol sends text.
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT now()", pgx.QueryExecModeSimpleProtocol).Scan(&at))
	require.Equal(t, time.UTC, at.Location())
}

func TestInTx(t *testing.T) {
	t.Parallel()

	setup := func(t *testing.T) (*pgxpool.Pool, func() int) {
		t.Helper()
		pool := open(t, db.PoolOptions{MaxConns: 2})
		_, err := pool.Exec(t.Context(), "CREATE TABLE things (n int)")
		require.NoError(t, err)
		return pool, func() (count int) {
			require.NoError(t, pool.QueryRow(context.WithoutCancel(t.Context()), "SELECT count(*) FROM things").Scan(&count))
			return count
		}
	}
	insert := func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO things VALUES (1)")
		return err
	}

	t.Run("Commits", func(t *testing.T) {
		t.Parallel()
		pool, count := setup(t)
		require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error { return insert(t.Context(), tx) }))
		require.Equal(t, 1, count())
	})

	t.Run("RollsBack", func(t *testing.T) {
		t.Parallel()
		pool, count := setup(t)
		trouble := errors.New("trouble")
		require.ErrorIs(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error { return errors.Join(insert(t.Context(), tx), trouble) }), trouble)
		require.Panics(t, func() {
			_ = db.InTx(t.Context(), pool, func(tx pgx.Tx) error { panic(insert(t.Context(), tx)) })
		})
		require.Zero(t, count())
	})

	t.Run("KeepsTheConnectionOfACallerWhoLeft", func(t *testing.T) {
		t.Parallel()
		pool, count := setup(t)
		before := pool.Stat().NewConnsCount()
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, pool, func(tx pgx.Tx) error {
			require.NoError(t, insert(ctx, tx))
			cancel()
			return insert(ctx, tx)
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, count())
		require.Equal(t, before, pool.Stat().NewConnsCount(), "no connection had to be opened anew")
		require.Zero(t, pool.Stat().AcquiredConns())
	})

	t.Run("Nests", func(t *testing.T) {
		t.Parallel()
		pool, count := setup(t)
		require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			require.NoError(t, insert(t.Context(), tx))
			require.Error(t, db.InTx(t.Context(), tx, func(savepoint pgx.Tx) error {
				require.NoError(t, insert(t.Context(), savepoint))
				_, err := savepoint.Exec(t.Context(), "SELECT 1/0")
				return err
			}))
			return insert(t.Context(), tx)
		}))
		require.Equal(t, 2, count())
	})
}
