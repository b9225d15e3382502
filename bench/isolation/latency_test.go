package isolation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCommitToReceipt measures how long an event takes from its commit to the endpoint, at a steady pace
// and without retries. It is not parallel: it measures.
func TestCommitToReceipt(t *testing.T) {
	endpoints, rate, length := 10, 50, 3*time.Second
	p50, p99 := 250*time.Millisecond, time.Second // for a machine that does something else as well
	if *full {
		endpoints, rate, length = 50, 200, 20*time.Second
		p50, p99 = 25*time.Millisecond, 150*time.Millisecond
	}
	r := newRig(t, 10*time.Second)
	merchants := r.merchants(t, endpoints, "ok")
	r.latencies(t, 1, warmUp(t, r, merchants))
	first, last := r.flow(t, merchants, rate, length)
	took := r.latencies(t, first, last)
	t.Logf("%d events/s to %d endpoints, commit to receipt: p50 %s p95 %s p99 %s",
		rate, endpoints, percentile(took, .5), percentile(took, .95), percentile(took, .99))
	require.LessOrEqual(t, percentile(took, .5), p50)
	require.LessOrEqual(t, percentile(took, .99), p99)
	r.mu.Lock()
	defer r.mu.Unlock()
	for serial, at := range r.received {
		require.Len(t, at, 1, "event %d came more than once", serial)
	}
}
