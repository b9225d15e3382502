package webhooks

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDrain(t *testing.T) {
	t.Parallel()

	// park makes n deliveries that wait for a place.
	park := func(t *testing.T, b *bundle, n int) (deliveryIDs []string) {
		t.Helper()
		for range n {
			job := b.emit(t)
			_, err := b.deliverer.parks.Do(t.Context(), job)
			require.NoError(t, err)
			deliveryIDs = append(deliveryIDs, job.DeliveryID)
		}
		return deliveryIDs
	}
	// hang has the endpoint tell of each request and answer none before it is released.
	hang := func(b *bundle) (arrived <-chan struct{}, release func()) {
		requests, released := make(chan struct{}, 100), make(chan struct{})
		b.answerWith(func(_ http.ResponseWriter, r *http.Request) {
			requests <- struct{}{}
			select {
			case <-released:
			case <-r.Context().Done():
			}
		})
		return requests, sync.OnceFunc(func() { close(released) })
	}
	drain := func(ctx context.Context, b *bundle) <-chan error {
		done := make(chan error, 1)
		go func() {
			_, err := b.deliverer.Drain(ctx, b.endpoint.ID)
			done <- err
		}()
		return done
	}
	drainJobs := func(t *testing.T, b *bundle) (n int) {
		t.Helper()
		require.NoError(t, b.pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE kind = 'drain_endpoint'").Scan(&n))
		return n
	}

	t.Run("ManyWhoWantItLeaveNothing", func(t *testing.T) {
		t.Parallel()
		b := newBundle(t, nil)
		const each, others = 5, 8
		var jobs []DeliverArgs
		for range each * others {
			jobs = append(jobs, b.emit(t))
		}
		errs := make([]error, others)
		var all sync.WaitGroup
		for i := range others {
			all.Go(func() {
				for _, job := range jobs[i*each : (i+1)*each] {
					if _, errs[i] = b.deliverer.parks.Do(t.Context(), job); errs[i] != nil {
						return
					}
					if errs[i] = b.deliverer.drainOn(t.Context(), b.endpoint.ID); errs[i] != nil {
						return
					}
				}
			})
		}
		all.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Len(t, b.requests(), len(jobs), "each once")
		for _, job := range jobs {
			require.Equal(t, DeliveryDelivered, b.delivery(t, job.DeliveryID).Status)
		}
	})

	t.Run("ASlowAnswerHoldsUpNobody", func(t *testing.T) {
		t.Parallel()
		b := newBundle(t, nil)
		park(t, b, 1)
		arrived, release := hang(b)
		defer release()
		slow := drain(t.Context(), b)
		<-arrived
		b.answerWith(nil)
		quick := park(t, b, 1)[0]
		require.NoError(t, <-drain(t.Context(), b))
		require.Eventually(t, func() bool { return b.delivery(t, quick).Status == DeliveryDelivered }, 10*time.Second, time.Millisecond)
		require.Empty(t, slow, "the first waits still")
		release()
		require.NoError(t, <-slow)
	})

	t.Run("WhereOneFailsAJobGoesOnForTheOthers", func(t *testing.T) {
		t.Parallel()
		b := newBundle(t, nil)
		park(t, b, laneStart+1)
		arrived, release := hang(b)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		first := drain(ctx, b)
		for range laneStart {
			<-arrived
		}
		require.NoError(t, <-drain(t.Context(), b), "the first looks once more")
		require.Zero(t, drainJobs(t, b))
		cancel()
		require.Error(t, <-first)
		require.Equal(t, 1, drainJobs(t, b))
	})

	t.Run("AnotherProcessTakesOverFromADeadOne", func(t *testing.T) {
		t.Parallel()
		b := newBundle(t, nil)
		ids := park(t, b, laneStart+2)
		arrived, release := hang(b)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		dead := drain(ctx, b)
		for range laneStart {
			<-arrived
		}
		cancel() // and it records nothing
		require.Error(t, <-dead)
		b.answerWith(nil)

		other := b.newDeliverer(t)
		_, err := other.Drain(t.Context(), b.endpoint.ID)
		require.NoError(t, err)
		require.Len(t, b.requests(), laneStart+2, "what the dead one had not claimed is sent at once")

		b.pass(b.timeout + claimGrace)
		require.NoError(t, b.endpoints.Sweep(t.Context()))
		require.Equal(t, 1, drainJobs(t, b), "its claims have run out")
		_, err = other.Drain(t.Context(), b.endpoint.ID)
		require.NoError(t, err)
		for _, id := range ids {
			require.Equal(t, DeliveryDelivered, b.delivery(t, id).Status)
		}
	})
}
