package webhooks

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// However often somebody looks after the deliveries that wait for an endpoint, and however many there are:
// nothing is written to them, and the endpoint has one job.
func TestWaitingDeliveriesAreLeftAlone(t *testing.T) {
	t.Parallel()

	b := newBundle(t, status(500))
	for range breakAfter {
		require.NoError(t, b.deliverer.Deliver(t.Context(), b.emit(t)))
		b.takeJob(t) // of the second attempt
	}
	const waiting = 50
	for range waiting {
		require.NoError(t, b.deliverer.Deliver(t.Context(), b.emit(t)))
	}
	b.requireNoJob(t)
	// xmin is the transaction that wrote a row's version: any write changes it.
	versions := func() map[string]uint32 {
		rows, err := b.pool.Query(t.Context(), "SELECT id, xmin FROM webhook_deliveries WHERE parked")
		require.NoError(t, err)
		found := make(map[string]uint32)
		var id string
		var version uint32
		_, err = pgx.ForEachRow(rows, []any{&id, &version}, func() error { found[id] = version; return nil })
		require.NoError(t, err)
		return found
	}
	before := versions()
	require.Len(t, before, waiting)
	for range 20 {
		again, err := b.deliverer.Drain(t.Context(), b.endpoint.ID)
		require.NoError(t, err)
		require.True(t, again.After(b.now()), "the breaker is open")
		require.NoError(t, b.endpoints.Sweep(t.Context()))
	}
	require.Equal(t, before, versions())
	require.Len(t, b.requests(), breakAfter)
	var jobs int
	require.NoError(t, b.pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE kind = 'drain_endpoint'").Scan(&jobs))
	require.Equal(t, 1, jobs)

	// When the endpoint works again, the job that is there sends all of them.
	b.answerWith(nil)
	b.pass(firstBreak)
	_, err := b.deliverer.Drain(t.Context(), b.endpoint.ID)
	require.NoError(t, err)
	require.Empty(t, versions())
	require.Len(t, b.requests(), breakAfter+waiting)
}
