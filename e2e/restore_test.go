package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/db/local"
)

// archive is a repository of pgBackRest, as docs/backup.md has an operator set one up, and the cluster that it is of.
type archive struct {
	program, folder, config string
	settings                map[string]string
	server                  *local.Postgres
}

func newArchive(t *testing.T) *archive {
	t.Helper()
	program, err := exec.LookPath("pgbackrest")
	require.NoError(t, err, "pgBackRest is missing; tools/debian-deps.sh installs it")
	a := &archive{program: program, folder: t.TempDir()}
	// In the cluster's folder, because that is given to whom the server runs as, whose archive_command writes here.
	for _, name := range []string{"repository", "lock", "spool"} {
		require.NoError(t, os.MkdirAll(filepath.Join(a.folder, "backup", name), 0o700))
	}
	a.config = filepath.Join(a.folder, "backup", "pgbackrest.conf")
	require.NoError(t, os.WriteFile(a.config, fmt.Appendf(nil, `[global]
repo1-path=%[1]s/backup/repository
repo1-retention-full=2
lock-path=%[1]s/backup/lock
spool-path=%[1]s/backup/spool
log-level-file=off
log-level-console=warn
start-fast=y

[paygate]
pg1-path=%[1]s/data
pg1-user=paygate
`, a.folder), 0o644))
	a.settings = map[string]string{
		"archive_mode": "on", "archive_command": program + " --config=" + a.config + " --stanza=paygate archive-push %p", "wal_level": "replica",
	}
	a.start(t)
	t.Cleanup(func() { require.NoError(t, a.server.Stop(context.Background())) })
	return a
}

func (a *archive) start(t *testing.T) {
	t.Helper()
	var err error
	a.server, err = local.StartPostgres(t.Context(), local.PostgresOptions{Dir: a.folder, Settings: a.settings})
	require.NoError(t, err)
}

// backrest runs the program.
func (a *archive) backrest(t *testing.T, args ...string) {
	t.Helper()
	at := []string{"--config=" + a.config, "--stanza=paygate"}
	output, err := exec.CommandContext(t.Context(), a.program, append(at, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// online is backrest for what asks the running cluster, whose port is another one at each start.
func (a *archive) online(t *testing.T, args ...string) {
	t.Helper()
	config, err := pgx.ParseConfig(a.server.URL())
	require.NoError(t, err)
	a.backrest(t, append([]string{fmt.Sprintf("--pg1-port=%d", config.Port), "--pg1-socket-path=" + config.Host}, args...)...)
}

// restore loses the cluster, and brings it back as it was at a time.
func (a *archive) restore(t *testing.T, at time.Time) {
	t.Helper()
	require.NoError(t, a.server.Stop(t.Context()))
	data := filepath.Join(a.folder, "data")
	// Emptied, not made anew: it keeps its owner.
	inside, err := filepath.Glob(filepath.Join(data, "*"))
	require.NoError(t, err)
	for _, path := range inside {
		require.NoError(t, os.RemoveAll(path))
	}
	a.backrest(t, "--type=time", "--target="+at.UTC().Format("2006-01-02 15:04:05.000000+00"), "--target-action=promote", "restore")
	a.start(t)
}

// hooks is a merchant's server that counts what it gets by the id of the event, and can be out of order.
type hooks struct {
	*httptest.Server

	mu     sync.Mutex
	broken bool
	counts map[string]int
}

func newHooks(t *testing.T) *hooks {
	t.Helper()
	h := &hooks{counts: make(map[string]int)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.broken {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		h.counts[r.Header.Get("webhook-id")]++
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hooks) setBroken(broken bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = broken
}

func (h *hooks) seen() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.counts)
}

// payUntil makes payments one after the other until told to stop, and returns those that were acknowledged.
func payUntil(ctx context.Context, api string, stop <-chan struct{}) (ids []string, err error) {
	for {
		select {
		case <-stop:
			return ids, nil
		default:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/api/v1/payments", strings.NewReader(`{"amount":50000,"currency":"INR"}`))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		var made resource
		err = json.NewDecoder(res.Body).Decode(&made)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusCreated {
			return nil, fmt.Errorf("a payment got %d: %w", res.StatusCode, err)
		}
		ids = append(ids, made.ID)
	}
}

// dial is connect for a server that will not be there when the test ends.
func (g *gateway) dial(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), g.env["DATABASE_URL"])
	require.NoError(t, err)
	return conn
}

// clock is the time as the database has it.
func (g *gateway) clock(t *testing.T) (now time.Time) {
	t.Helper()
	conn := g.dial(t)
	defer conn.Close(t.Context())
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&now))
	return now
}

// promoted waits until the database has replayed all that it was to, and takes writes: before, it already answers reads.
func (g *gateway) promoted(t *testing.T) {
	t.Helper()
	conn := g.dial(t)
	defer conn.Close(t.Context())
	wait(t, "the database is promoted", func() (promoted bool, err error) {
		err = conn.QueryRow(t.Context(), "SELECT NOT pg_is_in_recovery()").Scan(&promoted)
		return promoted, err
	})
}

// deliveries is the state of each event's delivery.
func (g *gateway) deliveries(t *testing.T) map[string]string {
	t.Helper()
	conn := g.dial(t)
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), "SELECT event_id, status FROM webhook_deliveries")
	require.NoError(t, err)
	all := make(map[string]string)
	var event, status string
	_, err = pgx.ForEachRow(rows, []any{&event, &status}, func() error { all[event] = status; return nil })
	require.NoError(t, err)
	return all
}

// settled waits until every payment is final and no delivery is due but those that are allowed to be.
func (g *gateway) settled(t *testing.T, allowed string) {
	t.Helper()
	conn := g.dial(t)
	defer conn.Close(t.Context())
	wait(t, "everything has settled", func() (bool, error) {
		var due int
		err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM payments WHERE status IN ('pending', 'processing'))
			+ (SELECT count(*) FROM webhook_deliveries WHERE status NOT IN ('delivered', $1))
			+ (SELECT count(*) FROM river_job WHERE state IN ('available', 'running'))`, allowed).Scan(&due)
		return due == 0, err
	})
}

// TestPointInTimeRestore takes a backup while payments are made, goes on, loses the cluster, and brings it back as it was at a time
// in between, by the commands of docs/backup.md. Then everything that was acknowledged by that time is there, nothing that came
// later, no invariant is broken, and webhooks go on where they were: none is missing, and none comes again that had been
// delivered by then.
func TestPointInTimeRestore(t *testing.T) {
	t.Parallel()

	a, sink := newArchive(t), newHooks(t)
	g := &gateway{dir: t.TempDir(), env: anyPorts(t)}
	maps.Copy(g.env, map[string]string{
		"DATABASE_URL": a.server.URL(), "REDIS_URL": dbtest.Redis(t), "PAYGATE_DEVELOPMENT": "true", "PAYGATE_SANDBOX_OPEN": "true",
		"WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8,::1/128", "WEBHOOK_RETRY_SCHEDULE": "0s,3s,3s,3s,3s,3s,3s,3s,3s,3s", "WEBHOOK_TIMEOUT": "2s",
		// What a worker had begun at the time that is restored runs again after this.
		"RIVER_JOB_TIMEOUT": "4s", "RIVER_RESCUE_AFTER": "5s", "RATE_LIMIT": "0",
	})
	g.prepare(t, sink.URL)
	a.online(t, "stanza-create")
	a.online(t, "check")
	api, apiURL := g.start(t, "api")
	worker, _ := g.start(t, "worker")

	// A backup in the middle of traffic.
	stop, done := make(chan struct{}), make(chan struct{})
	var kept []string
	var payErr error
	go func() {
		defer close(done)
		kept, payErr = payUntil(t.Context(), apiURL, stop)
	}()
	a.online(t, "--type=full", "backup")
	close(stop)
	<-done
	require.NoError(t, payErr)
	require.NotEmpty(t, kept, "the backup was faster than a payment")
	g.settled(t, "delivered")

	// More, whose webhooks cannot be delivered yet. Then is the time to come back to.
	sink.setBroken(true)
	for range 5 {
		kept = append(kept, payment(t, apiURL).ID)
	}
	g.settled(t, "retrying")
	then := g.clock(t)

	// What comes later will be lost, but for its webhooks: they have gone out.
	sink.setBroken(false)
	var lost []string
	for range 5 {
		lost = append(lost, payment(t, apiURL).ID)
	}
	g.settled(t, "delivered")
	before := sink.seen()
	api.kill(t)
	worker.kill(t)
	a.restore(t, then)
	g.env["DATABASE_URL"] = a.server.URL() // another port
	g.promoted(t)

	restored := g.deliveries(t)
	waiting := 0
	for event, status := range restored {
		require.Positive(t, before[event])
		if status != "delivered" {
			waiting++
		}
	}
	require.Positive(t, waiting, "the time was chosen so")
	require.Less(t, len(restored), len(before))

	api, apiURL = g.start(t, "api")
	worker, _ = g.start(t, "worker")
	g.settled(t, "delivered")
	for _, id := range kept {
		var got resource
		require.Equal(t, http.StatusOK, request(t, http.MethodGet, apiURL+"/api/v1/payments/"+id, nil, &got), "%s was acknowledged by then", id)
		require.Equal(t, "success", got.Status)
	}
	for _, id := range lost {
		require.Equal(t, http.StatusNotFound, request(t, http.MethodGet, apiURL+"/api/v1/payments/"+id, nil, nil), "%s came later", id)
	}
	after := sink.seen()
	for event, status := range restored {
		if status == "delivered" {
			require.Equal(t, before[event], after[event], "%s had been delivered, and came again", event)
		} else {
			require.Equal(t, before[event]+1, after[event], "%s was waiting, and comes once", event)
		}
	}

	fresh := payment(t, apiURL)
	awaitStatus(t, apiURL, "payments/"+fresh.ID, "success")
	g.settled(t, "delivered")
	g.examine(t)
	// The next backup belongs to the new timeline.
	a.online(t, "--type=diff", "backup")
	for _, p := range []*program{api, worker} {
		p.end(t, syscall.SIGTERM)
	}
}
