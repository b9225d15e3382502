// Package isolation measures whether endpoints that hang delay the deliveries of others.
package isolation

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// rig is real workers over a real database, and one sink that plays all endpoints: a path that
// starts with /hang never answers, every other one does at once.
type rig struct {
	pool      *pgxpool.Pool
	queue     *river.Client[pgx.Tx]
	endpoints *webhooks.Endpoints
	sink      *httptest.Server
	serial    int

	mu        sync.Mutex
	committed map[int]time.Time
	received  map[int][]time.Time
	hung      int
}

func newRig(t *testing.T, timeout time.Duration) *rig {
	t.Helper()
	r := &rig{pool: dbtest.Pool(t), committed: map[int]time.Time{}, received: map[int][]time.Time{}}
	r.sink = httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(r.sink.Close)

	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	now := func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	var err error
	r.queue, err = jobs.NewInserter(r.pool, logger)
	require.NoError(t, err)
	guard := webhooks.NewGuard(webhooks.GuardOptions{AllowHTTP: true, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	keys := keyring.Development()
	r.endpoints = &webhooks.Endpoints{DB: r.pool, Guard: guard, Keyring: keys, Queue: r.queue, Now: now}
	schedule, err := webhooks.ParseSchedule(webhooks.DefaultSchedule)
	require.NoError(t, err)
	deliverer := webhooks.NewDeliverer(webhooks.DelivererOptions{
		DB: r.pool, Client: webhooks.NewClient(guard, timeout, now), Keyring: keys, Queue: r.queue, Schedule: schedule, Now: now,
	})
	acquirer, err := processor.NewSimulator(r.pool, processor.Config{Logger: logger})
	require.NoError(t, err)
	money := payments.New(payments.Options{DB: r.pool, Acquirer: acquirer, Queue: r.queue, Now: now})
	workers, err := jobs.NewClient(jobs.Options{DB: r.pool, Payments: money, Deliverer: deliverer, Endpoints: r.endpoints, Logger: logger})
	require.NoError(t, err)
	background := context.WithoutCancel(t.Context())
	require.NoError(t, workers.Start(background))
	t.Cleanup(func() {
		require.NoError(t, workers.StopAndCancel(background))
		require.NoError(t, deliverer.Close(background))
		require.NoError(t, money.Close(background))
		require.NoError(t, acquirer.Close(background))
	})
	return r
}

// body is as much of a webhook as the sink needs.
type body struct {
	Data struct {
		Serial int `json:"serial"`
	} `json:"data"`
}

func (r *rig) receive(w http.ResponseWriter, req *http.Request) {
	text, err := io.ReadAll(req.Body)
	if strings.HasPrefix(req.URL.Path, "/hang") {
		r.mu.Lock()
		r.hung++
		r.mu.Unlock()
		<-req.Context().Done()
		return
	}
	var got body
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.received[got.Data.Serial] = append(r.received[got.Data.Serial], time.Now())
	r.mu.Unlock()
}

// merchants makes n merchants with one endpoint each.
func (r *rig) merchants(t *testing.T, n int, path string) []uuid.UUID {
	t.Helper()
	var all []uuid.UUID
	for i := range n {
		id := uuid.New()
		require.NoError(t, dbsqlc.New().MerchantUpsert(t.Context(), r.pool, &dbsqlc.MerchantUpsertParams{
			ID: id, Name: path, Email: path + "@example.com", CreatedAt: time.Now(),
		}))
		require.NoError(t, db.InTx(t.Context(), r.pool, func(tx pgx.Tx) error {
			_, err := r.endpoints.Create(t.Context(), tx, id, webhooks.EndpointParams{URL: fmt.Sprintf("%s/%s%d", r.sink.URL, path, i)})
			return err
		}))
		all = append(all, id)
	}
	return all
}

// emit commits one event for each of the merchants, in one transaction.
func (r *rig) emit(ctx context.Context, merchants []uuid.UUID) error {
	var events []webhooks.Event
	var serials []int
	for _, id := range merchants {
		r.serial++
		event, err := webhooks.NewEvent(id, webhooks.PaymentSuccess, webhooks.Refs{}, time.Now().UTC(), "serial", r.serial)
		if err != nil {
			return err
		}
		events, serials = append(events, event), append(serials, r.serial)
	}
	if err := db.InTx(ctx, r.pool, func(tx pgx.Tx) error { return webhooks.Emit(ctx, tx, r.queue, events) }); err != nil {
		return err
	}
	at := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range serials {
		r.committed[n] = at
	}
	return nil
}

// flow commits rate events a second, spread over the merchants, in an open model: at fixed times,
// whatever became of those before. It returns the first and the last serial.
func (r *rig) flow(t *testing.T, merchants []uuid.UUID, rate int, length time.Duration) (first, last int) {
	t.Helper()
	first = r.serial + 1
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := range int(length.Seconds() * float64(rate)) {
		<-tick.C
		require.NoError(t, r.emit(t.Context(), merchants[i%len(merchants):][:1]))
	}
	return first, r.serial
}

// latencies waits until all events of a flow have been received, and returns the sorted times from
// commit to first receipt.
func (r *rig) latencies(t *testing.T, first, last int) []time.Duration {
	t.Helper()
	var sorted []time.Duration
	require.Eventually(t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		sorted = sorted[:0]
		for n := first; n <= last; n++ {
			if len(r.received[n]) == 0 {
				return false
			}
			sorted = append(sorted, r.received[n][0].Sub(r.committed[n]))
		}
		return true
	}, time.Minute, 20*time.Millisecond, "events were lost")
	slices.Sort(sorted)
	return sorted
}

func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}
