package webhooks

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/db/ids"
)

// TestRetention lives through 30 days with a retention of six, 1,000 events a day, those of one of them with an
// endpoint that stays disabled, and measures what the tables take. VACUUM stands for autovacuum.
func TestRetention(t *testing.T) {
	t.Parallel()

	const days, kept, perDay, outage = 30, 6, 1000, 5
	pool := dbtest.Pool(t)
	ctx := t.Context()
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	retention := &Retention{DB: pool, Keep: kept * 24 * time.Hour, Now: func() time.Time { return day }}
	size := func() (bytes int64) {
		for _, table := range []string{"events", "webhook_deliveries", "webhook_attempts"} {
			_, err := pool.Exec(ctx, "VACUUM "+table)
			require.NoError(t, err)
			var n int64
			require.NoError(t, pool.QueryRow(ctx, "SELECT pg_total_relation_size($1::regclass)", table).Scan(&n))
			bytes += n
		}
		return bytes
	}
	count := func(table string) (n int) {
		require.NoError(t, pool.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	var full int64
	for d := range days {
		event, delivery := ids.Before(ids.Event, day), ids.Before(ids.Delivery, day)
		_, err := pool.Exec(ctx, `WITH n AS (SELECT n, lpad(n::text, 8, '0') AS suffix FROM generate_series(1, $1::int) n),
			e AS (INSERT INTO events (id, merchant_id, type, payment_id, body, created_at)
				SELECT left($2, -8) || suffix, gen_random_uuid(), 'payment.success', 'pay_' || md5(suffix || $2), repeat('x', 900), $4 FROM n),
			d AS (INSERT INTO webhook_deliveries (id, merchant_id, endpoint_id, event_id, event_type, status, parked, created_at, updated_at)
				SELECT left($3, -8) || suffix, gen_random_uuid(), 'we_1', left($2, -8) || suffix, 'payment.success',
					CASE WHEN $5 THEN 'paused' ELSE 'delivered' END, $5, $4, $4 FROM n)
			INSERT INTO webhook_attempts (delivery_id, number, merchant_id, trigger, outcome, response_code, duration_ms, started_at)
				SELECT left($3, -8) || suffix, 1, gen_random_uuid(), 'automatic', 'success', 200, 12, $4 FROM n`, perDay, event, delivery, day, d == outage)
		require.NoError(t, err)
		day = day.Add(24 * time.Hour)
		_, _, err = retention.Expire(ctx)
		require.NoError(t, err)
		switch now := size(); d {
		case 2 * kept: // by then each table has its working room
			full = now
		case days - 1:
			t.Logf("after %d days %d KiB, after %d days %d KiB", 2*kept+1, full>>10, days, now>>10)
			require.Less(t, float64(now), 1.15*float64(full), "the tables grow although nothing more is kept")
		}
	}
	require.Equal(t, (kept+1)*perDay, count("webhook_deliveries"), "what waits is kept")
	require.Equal(t, (kept+1)*perDay, count("events"), "with its event")
	require.Equal(t, (kept+1)*perDay, count("webhook_attempts"))
}
