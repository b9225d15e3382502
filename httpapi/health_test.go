package httpapi_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/fault"
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

	t.Run("PostgresGoesAndComes", func(t *testing.T) {
		t.Parallel()
		a := newAPI(t, setup{})
		payment := a.shop.pay(t, `{"amount":1,"currency":"INR"}`)
		config := a.pool.Config().ConnConfig.Copy()
		name := config.Database
		config.Database = "postgres"
		server, err := pgx.ConnectConfig(t.Context(), config)
		require.NoError(t, err)
		defer func() { require.NoError(t, server.Close(context.WithoutCancel(t.Context()))) }()

		_, err = server.Exec(t.Context(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
		require.NoError(t, err)
		_, err = server.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
		require.NoError(t, err)
		path := "/api/v1/payments/" + payment.ID
		eventually(t, func() bool { return a.shop.get(t, path).status == http.StatusServiceUnavailable }, "the connections are gone")
		for _, got := range []answer{a.shop.get(t, path), a.shop.post(t, "/api/v1/orders", `{"amount":1,"currency":"INR"}`), a.shop.post(t, "/api/v1/payments", `{"amount":1,"currency":"INR"}`)} {
			requireProblem(t, got, http.StatusServiceUnavailable, fault.Unavailable, "")
			require.Equal(t, "1", got.header.Get("Retry-After"))
		}
		_, err = server.Exec(t.Context(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
		require.NoError(t, err)
		eventually(t, func() bool { return a.shop.get(t, path).status == http.StatusOK }, "it is back without a restart")
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
