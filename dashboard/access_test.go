package dashboard_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"paygate/dashboard"
	"paygate/db/dbsqlc"
	"paygate/merchants"
)

// holdings is one of everything that a merchant can have, by the name that rows below give it.
type holdings map[string]string

// row is one route, with what it is sent. {name} in the path is a holding.
type row struct {
	route      string // as the mux or the router has it
	path, body string // path is route's where it is empty
	// least is who may do it: "viewer", "developer" or "owner"; "nobody" needs no session, "none" is refused to all.
	least string
}

var rows = []row{
	{route: "GET /session", least: "viewer"},
	{route: "PUT /session/password", body: `{"current":"wrong","new":"wrong"}`, least: "viewer"},
	{route: "GET /data/home", path: "/data/home?period=7d&zone=Asia/Kathmandu", least: "viewer"},
	{route: "GET /data/keys", least: "viewer"},
	{route: "POST /data/keys", body: `{"name":"x"}`, least: "developer"},
	{route: "POST /data/keys/{id}/rotate", path: "/data/keys/{key}/rotate", body: `{"overlap_hours":1}`, least: "developer"},
	{route: "DELETE /data/keys/{id}", path: "/data/keys/{doomed_key}", least: "developer"},
	{route: "POST /data/endpoints/{id}/reveal", path: "/data/endpoints/{endpoint}/reveal", least: "developer"},
	{route: "POST /data/endpoints/{id}/rotate", path: "/data/endpoints/{endpoint}/rotate", body: `{"overlap_hours":1}`, least: "developer"},
	{route: "GET /data/users", least: "viewer"},
	{route: "POST /data/users", body: `{"email":"new@example.com","role":"viewer"}`, least: "owner"},
	{route: "PUT /data/users/{id}/role", path: "/data/users/{user}/role", body: `{"role":"developer"}`, least: "owner"},
	{route: "DELETE /data/users/{id}", path: "/data/users/{user}", least: "owner"},
	{route: "GET /data/audit", least: "owner"},
	{route: "GET /data/docs", least: "viewer"},
	{route: "GET /data/docs/{slug}", path: "/data/docs/dashboard", least: "viewer"},
	{route: "GET /data/settings", least: "viewer"},
	{route: "PUT /data/settings/rate_limit", body: `{"rate_limit":"50/s"}`, least: "owner"},
	{route: "PUT /data/settings/branding", body: `{"display_name":"Asha","accent":"#112233"}`, least: "developer"},
	{route: "PUT /data/settings/logo", body: "no picture", least: "developer"},
	{route: "DELETE /data/settings/logo", least: "developer"},
	{route: "POST /data/settings/origins", body: `{"origin":"https://shop.example"}`, least: "developer"},
	{route: "POST /data/settings/origins/remove", body: `{"origin":"https://shop.example"}`, least: "developer"},
	{route: "POST /data/checkout_secret/reveal", least: "developer"},

	{route: "POST /api/v1/orders", body: `{"amount":100,"currency":"INR"}`, least: "developer"},
	{route: "GET /api/v1/orders", least: "viewer"},
	{route: "GET /api/v1/orders/:id", path: "/api/v1/orders/{order}", least: "viewer"},
	{route: "POST /api/v1/payments", body: `{"amount":100,"currency":"INR"}`, least: "developer"},
	{route: "GET /api/v1/payments", least: "viewer"},
	{route: "GET /api/v1/payments/:id", path: "/api/v1/payments/{payment}", least: "viewer"},
	{route: "POST /api/v1/payments/:id/capture", path: "/api/v1/payments/{payment}/capture", body: `{}`, least: "developer"},
	{route: "POST /api/v1/payments/:id/cancel", path: "/api/v1/payments/{payment}/cancel", body: `{}`, least: "developer"},
	{route: "POST /api/v1/payments/:id/refunds", path: "/api/v1/payments/{payment}/refunds", body: `{}`, least: "developer"},
	{route: "POST /api/v1/refunds", body: `{"payment_id":"{payment}"}`, least: "developer"},
	{route: "GET /api/v1/refunds", least: "viewer"},
	{route: "GET /api/v1/refunds/:id", path: "/api/v1/refunds/{refund}", least: "viewer"},
	{route: "GET /api/v1/balance", least: "viewer"},
	{route: "GET /api/v1/balance/transactions", least: "viewer"},
	{route: "GET /api/v1/events", least: "viewer"},
	{route: "GET /api/v1/events/:id", path: "/api/v1/events/{event}", least: "viewer"},
	{route: "POST /api/v1/webhook_endpoints", body: `{"url":"http://127.0.0.1:9/"}`, least: "developer"},
	{route: "GET /api/v1/webhook_endpoints", least: "viewer"},
	{route: "GET /api/v1/webhook_endpoints/:id", path: "/api/v1/webhook_endpoints/{endpoint}", least: "viewer"},
	{route: "PATCH /api/v1/webhook_endpoints/:id", path: "/api/v1/webhook_endpoints/{endpoint}", body: `{"description":"x"}`, least: "developer"},
	{route: "POST /api/v1/webhook_endpoints/:id/enable", path: "/api/v1/webhook_endpoints/{endpoint}/enable", body: `{}`, least: "developer"},
	{route: "POST /api/v1/webhook_endpoints/:id/test", path: "/api/v1/webhook_endpoints/{endpoint}/test", body: `{}`, least: "developer"},
	// People get at secrets by the routes that are in the audit log.
	{route: "POST /api/v1/webhook_endpoints/:id/rotate_secret", path: "/api/v1/webhook_endpoints/{endpoint}/rotate_secret", body: `{}`, least: "none"},
	{route: "GET /api/v1/webhook_endpoints/:id/secret", path: "/api/v1/webhook_endpoints/{endpoint}/secret", least: "none"},
	{route: "POST /api/v1/webhook_endpoints/:id/replay", path: "/api/v1/webhook_endpoints/{endpoint}/replay", body: `{"created_after":"2026-01-01T00:00:00Z"}`, least: "developer"},
	{route: "GET /api/v1/webhooks/logs", least: "viewer"},
	{route: "POST /api/v1/webhooks/retry", body: `{"status":"delivered"}`, least: "developer"},
	{route: "GET /api/v1/webhooks/tasks/:id", path: "/api/v1/webhooks/tasks/{task}", least: "viewer"},
	{route: "GET /api/v1/webhooks/:id", path: "/api/v1/webhooks/{delivery}", least: "viewer"},
	{route: "POST /api/v1/webhooks/:id/retry", path: "/api/v1/webhooks/{delivery}/retry", body: `{}`, least: "developer"},
	{route: "DELETE /api/v1/webhook_endpoints/:id", path: "/api/v1/webhook_endpoints/{endpoint}", least: "developer"},
}

// elsewhere are the routes that other tests look at: they open a session, end one, stream, or need none.
var elsewhere = []string{
	"GET /health", "/api/v1/", "GET /openapi.yaml", "/river/", "GET /river", "/", "POST /session", "DELETE /session", "GET /data/stream", "/data/", "/session/",
	"GET /data/settings/logo", "GET /health/ready",
}

// asked is one request of a row, for somebody's holdings.
func (r row) asked(of holdings) (method, path, body string) {
	method, path, _ = strings.Cut(r.route, " ")
	if r.path != "" {
		path = r.path
	}
	for name, id := range of {
		path, r.body = strings.ReplaceAll(path, "{"+name+"}", id), strings.ReplaceAll(r.body, "{"+name+"}", id)
	}
	return method, path, r.body
}

// names tells whether the row is about one thing of a merchant.
func (r row) names(of holdings) bool {
	_, path, body := r.asked(of)
	_, plainPath, plainBody := r.asked(nil)
	return path != plainPath || body != plainBody
}

func TestAccess(t *testing.T) {
	t.Parallel()

	b := setup(t)
	var covered []string
	for _, r := range rows {
		covered = append(covered, r.route)
	}
	for _, route := range slices.Concat(b.routes, b.apiRoutes) {
		require.True(t, slices.Contains(covered, route) || slices.Contains(elsewhere, route), "nobody tries %s", route)
	}

	other := uuid.New()
	b.addMerchant(t, other)
	mine := b.holdings(t, b.merchant)
	people := map[string]*http.Cookie{"nobody": nil}
	for _, role := range dashboard.Roles {
		people[role] = b.person(t, b.merchant, role, false)
	}
	stranger := b.person(t, other, dashboard.RoleOwner, false)
	require.Equal(t, http.StatusNotFound, b.status(t, people["owner"], http.MethodGet, "/api/v1/webhook_endpoints/"+mine["endpoint"]+"/%73ecret", ""),
		"other letters for the same path lead nowhere else")
	order := []string{"viewer", "developer", "owner"}

	for _, r := range rows {
		method, path, body := r.asked(mine)
		what := method + " " + path
		kind := []string{}
		if r.route == "PUT /data/settings/logo" {
			kind = []string{"Content-Type", "image/png"}
		}
		require.Equal(t, http.StatusUnauthorized, b.status(t, nil, method, path, body, kind...), "nobody: %s", what)

		if method != http.MethodGet {
			// As a page of another site sends it with the owner's cookie, by browsers that say so and those that do not yet.
			for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
				require.Equal(t, http.StatusForbidden, b.status(t, people["owner"], method, path, body, append(header, kind...)...), "%s: %s", header, what)
			}
		}
		if r.names(mine) {
			require.Equal(t, http.StatusNotFound, b.status(t, stranger, method, path, body, kind...), "stranger: %s", what)
		} else if method == http.MethodGet {
			answer := b.do(t, stranger, method, path, "")
			text, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			for name, id := range mine {
				require.NotContains(t, string(text), id, "stranger sees %s: %s", name, what)
			}
		}
		for i, role := range order {
			got := b.status(t, people[role], method, path, body, kind...)
			switch {
			case r.least == "none":
				require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, got, "%s: %s", role, what)
			case i < slices.Index(order, r.least):
				require.Equal(t, http.StatusForbidden, got, "%s: %s", role, what)
			case i > slices.Index(order, r.least):
				// Whoever came before may have removed it.
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError}, got, "%s: %s", role, what)
			default:
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError}, got, "%s: %s", role, what)
			}
		}
	}
}

// holdings makes one of everything for a merchant.
func (b *testBundle) holdings(t *testing.T, merchant uuid.UUID) holdings {
	t.Helper()
	owner := b.person(t, merchant, dashboard.RoleOwner, false)
	made := func(path, body string) string {
		answer := b.do(t, owner, http.MethodPost, path, body)
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.Less(t, answer.StatusCode, 300, "%s", text)
		var resource struct {
			ID string `json:"id"`
		}
		require.NoError(t, json.Unmarshal(text, &resource))
		return resource.ID
	}
	of := holdings{"endpoint": made("/api/v1/webhook_endpoints", `{"url":"http://127.0.0.1:9/"}`)}
	of["order"] = made("/api/v1/orders", `{"amount":100,"currency":"INR"}`)
	of["payment"] = made("/api/v1/payments", `{"amount":100,"currency":"INR"}`)
	first := func(path string) string {
		answer := b.do(t, owner, http.MethodGet, path, "")
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		var list struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal(text, &list))
		require.NotEmpty(t, list.Data, path)
		return list.Data[0].ID
	}
	of["event"] = first("/api/v1/events?limit=1")
	of["delivery"] = first("/api/v1/webhooks/logs?limit=1")
	of["task"] = made("/api/v1/webhooks/retry", `{"status":"delivered"}`)
	of["refund"] = "rfnd_held"
	_, err := b.pool.Exec(t.Context(), `INSERT INTO refunds (id, merchant_id, payment_id, amount, currency, status, created_at, updated_at)
		VALUES ($1, $2, $3, 1, 'INR', 'pending', now(), now())`, of["refund"], merchant, of["payment"])
	require.NoError(t, err)
	for name, id := range map[string]string{"key": "key_held", "doomed_key": "key_doomed"} {
		of[name] = id
		require.NoError(t, dbsqlc.New().APIKeyUpsert(t.Context(), b.pool, &dbsqlc.APIKeyUpsertParams{ID: id, MerchantID: merchant, Name: "x", SecretHash: merchants.HashSecret(id), CreatedAt: time.Now()}))
	}
	email := uuid.NewString() + "@example.com"
	require.NoError(t, dashboard.CreateUser(t.Context(), b.pool, dashboard.NewUser{MerchantID: merchant, Email: email, Role: dashboard.RoleViewer, Password: password}, time.Now()))
	user, err := dbsqlc.New().DashboardUserByEmail(t.Context(), b.pool, email)
	require.NoError(t, err)
	of["user"] = user.ID.String()
	return of
}

func TestRiverIsForOperators(t *testing.T) {
	t.Parallel()

	b := setup(t)
	for _, tt := range []struct {
		who    *http.Cookie
		status int
	}{
		{nil, http.StatusUnauthorized},
		{b.person(t, b.merchant, dashboard.RoleOwner, false), http.StatusForbidden},
		{b.person(t, b.merchant, dashboard.RoleViewer, true), http.StatusOK},
	} {
		for _, path := range []string{"/river/", "/river/api/queues", "/river/api/jobs?state=available"} {
			require.Equal(t, tt.status, b.status(t, tt.who, http.MethodGet, path, ""), path)
		}
		if tt.status != http.StatusOK {
			require.Equal(t, tt.status, b.status(t, tt.who, http.MethodPost, "/river/api/jobs/cancel", `{"ids":["1"]}`))
		}
	}
	operator := b.person(t, b.merchant, dashboard.RoleOwner, true)
	require.Equal(t, http.StatusForbidden, b.status(t, operator, http.MethodPost, "/river/api/jobs/cancel", `{"ids":["1"]}`, "Origin", "https://evil.example"))
	require.Equal(t, http.StatusUnauthorized, b.status(t, nil, http.MethodGet, "/data/stream", ""))
	require.Equal(t, http.StatusUnauthorized, b.status(t, nil, http.MethodGet, "/data/settings/logo", ""))
}
