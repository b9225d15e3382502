package isolation

import (
	"flag"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"paygate/webhooks"
)

// full runs the measurements at the size that the figures in docs/performance.md are of.
var full = flag.Bool("full", false, "measure at full size: see docs/performance.md")

// size of a measurement.
type size struct {
	healthy, hanging, queued, rate int
	length, timeout                time.Duration
	// ratio and slack bound the p95 with hanging endpoints by that without: ratio × p95 + slack.
	ratio float64
	slack time.Duration
}

// TestHangingEndpointsDelayNobody compares, in one run, how long healthy endpoints wait for their
// events without and with endpoints that hang until the timeout and have a heap of deliveries queued.
func TestHangingEndpointsDelayNobody(t *testing.T) {
	t.Parallel() // alone in its package: it measures
	s := size{healthy: 20, hanging: 10, queued: 500, rate: 60, length: 4 * time.Second, timeout: 2 * time.Second, ratio: 1.2, slack: 250 * time.Millisecond}
	if *full {
		s = size{healthy: 100, hanging: 20, queued: 5000, rate: 300, length: 20 * time.Second, timeout: 10 * time.Second, ratio: 1.2}
	}
	r := newRig(t, s.timeout)
	healthy, hanging := r.merchants(t, s.healthy, "ok"), r.merchants(t, s.hanging, "hang")

	r.latencies(t, 1, warmUp(t, r, healthy))
	first, last := r.flow(t, healthy, s.rate, s.length)
	without := r.latencies(t, first, last)

	for n := 0; n < s.queued; n += s.hanging {
		require.NoError(t, r.emit(t.Context(), hanging))
	}
	first, last = r.flow(t, healthy, s.rate, s.length)
	with := r.latencies(t, first, last)

	t.Logf("%d healthy endpoints at %d events/s, commit to receipt: p50 %s p95 %s p99 %s",
		s.healthy, s.rate, percentile(without, .5), percentile(without, .95), percentile(without, .99))
	t.Logf("beside %d that hang with %d deliveries queued:          p50 %s p95 %s p99 %s (p95 ratio %.2f)",
		s.hanging, s.queued, percentile(with, .5), percentile(with, .95), percentile(with, .99),
		float64(percentile(with, .95))/float64(percentile(without, .95)))

	require.Positive(t, r.hung, "nothing hung: the measurement shows nothing")
	bound := time.Duration(s.ratio*float64(percentile(without, .95))) + s.slack
	require.LessOrEqual(t, percentile(with, .95), bound)
	r.requireNoneLost(t, s.hanging)
}

// requireNoneLost checks that everything queued for the endpoints that hang is still waiting.
func (r *rig) requireNoneLost(t *testing.T, hanging int) {
	t.Helper()
	var waiting, other int
	require.NoError(t, r.pool.QueryRow(t.Context(), `
		SELECT count(*) FILTER (WHERE d.status IN ('pending', 'retrying')), count(*) FILTER (WHERE d.status NOT IN ('pending', 'retrying'))
		FROM webhook_deliveries d JOIN webhook_endpoints w ON w.id = d.endpoint_id WHERE w.url LIKE '%/hang%'`).Scan(&waiting, &other))
	require.Positive(t, waiting)
	require.Zero(t, other)
	var jobs int
	require.NoError(t, r.pool.QueryRow(t.Context(),
		"SELECT count(*) FROM river_job WHERE kind = $1 AND state NOT IN ('completed', 'discarded', 'cancelled')", webhooks.DrainArgs{}.Kind()).Scan(&jobs))
	require.LessOrEqual(t, jobs, hanging, "one job at most drains an endpoint")
}

func warmUp(t *testing.T, r *rig, merchants []uuid.UUID) int {
	t.Helper()
	require.NoError(t, r.emit(t.Context(), merchants))
	return r.serial
}
