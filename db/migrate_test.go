package db_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
)

// empty returns connections to a database without a single table.
func empty(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := dbtest.Pool(t)
	_, err := pool.Exec(t.Context(), "DROP SCHEMA public CASCADE; DROP SCHEMA acquirer CASCADE; CREATE SCHEMA public")
	require.NoError(t, err)
	pool.Reset() // the sessions remember types that are gone
	return pool
}

func tables(t *testing.T, pool *pgxpool.Pool) (count int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(),
		"SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')").Scan(&count))
	return count
}

func TestMigrate(t *testing.T) {
	t.Parallel()

	t.Run("Twice", func(t *testing.T) {
		t.Parallel()

		pool, migrated := empty(t), dbtest.Pool(t)
		for range 2 {
			require.NoError(t, db.Migrate(t.Context(), pool))
			require.NoError(t, db.CheckSchema(t.Context(), pool))
			require.Equal(t, tables(t, migrated), tables(t, pool))
		}
	})

	t.Run("FromSeveralProcessesAtOnce", func(t *testing.T) {
		t.Parallel()

		pool := empty(t)
		var processes sync.WaitGroup
		errs := make([]error, 3)
		for i := range errs {
			processes.Go(func() { errs[i] = db.Migrate(t.Context(), pool) })
		}
		processes.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.NoError(t, db.CheckSchema(t.Context(), pool))
		var locks int
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&locks))
		require.Zero(t, locks, "the migration lock is given back")
	})
}

func TestCheckSchema(t *testing.T) {
	t.Parallel()

	t.Run("Empty", func(t *testing.T) {
		t.Parallel()

		pool := empty(t)
		require.ErrorIs(t, db.CheckSchema(t.Context(), pool), db.ErrStaleSchema)
		require.Zero(t, tables(t, pool), "looking makes no tables")
	})

	for name, change := range map[string]string{
		"OursBehind":  "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)",
		"RiverBehind": "DELETE FROM river_migration WHERE version = (SELECT max(version) FROM river_migration)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			pool := dbtest.Pool(t)
			require.NoError(t, db.CheckSchema(t.Context(), pool))
			_, err := pool.Exec(t.Context(), change)
			require.NoError(t, err)
			err = db.CheckSchema(t.Context(), pool)
			require.ErrorIs(t, err, db.ErrStaleSchema)
			require.ErrorContains(t, err, "paygate migrate")
		})
	}

	t.Run("NewerThanThisBinary", func(t *testing.T) {
		t.Parallel()

		pool := dbtest.Pool(t)
		_, err := pool.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (99999, true, $1)", time.Now())
		require.NoError(t, err)
		require.NoError(t, db.CheckSchema(t.Context(), pool), "the old processes of a rolling upgrade go on")
	})
}
