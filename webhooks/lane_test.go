package webhooks

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLanes(t *testing.T) {
	t.Parallel()

	const endpoint = "we_1"
	type testBundle struct {
		lanes *lanes
		clock time.Time
	}
	setup := func(t *testing.T) *testBundle {
		t.Helper()
		b := &testBundle{clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		b.lanes = newLanes(func() time.Time { return b.clock }, DefaultWorkers)
		return b
	}
	enterAll := func(b *testBundle, id string) (places []*place) {
		for p := b.lanes.enter(id, false); p != nil; p = b.lanes.enter(id, false) {
			places = append(places, p)
		}
		return places
	}
	failUntilOpen := func(t *testing.T, b *testBundle) time.Time {
		t.Helper()
		for range breakAfter {
			p := b.lanes.enter(endpoint, false)
			require.NotNil(t, p)
			if at, _ := p.leave(true, time.Second); !at.IsZero() {
				return at
			}
		}
		t.Fatal("the breaker stayed closed")
		return time.Time{}
	}

	t.Run("GrowsWithFastSuccess", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		require.Len(t, enterAll(b, endpoint), laneStart)

		b = setup(t)
		for range 100 {
			p := b.lanes.enter(endpoint, false)
			require.NotNil(t, p)
			p.leave(false, time.Millisecond)
		}
		require.Len(t, enterAll(b, endpoint), laneMax)
	})

	t.Run("ShrinksWhenSlow", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		for range 5 {
			p := b.lanes.enter(endpoint, false)
			require.NotNil(t, p)
			p.leave(false, laneFast)
		}
		require.Len(t, enterAll(b, endpoint), 1)
	})

	t.Run("OthersAreNotAffected", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		failUntilOpen(t, b)
		require.Nil(t, b.lanes.enter(endpoint, false))
		require.NotNil(t, b.lanes.enter("we_2", false))
	})

	t.Run("UnknownEndpointsShareABound", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		proven := b.lanes.enter("we_proven", false)
		proven.leave(false, time.Millisecond)
		taken := 0
		for i := range 1000 {
			taken += len(enterAll(b, "we_hanging_"+string(rune('a'+i))))
		}
		require.Equal(t, b.lanes.share, taken)
		require.NotNil(t, b.lanes.enter("we_proven", false), "an endpoint that answers fast must find a place")
	})

	t.Run("BreakerProbesOnceAndBacksOff", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		at := failUntilOpen(t, b)
		require.Equal(t, b.clock.Add(firstBreak), at)
		require.Nil(t, b.lanes.enter(endpoint, false), "open")

		b.clock = at
		probe := b.lanes.enter(endpoint, false)
		require.NotNil(t, probe, "half-open")
		require.Nil(t, b.lanes.enter(endpoint, false), "one probe at a time")
		again, _ := probe.leave(true, time.Second)
		require.Equal(t, b.clock.Add(2*firstBreak), again, "the next probe comes later")

		b.clock = again
		probe = b.lanes.enter(endpoint, false)
		require.NotNil(t, probe)
		none, waiting := probe.leave(false, time.Millisecond)
		require.True(t, none.IsZero())
		require.True(t, waiting, "deliveries were turned away meanwhile")
		require.NotNil(t, b.lanes.enter(endpoint, false), "closed again")
	})

	t.Run("ManualResendIsLetIn", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		failUntilOpen(t, b)
		require.NotNil(t, b.lanes.enter(endpoint, true))
	})

	t.Run("IdleLanesAreForgotten", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.lanes.enter(endpoint, false).leave(false, time.Millisecond)
		held := b.lanes.enter("we_held", false)
		b.clock = b.clock.Add(2 * laneIdle)
		b.lanes.enter("we_new", false)
		require.Len(t, b.lanes.byEndpoint, 2)
		held.leave(false, time.Millisecond)
		require.Zero(t, b.lanes.byEndpoint["we_held"].inFlight)
	})
}
