package load_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"paygate/bench/load"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve answers requests until the test ends.
func serve(t *testing.T, answer http.HandlerFunc) load.Target {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	target, err := load.NewTarget(server.URL, "secret")
	require.NoError(t, err)
	return target
}

func TestRunSendsEachPaymentOnce(t *testing.T) {
	t.Parallel()
	var keys, bodies sync.Map
	var asked atomic.Int64
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		_, keyKnown := keys.LoadOrStore(r.Header.Get("Idempotency-Key"), true)
		_, bodyKnown := bodies.LoadOrStore(string(body), true)
		if err != nil || keyKnown || bodyKnown || r.Header.Get("Authorization") != "Bearer secret" || r.URL.Path != "/api/v1/payments" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		if asked.Add(1)%5 == 0 {
			w.Header().Set("Connection", "close") // as a server does that is stopping
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"pay_1"}`)
	})
	var accepted atomic.Int64
	result, err := load.Run(t.Context(), load.Options{
		Target: target, Connections: 4, Duration: time.Minute, MaxRequests: 200,
		Accepted: func(body []byte, _ time.Time) {
			if string(body) == `{"id":"pay_1"}` {
				accepted.Add(1)
			}
		},
	})
	require.NoError(t, err)
	require.Equal(t, map[int]int{http.StatusCreated: 200}, result.Statuses)
	require.Len(t, result.Latencies, 200)
	require.EqualValues(t, 200, accepted.Load())
}

func TestOpenModelCountsTheWaitForAConnection(t *testing.T) {
	t.Parallel()
	const stall = 200 * time.Millisecond
	var asked atomic.Int64
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			<-time.After(stall)
		}
		w.WriteHeader(http.StatusCreated)
	})
	result, err := load.Run(t.Context(), load.Options{Target: target, Connections: 1, Duration: time.Minute, Rate: 1000, MaxRequests: 100})
	require.NoError(t, err)
	require.Len(t, result.Latencies, 100)
	require.Greater(t, result.Percentile(.5), stall/2, "who waited behind the one that stalled has waited too")
}

func TestTarget(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]load.Target{
		"http://localhost:8000": {Addr: "localhost:8000", Host: "localhost:8000", Secret: "s"},
		"https://pay.example/":  {Addr: "pay.example:443", Host: "pay.example", TLS: true, Secret: "s"},
	} {
		target, err := load.NewTarget(base, "s")
		require.NoError(t, err)
		require.Equal(t, want, target)
		require.Equal(t, strings.Contains(base, "localhost"), target.Loopback())
	}
	for _, bad := range []string{"", "localhost:8000", "ftp://localhost", "http://localhost/api"} {
		_, err := load.NewTarget(bad, "s")
		require.Error(t, err, bad)
	}
}
