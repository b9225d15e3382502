package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/httpapi"
	"paygate/httpapi/contract"
)

func TestRoutes(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{})

	t.Run("AreThoseOfTheDocument", func(t *testing.T) {
		t.Parallel()
		contract.Load(t).CheckRoutes(t, a.routes)
	})

	t.Run("ServeTheDocument", func(t *testing.T) {
		t.Parallel()
		got := a.send(t, http.MethodGet, "/openapi.yaml", "")
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, httpapi.Document, got.body)
	})

	t.Run("NothingElseIsThere", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{
			"/", "/api", "/api/v1", "/api/v1/", "/api/v1/payment", "/api/v2/payments", "/API/V1/PAYMENTS", "/api/v1/payments/", "//api/v1/payments",
			"/api//v1/payments", "/api/v1/payments//", "/api/v1/payments/pay_1/", "/api/v1/payments/pay_1/refund", "/api/v1/payments/pay_1/capture/all",
			"/api/v1/payments/pay_1%2Fcapture%2F", "/health/", "/health/live", "/favicon.ico", "/robots.txt", "/debug/pprof/", "/metrics", "/.env",
			"/api/v1/%FF", "/api/v1/%00", "/%2e%2e/%2e%2e/etc/passwd", "/api/v1/<script>alert(1)</script>", "/api/v1/orders%20", "/api/v1/orders;a=b",
		} {
			if path == "/api/v1/payments/pay_1%2Fcapture%2F" {
				requireProblem(t, a.shop.get(t, path), http.StatusNotFound, fault.NotFound, "")
				continue
			}
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				requireProblem(t, a.shop.send(t, method, path, ""), http.StatusNotFound, fault.RouteNotFound, "")
			}
		}
	})

	t.Run("SayWhichMethodsTheyHave", func(t *testing.T) {
		t.Parallel()
		for path, allow := range map[string]string{
			"/health": "GET", "/api/v1/payments": "GET, POST", "/api/v1/webhook_endpoints/we_1": "DELETE, GET, PATCH",
			"/api/v1/webhooks/logs": "GET", "/api/v1/refunds": "GET, POST",
		} {
			for _, method := range []string{http.MethodPut, http.MethodTrace, http.MethodOptions, "PURGE"} {
				got := a.send(t, method, path, "")
				require.Equal(t, http.StatusMethodNotAllowed, got.status)
				require.Equal(t, allow, sortedList(got.header.Get("Allow")))
			}
			require.Equal(t, http.StatusMethodNotAllowed, a.send(t, http.MethodHead, path, "").status)
		}
	})
}
