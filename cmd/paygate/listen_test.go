package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/webhooks/signature"
)

// says waits until the program has written what the expression matches, and returns its groups.
func (r *running) says(t *testing.T, expression string) []string {
	t.Helper()
	pattern := regexp.MustCompile(expression)
	var match []string
	require.Eventually(t, func() bool {
		match = pattern.FindStringSubmatch(r.stdout.String())
		return match != nil
	}, patience, 5*time.Millisecond, expression)
	return match
}

// workingEnv is an installation with demo data and a worker that may connect to this machine.
func workingEnv(t *testing.T, settings ...string) map[string]string {
	t.Helper()
	env := with(roleEnv(t), "WEBHOOK_ALLOW_CIDRS", "127.0.0.0/8,::1/128")
	for i := 0; i < len(settings); i += 2 {
		env = with(env, settings[i], settings[i+1])
	}
	require.Zero(t, call(t, env, "seed").status)
	worker := start(t, env, "worker")
	worker.logged(t, "workers are running")
	t.Cleanup(func() { worker.end(t) })
	return env
}

// merchantServer is a merchant's server that keeps what it gets.
type merchantServer struct {
	*httptest.Server

	mu     sync.Mutex
	got    []*http.Request
	bodies []string
	status int
}

func newMerchantServer(t *testing.T) *merchantServer {
	t.Helper()
	s := &merchantServer{status: http.StatusAccepted}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got, s.bodies = append(s.got, r), append(s.bodies, string(body))
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, "thank\n you")
	}))
	t.Cleanup(s.Close)
	return s
}

// TestListenAndTrigger is what a developer does: listen in one terminal, trigger in another.
func TestListenAndTrigger(t *testing.T) {
	t.Parallel()

	env, shop := workingEnv(t), newMerchantServer(t)
	listening := start(t, env, "listen", "--forward-to", shop.URL+"/hooks?a=b", "--events", "payment.*,refund.failed")
	secret, err := signature.ParseSecret(listening.says(t, `(?m)^Their secret: (\S+)$`)[1])
	require.NoError(t, err)

	triggered := call(t, env, "trigger", "payment.success")
	require.Zero(t, triggered.status, triggered.stderr)
	event := regexp.MustCompile(`(?m)^payment.success has happened: (evt_\S+)\n  whd_\S+ to http://`).FindStringSubmatch(triggered.stdout)
	require.NotNil(t, event, triggered.stdout)
	listening.says(t, `(?m)^\S+  payment\.success   `+event[1]+`  signature ok \(seed \+ standard\)  → 202 \(`+regexp.QuoteMeta(shop.URL)+`/hooks\?a=b in \d+ ms: thank you\)$`)

	// What the shop has got is what was sent.
	pool, err := pgxpool.New(t.Context(), env["DATABASE_URL"])
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	var body string
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT body FROM events WHERE id = $1", event[1]).Scan(&body))
	shop.mu.Lock()
	found := -1
	for i, request := range shop.got {
		require.Equal(t, "/hooks?a=b", request.URL.RequestURI())
		require.Equal(t, "Paygate-Webhooks/1", request.UserAgent())
		require.Equal(t, strings.TrimPrefix(shop.URL, "http://"), request.Host)
		require.NoError(t, (&signature.Verifier{Secrets: []signature.Secret{secret}}).Verify(request.Header, []byte(shop.bodies[i])))
		require.NoError(t, signature.VerifyBody(secret.Reveal(), request.Header.Get(signature.HeaderBody), []byte(shop.bodies[i])))
		require.NotContains(t, shop.bodies[i], "webhook.test", "the first webhook is for listen itself")
		if request.Header.Get(signature.HeaderID) == event[1] {
			found = i
		}
		for name := range request.Header {
			require.NotContains(t, name, "Forwarded")
		}
	}
	require.Equal(t, body, shop.bodies[found])
	// A failure is the sender's to repeat.
	shop.status = http.StatusServiceUnavailable
	shop.mu.Unlock()
	require.Zero(t, call(t, env, "trigger", "payment.failed").status)
	listening.says(t, `payment\.failed .* → 503 `)
	require.Eventually(t, func() bool {
		var status string
		require.NoError(t, pool.QueryRow(t.Context(),
			"SELECT status FROM webhook_deliveries WHERE event_type = 'payment.failed' AND endpoint_id <> $1", demoEndpoint).Scan(&status))
		return status == "retrying"
	}, patience, 10*time.Millisecond)

	require.Zero(t, listening.end(t))
	var left int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM webhook_endpoints WHERE deleted_at IS NULL").Scan(&left))
	require.Equal(t, 1, left, "the endpoint is gone with it")
}

// One that was killed leaves its endpoint behind; the next takes it away, and leaves alone those of who listens.
func TestListen_AfterAKill(t *testing.T) {
	t.Parallel()

	env := with(workingEnv(t), "PAYGATE_LISTEN_SECRET", demoWebhookSecret)
	pool, err := pgxpool.New(t.Context(), env["DATABASE_URL"])
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	_, err = pool.Exec(t.Context(), `INSERT INTO webhook_endpoints (id, merchant_id, url, description, event_types, status, created_at, updated_at)
		VALUES ('we_left', $1, 'http://localhost:1/', $2, '{*}', 'enabled', now(), now())`, demoMerchant, listenerDescription)
	require.NoError(t, err)
	first := start(t, env, "listen")
	require.Equal(t, demoWebhookSecret, first.says(t, `Their secret: (\S+)`)[1])
	second := start(t, env, "listen", "--merchant", demoMerchant.String())
	second.says(t, `Their secret: `)
	var live []string
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT array_agg(id) FROM webhook_endpoints WHERE deleted_at IS NULL AND description = $1", listenerDescription).Scan(&live))
	require.Len(t, live, 2)
	require.NotContains(t, live, "we_left")
	require.Zero(t, first.end(t))
	require.Zero(t, second.end(t))
}

// Who cannot be reached is told why, instead of waiting for webhooks that will never come.
func TestListen_Unreachable(t *testing.T) {
	t.Parallel()

	t.Run("Blocked", func(t *testing.T) {
		t.Parallel()

		got := call(t, workingEnv(t, "WEBHOOK_ALLOW_CIDRS", ""), "listen")
		require.Equal(t, exitFailure, got.status)
		require.Contains(t, got.stderr, "the endpoint's host leads to an address that is not allowed")
		require.Contains(t, got.stderr, "WEBHOOK_ALLOW_CIDRS")
	})
	t.Run("NoWorker", func(t *testing.T) {
		t.Parallel()

		env := roleEnv(t)
		require.Zero(t, call(t, env, "seed").status)
		got := call(t, env, "listen", "--ready", "1s")
		require.Equal(t, exitFailure, got.status)
		require.Contains(t, got.stderr, "no worker has sent the first webhook")
		got = call(t, env, "trigger", "payment.success", "--wait", "1s")
		require.Equal(t, exitFailure, got.status)
		require.Contains(t, got.stderr, "no worker has done it")
	})
	t.Run("Nonsense", func(t *testing.T) {
		t.Parallel()

		for says, args := range map[string][]string{
			"is not a URL such as http://localhost:8080/webhooks": {"listen", "--forward-to", "localhost:8080"},
			"it is not a secret of an endpoint":                   {"listen", "--secret", "whsec_short"},
			"cannot be triggered: choose one of order.paid,":      {"trigger", "payment.sucess"},
			"happens when an endpoint answers 410":                {"trigger", "endpoint.disabled"},
		} {
			got := call(t, nil, args...)
			require.Equal(t, exitUsage, got.status)
			require.Contains(t, got.stderr, says)
		}
	})
}

// Every type that can be triggered happens.
func TestTrigger(t *testing.T) {
	t.Parallel()

	env, shop := workingEnv(t), newMerchantServer(t)
	listening := start(t, env, "listen", "--forward-to", shop.URL)
	listening.says(t, `Their secret: `)
	var calls sync.WaitGroup
	for _, kind := range triggerable() {
		calls.Go(func() {
			got := call(t, env, "trigger", kind)
			require.Zero(t, got.status, "%s: %s", kind, got.stderr)
			require.Contains(t, got.stdout, kind+" has happened: evt_")
		})
	}
	calls.Wait()
	for _, kind := range triggerable() {
		listening.says(t, regexp.QuoteMeta(kind)+` .* signature ok`)
	}
	shop.mu.Lock()
	defer shop.mu.Unlock()
	for _, body := range shop.bodies {
		require.True(t, json.Valid(bytes.TrimSpace([]byte(body))))
	}
}
