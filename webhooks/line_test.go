package webhooks

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLine(t *testing.T) {
	t.Parallel()

	const endpoint = "we_1"
	// waitIn returns what comes of a delivery: a place, or nil.
	waitIn := func(ctx context.Context, l *lanes, job *standing) *place {
		place, turn := l.lineUp(job, endpoint, false)
		if turn != nil {
			return turn.wait(ctx)
		}
		return place
	}
	// full returns lanes in which a fast endpoint has given all its places away.
	full := func(t *testing.T) (*lanes, []*place) {
		t.Helper()
		l := newLanes(time.Now, DefaultWorkers)
		p := l.enter(endpoint, false)
		p.leave(false, time.Millisecond)
		var places []*place
		for p := l.enter(endpoint, false); p != nil; p = l.enter(endpoint, false) {
			places = append(places, p)
		}
		l.drained(endpoint)
		return l, places
	}
	// lineUp has n wait, and returns where their places come.
	lineUp := func(ctx context.Context, l *lanes, n int) <-chan *place {
		places := make(chan *place, n)
		for range n {
			go func() { places <- waitIn(ctx, l, &standing{}) }()
		}
		synctest.Wait()
		return places
	}

	t.Run("AFreePlaceGoesToTheLine", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, held := full(t)
			got := lineUp(t.Context(), l, 3)
			require.Empty(t, got)
			held[0].leave(false, time.Millisecond) // gives two: an answer that fast makes the lane wider
			synctest.Wait()
			require.Len(t, got, 2)
			held[1].unused()
			synctest.Wait()
			require.Len(t, got, 3)
			for range 3 {
				require.NotNil(t, <-got)
			}
			require.Zero(t, l.lined)
		})
	})

	t.Run("WhoWaitedLongIsParkedAndGetsHalfOfThePlaces", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, held := full(t)
			begin := time.Now()
			require.Nil(t, waitIn(t.Context(), l, &standing{}))
			require.Equal(t, lineFor, time.Since(begin))

			got := lineUp(t.Context(), l, laneMax)
			for _, p := range held {
				_, waiting := p.leave(false, time.Millisecond)
				require.True(t, waiting, "whoever leaves has to look for it")
			}
			synctest.Wait()
			limit := l.lane(endpoint, time.Now()).limit
			require.Len(t, got, limit/2)
			parked := 0
			for l.enterParked(endpoint) != nil {
				parked++
			}
			require.Equal(t, limit/2, parked)

			// Nothing is parked any more: all places are for the line.
			for range limit / 2 {
				(<-got).leave(false, time.Millisecond)
			}
			l.drained(endpoint)
			synctest.Wait()
			require.Len(t, got, l.lane(endpoint, time.Now()).limit-parked)
			(<-got).leave(true, time.Millisecond) // sends away who is left
		})
	})

	t.Run("AFailureSendsTheLineAway", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, held := full(t)
			got := lineUp(t.Context(), l, 3)
			held[0].leave(true, time.Millisecond)
			synctest.Wait()
			for range 3 {
				require.Nil(t, <-got)
			}
			require.Zero(t, l.lined)
		})
	})

	t.Run("WhoIsCanceledLeavesTheLine", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, held := full(t)
			ctx, cancel := context.WithCancel(t.Context())
			got := lineUp(ctx, l, 1)
			cancel()
			require.Nil(t, <-got)
			held[0].unused()
			require.NotNil(t, l.enterParked(endpoint), "its place is nobody's")
		})
	})

	t.Run("LinesAreBounded", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, held := full(t)
			got := lineUp(t.Context(), l, l.share)
			require.Empty(t, got)
			begin := time.Now()
			require.Nil(t, waitIn(t.Context(), l, &standing{}))
			require.Zero(t, time.Since(begin))
			held[0].leave(true, time.Millisecond)
			for range l.share {
				require.Nil(t, <-got)
			}
		})
	})

	t.Run("AJobOfManyCountsOnceUpToABound", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, held := full(t)
			of := &standing{}
			got := make(chan *place, lineMax)
			for range cap(got) {
				go func() { got <- waitIn(t.Context(), l, of) }()
			}
			synctest.Wait()
			require.Empty(t, got)
			require.Equal(t, 1, l.lined)
			require.False(t, l.mayLineUp(l.lane(endpoint, time.Now()), of, time.Now()), "each of them is in memory")
			held[0].leave(true, time.Millisecond)
			for range cap(got) {
				require.Nil(t, <-got)
			}
			require.Zero(t, l.lined)
			require.Zero(t, l.turns)
		})
	})

	t.Run("NobodyWaitsForAnEndpointThatIsNotKnown", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newLanes(time.Now, DefaultWorkers)
			for range laneStart {
				require.NotNil(t, waitIn(t.Context(), l, &standing{}))
			}
			begin := time.Now()
			require.Nil(t, waitIn(t.Context(), l, &standing{}))
			require.Zero(t, time.Since(begin))
		})
	})
}
