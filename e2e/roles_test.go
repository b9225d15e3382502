package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
)

// gateway is the roles as processes of their own, on a real Postgres and a real Redis.
type gateway struct {
	dir string
	env map[string]string
}

// newGateway has a database without anything in it.
func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{dir: t.TempDir(), env: anyPorts(t)}
	maps.Copy(g.env, map[string]string{
		"DATABASE_URL": dbtest.URL(t), "REDIS_URL": dbtest.Redis(t),
		"PAYGATE_DEVELOPMENT": "true", "PAYGATE_SANDBOX_OPEN": "true", "WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8,::1/128",
	})
	g.execute(t, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS acquirer CASCADE")
	return g
}

// prepare migrates and seeds, as an operator does, with webhooks to the receiver.
func (g *gateway) prepare(t *testing.T, receiverURL string) {
	t.Helper()
	g.env["PAYGATE_RECEIVER_URL"] = receiverURL + "/webhook"
	for _, command := range []string{"migrate", "seed"} {
		status, says := run(t, g.dir, g.env, command)
		require.Zero(t, status, says)
	}
}

// start launches a role, with settings of its own, and waits until it works. It returns its URL, when
// it has one.
func (g *gateway) start(t *testing.T, role string, settings ...string) (p *program, at string) {
	t.Helper()
	env := maps.Clone(g.env)
	for i := 0; i < len(settings); i += 2 {
		env[settings[i]] = settings[i+1]
	}
	p = launch(t, g.dir, env, role)
	switch role {
	case "api":
		at = p.logged(t, "api is serving", "addr")
	case "receiver":
		at = p.logged(t, "webhook receiver is serving", "addr")
	default:
		p.says(t, "workers are running")
		return p, ""
	}
	_, port, err := net.SplitHostPort(at)
	require.NoError(t, err)
	return p, "http://localhost:" + port
}

func (g *gateway) connect(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), g.env["DATABASE_URL"])
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

func (g *gateway) execute(t *testing.T, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), g.env["DATABASE_URL"])
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

// examine lets doctor look for what is not right.
func (g *gateway) examine(t *testing.T) {
	t.Helper()
	status, says := run(t, g.dir, g.env, "doctor", "--settled=0s")
	require.Zero(t, status, says)
}

func TestSeedOnRoles(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	receiver, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	api, apiURL := g.start(t, "api")
	worker, _ := g.start(t, "worker")

	readSeed(t).tell(t, place{apiURL, receiverURL})
	g.examine(t)
	for _, p := range []*program{api, worker, receiver} {
		p.end(t, syscall.SIGTERM)
	}
}

// upload is a request whose body is on its way.
type upload struct {
	conn net.Conn
	rest string
}

// beginUpload returns when the server has begun to read the body, which ends in the middle.
func beginUpload(t *testing.T, apiURL string) *upload {
	t.Helper()
	parsed, err := url.Parse(apiURL)
	require.NoError(t, err)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", parsed.Host)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ignoring(errors.Unwrap(conn.Close()), net.ErrClosed)) })
	body := `{"amount": 50000, "currency": "INR"}`
	_, err = fmt.Fprintf(conn, "POST /api/v1/payments HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", parsed.Host, len(body))
	require.NoError(t, err)
	interim, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", interim)
	_, err = fmt.Fprint(conn, body[:10])
	require.NoError(t, err)
	return &upload{conn, body[10:]}
}

func refusesConnections(t *testing.T, apiURL string) {
	t.Helper()
	parsed, err := url.Parse(apiURL)
	require.NoError(t, err)
	wait(t, "the API accepts nothing new", func() (bool, error) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", parsed.Host)
		if err == nil {
			return false, conn.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED), nil
	})
}

func TestAPIFinishesItsRequests(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	g.prepare(t, "http://localhost:1")
	api, apiURL := g.start(t, "api")
	begun := beginUpload(t, apiURL)
	require.NoError(t, api.Signal(syscall.SIGTERM))
	refusesConnections(t, apiURL)

	_, err := fmt.Fprint(begun.conn, begun.rest)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(begun.conn), nil)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusCreated, res.StatusCode)
	var made resource
	require.NoError(t, json.NewDecoder(res.Body).Decode(&made))
	require.True(t, res.Close, "the client is told not to send more")
	require.Zero(t, api.status(t), api.output())

	// What was answered is there.
	api, apiURL = g.start(t, "api")
	awaitStatus(t, apiURL, "payments/"+made.ID, "pending")

	// A second signal does not wait.
	beginUpload(t, apiURL)
	require.NoError(t, api.Signal(syscall.SIGTERM))
	refusesConnections(t, apiURL)
	require.NoError(t, api.Signal(syscall.SIGTERM))
	require.Equal(t, -1, api.status(t))
}

func TestWorkerFinishesItsJobs(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	receiver, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	_, apiURL := g.start(t, "api")
	worker, _ := g.start(t, "worker", "PROCESSOR_LATENCY_MIN", "1s")
	made := payment(t, apiURL)
	awaitStatus(t, apiURL, "payments/"+made.ID, "processing")
	worker.end(t, syscall.SIGTERM)
	awaitStatus(t, apiURL, "payments/"+made.ID, "success")
	receiver.end(t, os.Interrupt)
}

func TestKilledWorker(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	_, apiURL := g.start(t, "api")
	db := g.connect(t)
	count := func(query string) (n int) {
		require.NoError(t, db.QueryRow(t.Context(), query).Scan(&n))
		return n
	}
	// The acquirer books a charge after half of its latency.
	settings := []string{"PROCESSOR_LATENCY_MIN", "2s", "RIVER_JOB_TIMEOUT", "11s", "RIVER_RESCUE_AFTER", "12s"}
	worker, _ := g.start(t, "worker", settings...)

	var made []resource
	for range 3 {
		made = append(made, payment(t, apiURL))
	}
	wait(t, "three charges are booked", func() (bool, error) { return count("SELECT count(*) FROM acquirer.operations") == 3, nil })
	for range 3 {
		made = append(made, payment(t, apiURL))
	}
	wait(t, "three more are on their way to the acquirer", func() (bool, error) {
		return count("SELECT count(*) FROM payments WHERE status <> 'pending'") == 6, nil
	})
	worker.kill(t)
	require.Equal(t, 6, count("SELECT count(*) FROM payments WHERE status = 'processing'"), "killed too late to show anything")
	require.Equal(t, 3, count("SELECT count(*) FROM acquirer.operations"), "killed too late to show anything")

	worker, _ = g.start(t, "worker", settings...)
	for _, one := range made {
		awaitStatus(t, apiURL, "payments/"+one.ID, "success")
	}
	require.Equal(t, 6, count("SELECT count(*) FROM acquirer.operations"), "each was charged once")
	require.Equal(t, 6*50000, count("SELECT sum(amount) FROM acquirer.operations WHERE status = 'approved'"))
	wait(t, "all webhooks are delivered", func() (bool, error) {
		return count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'") == 12, nil
	})
	// A delivery that was under way when the worker was killed comes again, under its first id.
	events := make(map[string]bool)
	for _, webhook := range awaitWebhooks(t, receiverURL, "payment.success") {
		events[webhook.EventID] = true
	}
	require.Len(t, events, 12)
	g.examine(t)
	worker.end(t, syscall.SIGTERM)
}
