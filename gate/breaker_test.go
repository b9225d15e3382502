package gate

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBreaker_OpensAfterFailuresInARow(t *testing.T) {
	t.Parallel()

	b, now, broken := &breaker{}, time.Now(), errors.New("broken")
	for range maxFailures - 1 {
		what, _ := b.report(now, broken)
		require.Equal(t, unchanged, what)
	}
	b.report(now, nil) // one success starts the count anew
	for range maxFailures - 1 {
		what, _ := b.report(now, broken)
		require.Equal(t, unchanged, what)
	}
	ask, probe := b.pass(now)
	require.True(t, ask)
	require.False(t, probe)
	what, _ := b.report(now, broken)
	require.Equal(t, opened, what)
	ask, probe = b.pass(now)
	require.False(t, ask)
	require.False(t, probe)
	what, _ = b.report(now, broken) // one that was still on its way
	require.Equal(t, unchanged, what)
}

func TestBreaker_ProbesAfterEachPause(t *testing.T) {
	t.Parallel()

	b, now, broken := &breaker{}, time.Now(), errors.New("broken")
	for range maxFailures {
		b.report(now, broken)
	}
	start := now
	for _, pause := range []time.Duration{
		minPause, 2 * minPause, 4 * minPause, 8 * minPause, 16 * minPause, maxPause, maxPause,
	} {
		now = now.Add(pause - time.Millisecond)
		_, probe := b.pass(now)
		require.False(t, probe, "before %s are over", pause)
		now = now.Add(time.Millisecond)
		ask, probe := b.pass(now)
		require.False(t, ask)
		require.True(t, probe, "after %s", pause)
		_, probe = b.pass(now)
		require.False(t, probe, "one probe at a time")
		what, _ := b.report(now, broken)
		require.Equal(t, unchanged, what)
	}
	what, outage := b.report(now, nil)
	require.Equal(t, closed, what)
	require.Equal(t, now.Sub(start), outage)
	ask, _ := b.pass(now)
	require.True(t, ask)

	// It starts anew.
	for range maxFailures - 1 {
		b.report(now, broken)
	}
	ask, _ = b.pass(now)
	require.True(t, ask)
}
