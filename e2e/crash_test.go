package e2e

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/webhooks"
)

// The size of the test: how often a worker is killed, what happens meanwhile, and how many webhooks each
// has sent by then.
const (
	kills        = 20
	loadInterval = 20 * time.Millisecond // of one event
	sentByKill   = 40
	// answerTime makes sure that some are on their way at any moment.
	answerTime = 20 * time.Millisecond
)

// parcel is one event on its way to one endpoint.
type parcel struct{ path, eventID string }

// house is what receives: it counts, and says nothing but yes.
type house struct {
	*httptest.Server

	mu       sync.Mutex
	arrived  map[parcel]int
	lost     map[parcel]int // what was on its way at the kills so far
	bodies   map[parcel]string
	total    int
	open     map[net.Conn]bool
	problems []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{arrived: map[parcel]int{}, lost: map[parcel]int{}, bodies: map[parcel]string{}, open: map[net.Conn]bool{}}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(h.receive))
	h.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if state == http.StateClosed || state == http.StateHijacked {
			delete(h.open, conn)
		} else {
			h.open[conn] = true
		}
	}
	h.Start()
	t.Cleanup(h.Close)
	return h
}

func (h *house) receive(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // killed while it sent: nothing has arrived
	}
	var event struct {
		ID string `json:"id"`
	}
	problem := ""
	if err := json.Unmarshal(body, &event); err != nil {
		problem = err.Error()
	} else if event.ID != r.Header.Get("webhook-id") {
		problem = "webhook-id is " + r.Header.Get("webhook-id") + ", the event's id " + event.ID
	}
	at := parcel{r.URL.Path, event.ID}
	h.mu.Lock()
	if earlier, again := h.bodies[at]; again && earlier != string(body) {
		problem = "another body under " + event.ID
	}
	if problem != "" {
		h.problems = append(h.problems, problem)
	}
	h.arrived[at]++
	h.bodies[at] = string(body)
	h.total++
	h.mu.Unlock()
	select {
	case <-time.After(answerTime):
	case <-r.Context().Done():
	}
}

func (h *house) received() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.total
}

// TestWorkerKilledUnderLoad kills a worker again and again while events happen at a steady pace to endpoints
// that subscribe to different ones. Each endpoint gets each of its events; none comes twice that was not on
// its way at a kill, and never under another id.
func TestWorkerKilledUnderLoad(t *testing.T) {
	t.Parallel()

	g, h := newGateway(t), newHouse(t)
	g.prepare(t, h.URL)
	pool, err := pgxpool.New(t.Context(), g.env["DATABASE_URL"])
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	queue, err := jobs.NewInserter(pool, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	endpoints := &webhooks.Endpoints{
		DB: pool, Guard: webhooks.NewGuard(webhooks.GuardOptions{AllowHTTP: true, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
		Keyring: keyring.Development(), Queue: queue, Now: time.Now,
	}
	merchant := uuid.MustParse("550e8400-e29b-41d4-a716-446655440000")
	paths := map[string][]string{
		"/webhook": {"*"}, // of the demo data
		"/money":   {"payment.*", "refund.*"}, "/success": {"payment.success"}, "/refunds": {"refund.*"}, "/failed": {"payment.failed", "refund.failed"},
	}
	for path, types := range paths {
		if path == "/webhook" {
			continue
		}
		require.NoError(t, db.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := endpoints.Create(t.Context(), tx, merchant, webhooks.EndpointParams{URL: h.URL + path, EventTypes: types})
			return err
		}))
	}

	happening, stop := context.WithCancel(t.Context())
	defer stop()
	happened := make(chan int, 1)
	go func() { happened <- happen(happening, t, pool, queue, merchant) }()

	settings := []string{"RIVER_JOB_TIMEOUT", "20s", "RIVER_RESCUE_AFTER", "21s"}
	most := 0
	for range kills {
		worker, _ := g.start(t, "worker", settings...)
		before := h.received()
		wait(t, "the worker sends", func() (bool, error) { return h.received() >= before+sentByKill, nil })
		worker.kill(t)
		most += h.unrecorded(t, pool)
	}
	stop()
	events := <-happened
	require.NotZero(t, most, "killed at times that show nothing")

	g.start(t, "worker", settings...)
	count := func(query string) (n int) {
		require.NoError(t, pool.QueryRow(t.Context(), query).Scan(&n))
		return n
	}
	wait(t, "what waits for a job is delivered", func() (bool, error) {
		return count("SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered' AND NOT parked") == 0, nil
	})
	wait(t, "what killed workers had claimed is delivered", func() (bool, error) {
		return count("SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered'") == 0, nil
	})

	h.mu.Lock()
	defer h.mu.Unlock()
	require.Empty(t, h.problems)
	missing, expected := 0, 0
	rows, err := pool.Query(t.Context(), "SELECT id, type FROM events")
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ ID, Type string }])
	require.NoError(t, err)
	require.Len(t, all, events)
	for _, event := range all {
		for path, types := range paths {
			if webhooks.Subscribed(types, webhooks.Type(event.Type)) {
				expected++
				if h.arrived[parcel{path, event.ID}] == 0 {
					missing++
				}
			}
		}
	}
	// Each arrival was recorded as an attempt, or was on its way at a kill.
	duplicates := 0
	for p, attempts := range h.attempts(t, pool) {
		n := h.arrived[p]
		duplicates += n - 1
		require.LessOrEqual(t, n, attempts+h.lost[p], "%s came to %s once more than it was sent", p.eventID, p.path)
	}
	t.Logf("%d kills, %d events, %d deliveries: %d missing, %d duplicates, %d on their way at the kills", kills, events, expected, missing, duplicates, most)
	require.Zero(t, missing)
	require.LessOrEqual(t, duplicates, most)
	require.Len(t, h.arrived, expected, "nobody gets what is not for them")
	g.examine(t)
}

// happen makes events until ctx ends, and returns how many.
func happen(ctx context.Context, t *testing.T, pool *pgxpool.Pool, queue webhooks.Queue, merchant uuid.UUID) (n int) {
	kinds := []webhooks.Type{webhooks.PaymentSuccess, webhooks.PaymentFailed, webhooks.RefundProcessed, webhooks.RefundFailed, webhooks.OrderPaid}
	ticker := time.NewTicker(loadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return n
		case <-ticker.C:
		}
		event, err := webhooks.NewEvent(merchant, kinds[n%len(kinds)], webhooks.Refs{}, time.Now().UTC(), "number", n)
		if err == nil {
			err = db.InTx(context.WithoutCancel(ctx), pool, func(tx pgx.Tx) error {
				return webhooks.Emit(context.WithoutCancel(ctx), tx, queue, []webhooks.Event{event})
			})
		}
		if err != nil {
			t.Errorf("event %d: %v", n, err)
			return n
		}
		n++
	}
}

// unrecorded counts what a worker that was killed has sent without having noted it: what has arrived more
// often than there are attempts, beyond what was so at the kill before.
func (h *house) unrecorded(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	wait(t, "its connections are gone, and what it had sent over them has been read", func() (bool, error) {
		var sessions int
		err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'paygate-worker'`).Scan(&sessions)
		h.mu.Lock()
		defer h.mu.Unlock()
		return sessions == 0 && len(h.open) == 0, err
	})
	attempts := h.attempts(t, pool)
	h.mu.Lock()
	defer h.mu.Unlock()
	for p, arrived := range h.arrived {
		unrecorded := arrived - attempts[p]
		if unrecorded == h.lost[p] {
			continue
		}
		require.Equal(t, h.lost[p]+1, unrecorded, "%s was sent to %s twice at once", p.eventID, p.path)
		h.lost[p] = unrecorded
		n++
	}
	return n
}

// attempts counts what was recorded of each delivery.
func (h *house) attempts(t *testing.T, pool *pgxpool.Pool) map[parcel]int {
	t.Helper()
	rows, err := pool.Query(t.Context(), "SELECT w.url, d.event_id, d.attempt_count FROM webhook_deliveries d JOIN webhook_endpoints w ON w.id = d.endpoint_id")
	require.NoError(t, err)
	deliveries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		URL, EventID string
		Attempts     int
	}])
	require.NoError(t, err)
	made := make(map[parcel]int, len(deliveries))
	for _, row := range deliveries {
		made[parcel{row.URL[len(h.URL):], row.EventID}] = row.Attempts
	}
	return made
}
