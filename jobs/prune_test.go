package jobs

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
)

func TestPruneWorker(t *testing.T) {
	t.Parallel()

	pool := dbtest.Pool(t)
	remember := func(key string, age time.Duration) {
		require.NoError(t, dbsqlc.New().IdempotencyInsertMany(t.Context(), pool, &dbsqlc.IdempotencyInsertManyParams{
			MerchantIds: []uuid.UUID{uuid.New()}, Routes: []string{"POST /api/v1/payments"}, Keys: []string{key}, Fingerprints: [][]byte{make([]byte, 32)},
			Statuses: []int16{201}, Bodies: [][]byte{[]byte("{}")}, CreatedAt: time.Now().Add(-age),
		}))
	}
	remember("old", 48*time.Hour+time.Minute)
	remember("young", 48*time.Hour-time.Minute)
	var log bytes.Buffer
	worker := &pruneWorker{db: pool, retention: 48 * time.Hour, logger: slog.New(slog.NewTextHandler(&log, nil))}
	for range 2 {
		require.NoError(t, worker.Work(t.Context(), &river.Job[pruneArgs]{}))
		rows, err := pool.Query(t.Context(), "SELECT key FROM idempotency_keys")
		require.NoError(t, err)
		var keys []string
		for rows.Next() {
			var key string
			require.NoError(t, rows.Scan(&key))
			keys = append(keys, key)
		}
		require.NoError(t, rows.Err())
		require.Equal(t, []string{"young"}, keys)
	}
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("count=1")))
	require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")), "nothing to do is nothing to say")
}
