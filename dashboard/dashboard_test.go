package dashboard_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/dashboard"
	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/webhooks"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const password = "correct horse battery"

type testBundle struct {
	pool     *pgxpool.Pool
	server   *httptest.Server
	merchant uuid.UUID
	late     atomic.Int64 // how far the clock was put forward
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	b := &testBundle{pool: dbtest.Pool(t), merchant: uuid.New()}
	clock := func() time.Time { return time.Now().UTC().Truncate(time.Millisecond).Add(time.Duration(b.late.Load())) }
	logger := slog.New(slog.DiscardHandler)
	queue, err := jobs.NewInserter(b.pool, logger)
	require.NoError(t, err)
	sessions := &dashboard.Sessions{DB: b.pool, Now: clock}
	// Stands for the REST API, whose own tests are elsewhere: says whom the session speaks for.
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := sessions.Caller(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, caller.MerchantID.String())
	})
	server, err := dashboard.New(dashboard.Options{
		DB: b.pool, Reads: db.NewReader(db.ReaderOptions{Primary: b.pool}), Sessions: sessions, API: api, Queue: queue, Logger: logger, Now: clock,
		Endpoints: &webhooks.Endpoints{DB: b.pool, Keyring: keyring.Development(), Queue: queue, Now: clock},
	})
	require.NoError(t, err)
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

func TestAccess(t *testing.T) {
	t.Parallel()

	b := setup(t)
	other := uuid.New()
	b.addMerchant(t, other)
	owner, developer := b.person(t, b.merchant, dashboard.RoleOwner, true), b.person(t, b.merchant, dashboard.RoleDeveloper, false)
	viewer, stranger := b.person(t, b.merchant, dashboard.RoleViewer, false), b.person(t, other, dashboard.RoleOwner, false)
	require.NoError(t, dbsqlc.New().APIKeyUpsert(t.Context(), b.pool, &dbsqlc.APIKeyUpsertParams{ID: "key_1", MerchantID: b.merchant, Name: "x", SecretHash: make([]byte, 32), CreatedAt: time.Now()}))
	endpoints := &webhooks.Endpoints{DB: b.pool, Keyring: keyring.Development(), Now: time.Now}
	require.NoError(t, endpoints.Seed(t.Context(), webhooks.SeedEndpoint{ID: "we_1", URL: "http://localhost/", Secret: "whsec_cGF5Z2F0ZS1kZW1vLXJlY2VpdmVyLTI0", MerchantID: b.merchant}))

	for _, tt := range []struct {
		who                string
		cookie             *http.Cookie
		method, path, body string
		want               int
	}{
		{"nobody", nil, http.MethodGet, "/data/keys", "", http.StatusUnauthorized},
		{"nobody", nil, http.MethodGet, "/data/stream", "", http.StatusUnauthorized},
		{"nobody", nil, http.MethodGet, "/river/", "", http.StatusUnauthorized},
		{"viewer", viewer, http.MethodGet, "/data/home?period=7d&zone=Asia/Kathmandu", "", http.StatusOK},
		{"viewer", viewer, http.MethodGet, "/api/v1/payments", "", http.StatusOK},
		{"viewer", viewer, http.MethodPost, "/api/v1/payments", "{}", http.StatusForbidden},
		{"viewer", viewer, http.MethodDelete, "/api/v1/webhook_endpoints/we_1", "", http.StatusForbidden},
		{"viewer", viewer, http.MethodPost, "/data/keys", `{"name":"x"}`, http.StatusForbidden},
		{"viewer", viewer, http.MethodPost, "/data/endpoints/we_1/reveal", "", http.StatusForbidden},
		{"viewer", viewer, http.MethodGet, "/data/audit", "", http.StatusForbidden},
		{"viewer", viewer, http.MethodGet, "/river/", "", http.StatusForbidden},
		{"developer", developer, http.MethodPost, "/data/users", `{"email":"a@example.com","role":"owner"}`, http.StatusForbidden},
		{"developer", developer, http.MethodPost, "/api/v1/webhook_endpoints/we_1/rotate_secret", "{}", http.StatusNotFound},
		{"stranger", stranger, http.MethodPost, "/data/keys/key_1/rotate", `{"overlap_hours":1}`, http.StatusNotFound},
		{"stranger", stranger, http.MethodDelete, "/data/keys/key_1", "", http.StatusNotFound},
		{"stranger", stranger, http.MethodPost, "/data/endpoints/we_1/reveal", "", http.StatusNotFound},
		{"stranger", stranger, http.MethodPost, "/data/endpoints/we_1/rotate", `{"overlap_hours":1}`, http.StatusNotFound},
		{"stranger", stranger, http.MethodDelete, "/data/users/" + uuid.NewString(), "", http.StatusNotFound},
		{"owner", owner, http.MethodGet, "/river/", "", http.StatusOK},
		{"owner", owner, http.MethodPost, "/data/endpoints/we_1/reveal", "", http.StatusOK},
		{"developer", developer, http.MethodPost, "/data/keys/key_1/rotate", `{"overlap_hours":1}`, http.StatusOK},
		{"owner", owner, http.MethodDelete, "/data/keys/key_1", "", http.StatusNoContent},
	} {
		require.Equal(t, tt.want, b.status(t, tt.cookie, tt.method, tt.path, tt.body), "%s %s %s", tt.who, tt.method, tt.path)
	}

	require.Equal(t, http.StatusForbidden, b.status(t, owner, http.MethodPost, "/data/keys", `{"name":"x"}`, "Sec-Fetch-Site", "cross-site"))
	require.Equal(t, http.StatusForbidden, b.status(t, owner, http.MethodPost, "/river/api/jobs/cancel", `{"ids":["1"]}`, "Origin", "https://evil.example"))
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
	require.NoError(t, asset.Body.Close())
	require.Equal(t, "gzip", asset.Header.Get("Content-Encoding"))
	require.Contains(t, asset.Header.Get("Cache-Control"), "immutable")
}
