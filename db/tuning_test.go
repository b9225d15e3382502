package db_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"
	"riverqueue.com/riverui"

	"paygate/db"
	"paygate/db/dbtest"
)

type exampleArgs struct {
	Name string `json:"name"`
}

func (exampleArgs) Kind() string { return "example" }

func TestJobTableTuning(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)

	t.Run("DropsWhatNobodyAsksBy", func(t *testing.T) {
		rows, err := pool.Query(t.Context(), "SELECT indexdef FROM pg_indexes WHERE tablename = 'river_job'")
		require.NoError(t, err)
		definitions, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.NotEmpty(t, definitions)
		for _, definition := range definitions {
			require.NotContains(t, definition, "USING gin")
		}
	})

	t.Run("LeavesRiversSchemaValid", func(t *testing.T) {
		require.NoError(t, db.CheckSchema(t.Context(), pool))
		require.NoError(t, db.Migrate(t.Context(), pool), "migrating again changes nothing")
		require.NoError(t, db.CheckSchema(t.Context(), pool))
	})

	t.Run("VacuumsHotTablesEarly", func(t *testing.T) {
		for _, table := range []string{"payments", "orders", "refunds", "webhook_deliveries", "idempotency_keys", "river_job"} {
			var early bool
			err := pool.QueryRow(t.Context(),
				"SELECT 'autovacuum_vacuum_scale_factor=0.01' = ANY (reloptions) FROM pg_class WHERE oid = to_regclass($1)", table).Scan(&early)
			require.NoError(t, err)
			require.True(t, early, table)
		}
	})
}

// TestRiverUIAnswers asks everything that River UI can filter by, on a table without the indexes that
// 00009 drops.
func TestRiverUIAnswers(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: logger})
	require.NoError(t, err)
	inserted, err := client.Insert(t.Context(), exampleArgs{"one"}, nil)
	require.NoError(t, err)
	handler, err := riverui.NewHandler(&riverui.HandlerOpts{Endpoints: riverui.NewEndpoints(client, nil), Logger: logger, Prefix: "/river"})
	require.NoError(t, err)

	for _, path := range []string{
		"/jobs?state=available", "/jobs?state=available&kinds=example", "/jobs?state=available&queues=default&priorities=1",
		"/jobs/1", "/states", "/queues", "/features", "/health-checks/complete",
	} {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/river/api"+path, nil)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		body, err := io.ReadAll(recorder.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, recorder.Code, "%s: %s", path, body)
	}
	require.EqualValues(t, 1, inserted.Job.ID)
}
