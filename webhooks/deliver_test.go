package webhooks

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/keyring"
	"paygate/webhooks/signature"
)

// request is a webhook as it arrived.
type request struct {
	header http.Header
	body   string
}

// bundle is one merchant with one endpoint, at a server of the test's own, and no workers: the test
// runs the jobs.
type bundle struct {
	pool      *pgxpool.Pool
	guard     *Guard
	queue     Queue
	endpoints *Endpoints
	log       *Log
	deliverer *Deliverer
	merchant  uuid.UUID
	endpoint  *Endpoint
	timeout   time.Duration // of the deliverers to come

	mu      sync.Mutex
	clock   time.Time
	arrived []request
	answer  http.HandlerFunc
}

// newBundle makes an endpoint whose server answers as it is told; nil answers 200.
func newBundle(t *testing.T, answer http.HandlerFunc) *bundle {
	t.Helper()
	b := &bundle{pool: dbtest.Pool(t), merchant: uuid.New(), clock: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), answer: answer, timeout: time.Minute}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		b.mu.Lock()
		b.arrived = append(b.arrived, request{r.Header.Clone(), string(body)})
		answer := b.answer
		b.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)

	_, err := b.pool.Exec(t.Context(), "INSERT INTO merchants (id, name, email, created_at) VALUES ($1, 'Shop', 'shop@example.com', now())", b.merchant)
	require.NoError(t, err)
	queue, err := river.NewClient(riverpgxv5.New(b.pool), &river.Config{})
	require.NoError(t, err)
	b.queue = queue
	b.guard = NewGuard(GuardOptions{AllowHTTP: true, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	b.endpoints = &Endpoints{DB: b.pool, Guard: b.guard, Keyring: keyring.Development(), Queue: queue, Now: b.now}
	b.log = &Log{DB: b.pool, Queue: queue, Now: b.now}
	b.deliverer = b.newDeliverer(t)
	require.NoError(t, db.InTx(t.Context(), b.pool, func(tx pgx.Tx) (err error) {
		b.endpoint, err = b.endpoints.Create(t.Context(), tx, b.merchant, EndpointParams{URL: server.URL + "/hooks"})
		return err
	}))
	return b
}

// newDeliverer is a worker process of its own.
func (b *bundle) newDeliverer(t *testing.T) *Deliverer {
	t.Helper()
	d := NewDeliverer(DelivererOptions{
		DB: b.pool, Client: NewClient(b.guard, b.timeout, b.now), Keyring: keyring.Development(), Queue: b.queue,
		Schedule: Schedule{0, time.Minute, time.Hour}, Now: b.now,
	})
	t.Cleanup(func() { require.NoError(t, d.Close(context.Background())) })
	return d
}

func (b *bundle) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

// pass moves the clock on.
func (b *bundle) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
}

func (b *bundle) answerWith(answer http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

func (b *bundle) requests() []request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]request(nil), b.arrived...)
}

// emit makes an event with a delivery, and returns the job of its first attempt.
func (b *bundle) emit(t *testing.T) DeliverArgs {
	t.Helper()
	event, err := NewEvent(b.merchant, PaymentSuccess, Refs{PaymentID: "pay_1"}, b.now(), "thing", "<&>")
	require.NoError(t, err)
	require.NoError(t, db.InTx(t.Context(), b.pool, func(tx pgx.Tx) error { return Emit(t.Context(), tx, b.queue, []Event{event}) }))
	job, _ := b.takeJob(t)
	return job
}

// takeJob takes the one delivery job that is there out of the queue, as a worker would, and tells when
// it was to run.
func (b *bundle) takeJob(t *testing.T) (job DeliverArgs, at time.Time) {
	t.Helper()
	rows, err := b.pool.Query(t.Context(), "DELETE FROM river_job WHERE kind = 'deliver_webhook' RETURNING args, scheduled_at")
	require.NoError(t, err)
	taken, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[struct {
		Args json.RawMessage
		At   time.Time
	}])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(taken.Args, &job))
	return job, taken.At
}

func (b *bundle) requireNoJob(t *testing.T) {
	t.Helper()
	var jobs int
	require.NoError(t, b.pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE kind = 'deliver_webhook'").Scan(&jobs))
	require.Zero(t, jobs)
}

func (b *bundle) delivery(t *testing.T, id string) *DeliveryDetail {
	t.Helper()
	detail, err := b.log.Get(t.Context(), b.merchant, id)
	require.NoError(t, err)
	return detail
}

// resend returns the job of one more attempt by hand.
func (b *bundle) resend(t *testing.T, id string) DeliverArgs {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := b.log.Resend(t.Context(), tx, b.merchant, id)
		return err
	}))
	job, _ := b.takeJob(t)
	require.True(t, job.Manual)
	return job
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestDeliver(t *testing.T) {
	t.Parallel()

	t.Run("Success", func(t *testing.T) {
		t.Parallel()

		b := newBundle(t, nil)
		for n, code := range []int{200, 201, 202, 204, 299} {
			b.answerWith(status(code))
			job := b.emit(t)
			require.NoError(t, b.deliverer.Deliver(t.Context(), job))
			b.requireNoJob(t)
			detail := b.delivery(t, job.DeliveryID)
			require.Equal(t, DeliveryDelivered, detail.Status)
			require.Nil(t, detail.NextAttemptAt)
			require.EqualValues(t, code, *detail.ResponseCode)
			require.Len(t, detail.Attempts, 1)
			require.Nil(t, detail.Attempts[0].ErrorClass)

			require.Len(t, b.requests(), n+1)
			arrived := b.requests()[n]
			require.Equal(t, detail.Body, arrived.body)
			require.Contains(t, arrived.body, `"data":{"thing":"<&>"}`)
			require.Equal(t, "application/json", arrived.header.Get("Content-Type"))
			secret, err := signature.ParseSecret(b.endpoint.Secret)
			require.NoError(t, err)
			verifier := signature.Verifier{Secrets: []signature.Secret{secret}, Now: b.now}
			require.NoError(t, verifier.Verify(arrived.header, []byte(arrived.body)))
			require.NoError(t, signature.VerifyBody(b.endpoint.Secret, arrived.header.Get(signature.HeaderBody), []byte(arrived.body)))
		}
	})

	t.Run("FailuresFollowTheSchedule", func(t *testing.T) {
		t.Parallel()

		b := newBundle(t, status(500))
		job := b.emit(t)
		id := job.DeliveryID
		for step, pause := range []time.Duration{time.Minute, time.Hour} {
			require.NoError(t, b.deliverer.Deliver(t.Context(), job))
			detail := b.delivery(t, id)
			require.Equal(t, DeliveryRetrying, detail.Status)
			require.EqualValues(t, step+1, detail.AttemptCount)
			next := time.Time(*detail.NextAttemptAt)
			require.InDelta(t, pause.Seconds(), next.Sub(b.now()).Seconds(), pause.Seconds()/10+1)
			var at time.Time
			job, at = b.takeJob(t)
			require.WithinDuration(t, next, at, time.Millisecond)
			require.Equal(t, step+1, job.Step)
			b.pass(at.Sub(b.now()))
		}
		require.NoError(t, b.deliverer.Deliver(t.Context(), job))
		b.requireNoJob(t)
		detail := b.delivery(t, id)
		require.Equal(t, DeliveryExhausted, detail.Status)
		require.Nil(t, detail.NextAttemptAt)
		arrived := b.requests()
		require.Len(t, arrived, 3)
		require.Equal(t, arrived[0].body, arrived[2].body)
		require.Equal(t, arrived[0].header.Get(signature.HeaderID), arrived[2].header.Get(signature.HeaderID))
		require.NotEqual(t, arrived[0].header.Get(signature.HeaderTimestamp), arrived[2].header.Get(signature.HeaderTimestamp))
	})

	t.Run("AStaleJobDoesNothing", func(t *testing.T) {
		t.Parallel()

		b := newBundle(t, status(500))
		first := b.emit(t)
		require.NoError(t, b.deliverer.Deliver(t.Context(), first))
		second, _ := b.takeJob(t)
		require.NoError(t, b.deliverer.Deliver(t.Context(), first), "a leftover of a crash")
		require.NoError(t, b.deliverer.Deliver(t.Context(), DeliverArgs{DeliveryID: first.DeliveryID, EndpointID: first.EndpointID, Step: 7}))
		require.NoError(t, b.deliverer.Deliver(t.Context(), DeliverArgs{DeliveryID: "whd_gone", EndpointID: first.EndpointID}), "history has been removed")
		require.Len(t, b.requests(), 1)
		b.answerWith(nil)
		require.NoError(t, b.deliverer.Deliver(t.Context(), second))
		require.NoError(t, b.deliverer.Deliver(t.Context(), second))
		b.requireNoJob(t)
		require.Len(t, b.requests(), 2)
	})

	t.Run("ACrashBeforeTheRecordSendsAgain", func(t *testing.T) {
		t.Parallel()

		b := newBundle(t, nil)
		job := b.emit(t)
		dying := b.newDeliverer(t)
		require.NoError(t, dying.records.Close(t.Context())) // it still posts, and can record nothing
		require.Error(t, dying.Deliver(t.Context(), job))
		require.Equal(t, DeliveryPending, b.delivery(t, job.DeliveryID).Status)
		require.NoError(t, b.deliverer.Deliver(t.Context(), job))

		arrived := b.requests()
		require.Len(t, arrived, 2)
		require.Equal(t, arrived[0].body, arrived[1].body)
		require.Equal(t, arrived[0].header.Get(signature.HeaderID), arrived[1].header.Get(signature.HeaderID))
		detail := b.delivery(t, job.DeliveryID)
		require.Equal(t, DeliveryDelivered, detail.Status)
		require.Len(t, detail.Attempts, 1)
	})

	t.Run("TwoWorkersRecordOnce", func(t *testing.T) {
		t.Parallel()

		first, second := make(chan struct{}, 1), make(chan struct{})
		b := newBundle(t, func(w http.ResponseWriter, r *http.Request) {
			select {
			case first <- struct{}{}:
				select { // until the other worker is here as well
				case <-second:
				case <-r.Context().Done():
				}
			default:
				close(second)
			}
			w.WriteHeader(http.StatusInternalServerError)
		})
		job, other := b.emit(t), b.newDeliverer(t)
		var workers sync.WaitGroup
		for _, d := range []*Deliverer{b.deliverer, other} {
			workers.Go(func() { require.NoError(t, d.Deliver(t.Context(), job)) })
		}
		workers.Wait()
		require.Len(t, b.delivery(t, job.DeliveryID).Attempts, 1)
		next, _ := b.takeJob(t)
		require.Equal(t, 1, next.Step)
		b.requireNoJob(t)
	})

	t.Run("AWorkerThatIsStoppedRecordsNothing", func(t *testing.T) {
		t.Parallel()

		ctx, stop := context.WithCancel(t.Context())
		b := newBundle(t, func(_ http.ResponseWriter, r *http.Request) {
			stop()
			<-r.Context().Done()
		})
		job := b.emit(t)
		require.ErrorIs(t, b.deliverer.Deliver(ctx, job), context.Canceled)
		require.Empty(t, b.delivery(t, job.DeliveryID).Attempts, "that says nothing about the endpoint")
	})
}

func TestDeliver_ByHand(t *testing.T) {
	t.Parallel()

	t.Run("UsesUpNothing", func(t *testing.T) {
		t.Parallel()

		b := newBundle(t, status(500))
		job := b.emit(t)
		require.NoError(t, b.deliverer.Deliver(t.Context(), job))
		planned, _ := b.takeJob(t)
		before := b.delivery(t, job.DeliveryID)
		for range 3 {
			require.NoError(t, b.deliverer.Deliver(t.Context(), b.resend(t, job.DeliveryID)))
		}
		b.requireNoJob(t)
		after := b.delivery(t, job.DeliveryID)
		require.EqualValues(t, 4, after.AttemptCount)
		require.Equal(t, DeliveryRetrying, after.Status)
		require.Equal(t, before.NextAttemptAt, after.NextAttemptAt)
		require.NoError(t, b.deliverer.Deliver(t.Context(), planned))
		require.EqualValues(t, 5, b.delivery(t, job.DeliveryID).AttemptCount)
	})

	t.Run("SuccessEndsTheSchedule", func(t *testing.T) {
		t.Parallel()

		b := newBundle(t, status(500))
		job := b.emit(t)
		require.NoError(t, b.deliverer.Deliver(t.Context(), job))
		planned, _ := b.takeJob(t)
		b.answerWith(nil)
		require.NoError(t, b.deliverer.Deliver(t.Context(), b.resend(t, job.DeliveryID)))
		require.Equal(t, DeliveryDelivered, b.delivery(t, job.DeliveryID).Status)
		require.NoError(t, b.deliverer.Deliver(t.Context(), planned))
		require.Len(t, b.requests(), 2, "the planned attempt is not made")
	})

	t.Run("SuccessIsNotTakenBack", func(t *testing.T) {
		t.Parallel()

		arrived, leave := make(chan struct{}), make(chan struct{})
		b := newBundle(t, nil)
		b.answerWith(func(w http.ResponseWriter, _ *http.Request) { // the automatic attempt is slow, and fails
			b.answerWith(nil)
			close(arrived)
			<-leave
			w.WriteHeader(http.StatusInternalServerError)
		})
		job := b.emit(t)
		var automatic sync.WaitGroup
		automatic.Go(func() { require.NoError(t, b.deliverer.Deliver(t.Context(), job)) })
		<-arrived
		require.NoError(t, b.deliverer.Deliver(t.Context(), b.resend(t, job.DeliveryID)))
		close(leave)
		automatic.Wait()
		detail := b.delivery(t, job.DeliveryID)
		require.Equal(t, DeliveryDelivered, detail.Status)
		require.Len(t, detail.Attempts, 2)
		b.requireNoJob(t)
	})

	t.Run("NotToADisabledOrDeletedEndpoint", func(t *testing.T) {
		t.Parallel()

		b := newBundle(t, nil)
		job := b.emit(t)
		manual := b.resend(t, job.DeliveryID)
		off := false
		_, err := b.endpoints.Update(t.Context(), b.merchant, b.endpoint.ID, EndpointChange{Enabled: &off})
		require.NoError(t, err)
		require.NoError(t, b.deliverer.Deliver(t.Context(), manual), "it was disabled after it was asked for")
		require.Equal(t, DeliveryPending, b.delivery(t, job.DeliveryID).Status)
		require.NoError(t, b.deliverer.Deliver(t.Context(), job))
		require.Equal(t, DeliveryPaused, b.delivery(t, job.DeliveryID).Status)
		require.NoError(t, b.endpoints.Delete(t.Context(), b.merchant, b.endpoint.ID))
		require.NoError(t, b.deliverer.Deliver(t.Context(), manual))
		require.Empty(t, b.requests())
	})
}

func TestDeliver_ToADeletedEndpoint(t *testing.T) {
	t.Parallel()

	b := newBundle(t, nil)
	off := false
	pending, paused := b.emit(t), b.emit(t)
	_, err := b.endpoints.Update(t.Context(), b.merchant, b.endpoint.ID, EndpointChange{Enabled: &off})
	require.NoError(t, err)
	require.NoError(t, b.deliverer.Deliver(t.Context(), paused))
	require.Equal(t, DeliveryPaused, b.delivery(t, paused.DeliveryID).Status)

	require.NoError(t, b.endpoints.Delete(t.Context(), b.merchant, b.endpoint.ID))
	require.Equal(t, DeliveryExhausted, b.delivery(t, paused.DeliveryID).Status, "nobody will enable it")
	require.NoError(t, b.deliverer.Deliver(t.Context(), pending))
	require.Equal(t, DeliveryExhausted, b.delivery(t, pending.DeliveryID).Status)

	// What a transaction that began before the deletion has parked is found later.
	_, err = b.pool.Exec(t.Context(), "UPDATE webhook_deliveries SET status = 'paused', parked = true")
	require.NoError(t, err)
	require.NoError(t, b.endpoints.Sweep(t.Context()))
	for _, job := range []DeliverArgs{paused, pending} {
		require.Equal(t, DeliveryExhausted, b.delivery(t, job.DeliveryID).Status)
	}
	require.Empty(t, b.requests())
	b.requireNoJob(t)
}

func TestDeliver_DuringARotation(t *testing.T) {
	t.Parallel()

	b := newBundle(t, nil)
	newer := signature.GenerateSecret()
	require.NoError(t, db.InTx(t.Context(), b.pool, func(tx pgx.Tx) error {
		return b.endpoints.addSecret(t.Context(), tx, b.merchant, b.endpoint.ID, newer.Reveal())
	}))
	old, err := signature.ParseSecret(b.endpoint.Secret)
	require.NoError(t, err)
	verified := func(secret signature.Secret) error {
		arrived := b.requests()
		last := arrived[len(arrived)-1]
		verifier := signature.Verifier{Secrets: []signature.Secret{secret}, Now: b.now}
		return verifier.Verify(last.header, []byte(last.body))
	}
	require.NoError(t, b.deliverer.Deliver(t.Context(), b.emit(t)))
	require.NoError(t, verified(old))
	require.NoError(t, verified(newer))
	last := b.requests()[0]
	require.NoError(t, signature.VerifyBody(newer.Reveal(), last.header.Get(signature.HeaderBody), []byte(last.body)), "one header, the newest secret's")

	_, err = b.pool.Exec(t.Context(), "UPDATE webhook_secrets SET expires_at = $1 WHERE id = (SELECT min(id) FROM webhook_secrets)", b.now())
	require.NoError(t, err)
	require.NoError(t, b.deliverer.Deliver(t.Context(), b.emit(t)))
	require.ErrorIs(t, verified(old), signature.ErrNoMatch)
	require.NoError(t, verified(newer))
}
