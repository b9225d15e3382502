package idempotency_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/idempotency"
)

// fill remembers n answers, one a second, the last of them at the time until.
func fill(t *testing.T, pool *pgxpool.Pool, n int, until time.Time) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		INSERT INTO idempotency_keys (merchant_id, route, key, fingerprint, status, body, created_at)
		SELECT $1, 'POST /payments', $3::text || i, decode(repeat('00', 32), 'hex'), 201, decode(repeat('7b', 500), 'hex'), $2::timestamptz - ($4 - i) * interval '1 second'
		FROM generate_series(1, $4::integer) AS i`, uuid.New(), until, uuid.NewString(), n)
	require.NoError(t, err)
}

func TestPrune_ForgetsWhatIsOldInBatches(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	before := time.Now().Add(-30 * 24 * time.Hour).Truncate(time.Microsecond)
	fill(t, pool, 25_000, before.Add(-time.Microsecond))
	fill(t, pool, 1, before) // exactly as old as may be
	fill(t, pool, 500, time.Now())

	forgotten, err := idempotency.Prune(t.Context(), pool, before)
	require.NoError(t, err)
	require.Equal(t, int64(25_000), forgotten)
	var left int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM idempotency_keys WHERE created_at >= $1", before).Scan(&left))
	require.Equal(t, 501, left)

	forgotten, err = idempotency.Prune(t.Context(), pool, before)
	require.NoError(t, err)
	require.Zero(t, forgotten)
}

func TestPrune_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	fill(t, pool, 100, time.Now().Add(-time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := idempotency.Prune(ctx, pool, time.Now())
	require.ErrorIs(t, err, context.Canceled)
}

func TestPrune_FindsOldAnswersByTheirTimes(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	fill(t, pool, 30_000, time.Now())
	_, err := pool.Exec(t.Context(), "VACUUM ANALYZE idempotency_keys") // summarizes, too
	require.NoError(t, err)

	rows, err := pool.Query(t.Context(), `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)
		DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
		    SELECT k.ctid FROM idempotency_keys k WHERE k.created_at < $1::timestamptz LIMIT $2::integer))`,
		time.Now().Add(-30_000*time.Second+time.Minute), 10_000)
	require.NoError(t, err)
	var plan strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	require.Contains(t, plan.String(), "Bitmap Index Scan on idempotency_keys_created")
	require.Contains(t, plan.String(), "Tid Scan on idempotency_keys")
	require.NotContains(t, plan.String(), "Seq Scan")
}
