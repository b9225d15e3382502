package dashboard_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/dashboard"
	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/gate"
	"paygate/httpapi"
	"paygate/idempotency"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/merchants"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const password = "correct horse battery"

type testBundle struct {
	pool     *pgxpool.Pool
	server   *httptest.Server
	merchant uuid.UUID
	late     atomic.Int64 // how far the clock was put forward
	// routes are the dashboard's own, apiRoutes those of the REST API within it.
	routes, apiRoutes []string
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{pool: dbtest.Pool(t), merchant: uuid.New()}
	clock := func() time.Time { return time.Now().UTC().Truncate(time.Millisecond).Add(time.Duration(b.late.Load())) }
	logger := slog.New(slog.DiscardHandler)
	queue, err := jobs.NewInserter(b.pool, logger)
	require.NoError(t, err)
	sessions := &dashboard.Sessions{DB: b.pool, Now: clock}
	acquirer, err := processor.NewSimulator(b.pool, processor.Config{Logger: logger, Now: clock})
	require.NoError(t, err)
	money := payments.New(payments.Options{DB: b.pool, Acquirer: acquirer, Queue: queue, Now: clock})
	t.Cleanup(func() {
		require.NoError(t, money.Close(context.Background()))
		require.NoError(t, acquirer.Close(context.Background()))
	})
	ring := keyring.Development()
	fingerprints, err := idempotency.LoadFingerprinter(t.Context(), b.pool, ring)
	require.NoError(t, err)
	guard := webhooks.NewGuard(webhooks.GuardOptions{AllowHTTP: true, AllowCIDRs: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	endpoints := &webhooks.Endpoints{DB: b.pool, Guard: guard, Keyring: ring, Queue: queue, Now: clock}
	api := httpapi.New(httpapi.Options{
		DB: b.pool, Payments: money, Events: &webhooks.Events{DB: b.pool}, Endpoints: endpoints, Deliveries: &webhooks.Log{DB: b.pool, Queue: queue, Now: clock},
		Keys: &merchants.Keys{DB: b.pool, Now: clock}, Fingerprints: fingerprints, Logger: logger, Now: clock, Authenticate: sessions.Caller,
	})
	for _, route := range api.(*gin.Engine).Routes() {
		b.apiRoutes = append(b.apiRoutes, route.Method+" "+route.Path)
	}
	reads := db.NewReader(db.ReaderOptions{Primary: b.pool})
	server, err := dashboard.New(dashboard.Options{
		DB: b.pool, Reads: reads, Sessions: sessions, API: api, Queue: queue, Logger: logger, Now: clock, RateLimit: gate.Rate{Requests: 100, Per: time.Second},
		Storefronts: &merchants.Storefronts{DB: b.pool, Keyring: ring, Now: clock}, Endpoints: endpoints,
	})
	require.NoError(t, err)
	b.routes = dashboard.Patterns(server)
	b.server = httptest.NewServer(server)
	t.Cleanup(b.server.Close)
	b.addMerchant(t, b.merchant)
	return b
}

func (b *testBundle) addMerchant(t *testing.T, id uuid.UUID) {
	t.Helper()
	require.NoError(t, dbsqlc.New().MerchantUpsert(t.Context(), b.pool, &dbsqlc.MerchantUpsertParams{ID: id, Name: "Shop", Email: id.String() + "@example.com", CreatedAt: time.Now()}))
}

// person signs somebody in and returns the cookie.
func (b *testBundle) person(t *testing.T, merchant uuid.UUID, role string, operator bool) *http.Cookie {
	t.Helper()
	email := uuid.NewString() + "@example.com"
	require.NoError(t, dashboard.CreateUser(t.Context(), b.pool, dashboard.NewUser{MerchantID: merchant, Email: email, Role: role, Operator: operator, Password: password}, time.Now()))
	answer := b.do(t, nil, http.MethodPost, "/session", `{"email":"`+email+`","password":"`+password+`"}`)
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	require.Len(t, answer.Cookies(), 1)
	return answer.Cookies()[0]
}

func (b *testBundle) do(t *testing.T, cookie *http.Cookie, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+path, bytes.NewReader([]byte(body)))
	require.NoError(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	answer.Body = io.NopCloser(bytes.NewReader(text))
	return answer
}

func (b *testBundle) status(t *testing.T, cookie *http.Cookie, method, path, body string, headers ...string) int {
	t.Helper()
	answer := b.do(t, cookie, method, path, body, headers...)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func TestSession(t *testing.T) {
	t.Parallel()

	t.Run("CookieIsClosed", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		cookie := b.person(t, b.merchant, dashboard.RoleOwner, false)
		require.True(t, cookie.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
		require.Equal(t, http.StatusOK, b.status(t, cookie, http.MethodGet, "/session", ""))
		require.Equal(t, http.StatusNoContent, b.status(t, cookie, http.MethodDelete, "/session", ""))
		require.Equal(t, http.StatusUnauthorized, b.status(t, cookie, http.MethodGet, "/session", ""), "the token itself must be dead")
	})
	t.Run("IdleEnds", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		cookie := b.person(t, b.merchant, dashboard.RoleOwner, false)
		b.late.Store(int64(59 * time.Minute))
		require.Equal(t, http.StatusOK, b.status(t, cookie, http.MethodGet, "/session", ""))
		b.late.Store(int64(118 * time.Minute))
		require.Equal(t, http.StatusOK, b.status(t, cookie, http.MethodGet, "/session", ""), "it was used meanwhile")
		b.late.Store(int64(179 * time.Minute))
		require.Equal(t, http.StatusUnauthorized, b.status(t, cookie, http.MethodGet, "/session", ""))
	})
	t.Run("LastsNoLongerThanTwelveHours", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		cookie := b.person(t, b.merchant, dashboard.RoleOwner, false)
		for used := 30 * time.Minute; used < 12*time.Hour; used += 30 * time.Minute {
			b.late.Store(int64(used))
			require.Equal(t, http.StatusOK, b.status(t, cookie, http.MethodGet, "/session", ""), used)
		}
		b.late.Store(int64(12*time.Hour + time.Second))
		require.Equal(t, http.StatusUnauthorized, b.status(t, cookie, http.MethodGet, "/session", ""), "it was used all the time")
	})
	t.Run("PasswordChangeEndsAll", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		cookie := b.person(t, b.merchant, dashboard.RoleViewer, false)
		require.Equal(t, http.StatusBadRequest, b.status(t, cookie, http.MethodPut, "/session/password", `{"current":"wrong","new":"another long one"}`))
		require.Equal(t, http.StatusNoContent, b.status(t, cookie, http.MethodPut, "/session/password", `{"current":"`+password+`","new":"another long one"}`))
		require.Equal(t, http.StatusUnauthorized, b.status(t, cookie, http.MethodGet, "/session", ""))
	})
	t.Run("Throttled", func(t *testing.T) {
		t.Parallel()

		b := setup(t)
		guess := `{"email":"nobody@example.com","password":"guess"}`
		for range 10 {
			require.Equal(t, http.StatusUnauthorized, b.status(t, nil, http.MethodPost, "/session", guess))
		}
		answer := b.do(t, nil, http.MethodPost, "/session", guess)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusTooManyRequests, answer.StatusCode)
		require.NotEmpty(t, answer.Header.Get("Retry-After"))
	})
}

func TestAnswersAreClosed(t *testing.T) {
	t.Parallel()

	b := setup(t)
	for _, path := range []string{"/", "/payments/pay_1", "/session", "/river/", "/assets/none.js"} {
		answer := b.do(t, nil, http.MethodGet, path, "")
		require.NoError(t, answer.Body.Close())
		policy := answer.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "frame-ancestors 'none'", path)
		require.NotContains(t, policy, "unsafe-inline", path)
	}
	index := b.do(t, nil, http.MethodGet, "/payments", "")
	text, err := io.ReadAll(index.Body)
	require.NoError(t, err)
	require.NoError(t, index.Body.Close())
	_, rest, found := strings.Cut(string(text), `src="./`)
	require.True(t, found)
	script, _, _ := strings.Cut(rest, `"`)
	asset := b.do(t, nil, http.MethodGet, "/"+script, "", "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", asset.Header.Get("Content-Encoding"))
	require.Contains(t, asset.Header.Get("Cache-Control"), "immutable")
	unpacked, err := gzip.NewReader(asset.Body)
	require.NoError(t, err)
	packed, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	require.NoError(t, asset.Body.Close())

	asset = b.do(t, nil, http.MethodGet, "/"+script, "", "Accept-Encoding", "identity")
	require.Equal(t, http.StatusOK, asset.StatusCode)
	require.Empty(t, asset.Header.Get("Content-Encoding"))
	require.Equal(t, "text/javascript; charset=utf-8", asset.Header.Get("Content-Type"))
	plain, err := io.ReadAll(asset.Body)
	require.NoError(t, err)
	require.NoError(t, asset.Body.Close())
	require.Equal(t, string(packed), string(plain), "who reads no gzip gets the same")
}
