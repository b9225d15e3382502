package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReady(t *testing.T) {
	t.Parallel()

	ready := func(t *testing.T, a *api, status int) string {
		t.Helper()
		got := a.send(t, http.MethodGet, "/health/ready", "")
		require.Equal(t, status, got.status)
		return string(got.body)
	}

	t.Run("AllIsThere", func(t *testing.T) {
		t.Parallel()
		a := newAPI(t, setup{workers: true})
		eventually(t, func() bool {
			return ready(t, a, http.StatusOK) == `{"status":"ready","postgres":"ok","redis":"ok","workers":"ok"}`
		}, "a worker leads")
	})

	t.Run("WithoutWorkersAndRedis", func(t *testing.T) {
		t.Parallel()
		a := newAPI(t, setup{})
		require.JSONEq(t, `{"status":"degraded","postgres":"ok","redis":"ok","workers":"missing"}`, ready(t, a, http.StatusOK))
		require.NoError(t, a.redis.Close())
		require.JSONEq(t, `{"status":"degraded","postgres":"ok","redis":"missing","workers":"missing"}`, ready(t, a, http.StatusOK))
		a.shop.pay(t, `{"amount":1,"currency":"INR"}`) // neither is needed to take one
	})

	t.Run("WithoutPostgres", func(t *testing.T) {
		t.Parallel()
		a := newAPI(t, setup{})
		a.pool.Close()
		require.JSONEq(t, `{"status":"unavailable","postgres":"missing","redis":"ok","workers":"missing"}`, ready(t, a, http.StatusServiceUnavailable))
		require.Equal(t, http.StatusOK, a.send(t, http.MethodGet, "/health", "").status, "the process is up")
		for _, got := range []answer{
			a.shop.get(t, "/api/v1/payments"), a.shop.post(t, "/api/v1/payments", `{"amount":1,"currency":"INR"}`),
		} {
			require.GreaterOrEqual(t, got.status, 500)
			require.NotRegexp(t, internals, string(got.body))
		}
	})
}
