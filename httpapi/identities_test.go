package httpapi_test

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/payments"
)

// The document whose table says what becomes of each route for each who may come. The test below holds the API to it.
const securityDocument = "../docs/security.md"

// accessTable reads the table: for each route, as "GET /health", the status by the heading of the column.
func accessTable(t *testing.T) map[string]map[string]int {
	t.Helper()
	document, err := os.ReadFile(securityDocument)
	require.NoError(t, err)
	var columns []string
	table := make(map[string]map[string]int)
	for line := range strings.Lines(string(document)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == "route of the API":
			columns = cells[1:]
		case columns == nil || strings.HasPrefix(cells[0], "---"):
		case !strings.HasPrefix(cells[0], "`"):
			columns = nil // the table has ended
		default:
			route := strings.Trim(cells[0], "`")
			require.NotContains(t, table, route, "two rows for one route")
			require.Len(t, cells, len(columns)+1, route)
			row := make(map[string]int, len(columns))
			for i, column := range columns {
				row[column], err = strconv.Atoi(cells[i+1])
				require.NoError(t, err, route)
			}
			table[route] = row
		}
	}
	return table
}

// belongings are a merchant's.
type belongings struct {
	// ids of records, by the word that stands for each in a request.
	ids map[string]string
	// hooks is where its webhooks go; HOOKS stands for that.
	hooks string
}

// kinds is the word for the record that a route's path names, where it is not that of most routes.
var kinds = map[string]string{
	"POST /api/v1/payments/:id/capture": "HELD",
	"POST /api/v1/payments/:id/cancel":  "HELD_TOO",
}

// asked is the rest of a request: a body, or a query, that names a merchant's records where the route takes any.
var asked = map[string]string{
	"GET /api/v1/payments":                             "?order_id=order_",
	"GET /api/v1/refunds":                              "?payment_id=pay_",
	"GET /api/v1/events":                               "?payment_id=pay_",
	"GET /api/v1/balance/transactions":                 "?payment_id=pay_",
	"GET /api/v1/webhooks/logs":                        "?endpoint_id=we_",
	"POST /api/v1/orders":                              `{"amount":50000,"currency":"INR"}`,
	"POST /api/v1/payments":                            `{"order_id":"order_"}`,
	"POST /api/v1/payments/:id/refunds":                `{"amount":1}`,
	"POST /api/v1/refunds":                             `{"payment_id":"pay_","amount":1}`,
	"POST /api/v1/webhook_endpoints":                   `{"url":"HOOKS"}`,
	"PATCH /api/v1/webhook_endpoints/:id":              `{"description":"Shop"}`,
	"POST /api/v1/webhook_endpoints/:id/rotate_secret": `{"overlap_seconds":60}`,
	"POST /api/v1/webhooks/retry":                      `{"endpoint_id":"we_"}`,
}

// makeBelongings makes one record of each kind, and waits until nothing moves them any more.
func makeBelongings(t *testing.T, c *caller, s *sink) belongings {
	t.Helper()
	made := belongings{make(map[string]string), s.url + "/hooks"}
	for prefix, id := range makeRecords(t, c, s, "/hooks") {
		made.ids[string(prefix)] = id
	}
	for _, word := range []string{"HELD", "HELD_TOO"} {
		held := c.pay(t, strings.Replace(cardPayment("4242424242424242", 2), `{`, `{"capture":"manual",`, 1))
		made.ids[word] = c.settled(t, held.ID, payments.Authorized).ID
	}
	eventually(t, func() bool {
		var due int
		err := c.api.pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE finalized_at IS NULL").Scan(&due)
		return err == nil && due == 0
	}, "all jobs are done")
	return made
}

// send asks for a route on a merchant's records.
func (b belongings) send(t *testing.T, a *api, route string, header ...string) answer {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	kind, ok := kinds[route]
	if !ok {
		kind = string(misusedRoutes()[route].id)
	}
	path = strings.Replace(path, ":id", b.ids[kind], 1)
	rest := strings.Replace(asked[route], "HOOKS", b.hooks, 1)
	for prefix, id := range b.ids {
		rest = strings.NewReplacer(`"`+prefix+`"`, `"`+id+`"`, "="+prefix, "="+id).Replace(rest)
	}
	if strings.HasPrefix(rest, "?") {
		return a.send(t, method, path+rest, "", header...)
	}
	return a.send(t, method, path, rest, header...)
}

// all is everything that a merchant can see of the records, as it is now.
func (b belongings) all(t *testing.T, c *caller) string {
	t.Helper()
	var seen strings.Builder
	for _, path := range []string{
		"/orders", "/payments", "/refunds", "/events", "/webhook_endpoints", "/webhook_endpoints/" + b.ids[string(ids.Endpoint)] + "/secret",
		"/webhooks/logs", "/webhooks/tasks/" + b.ids[string(ids.Task)], "/balance", "/balance/transactions",
	} {
		got := c.get(t, "/api/v1"+path)
		require.Equal(t, http.StatusOK, got.status, path)
		seen.Write(got.body)
	}
	return seen.String()
}

// TestIdentities tries every route as everybody who may come, on one merchant's records, and holds what is answered against
// the document's table. A route without a row fails, and so does a row without its route.
func TestIdentities(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	table := accessTable(t)
	for route := range table {
		require.Contains(t, a.routes, route, "the document has a route that is gone")
	}
	for _, route := range a.routes {
		require.Contains(t, table, route, "%s has no row for this route", securityDocument)
	}

	bearer := func(secret string) []string { return []string{"Authorization", "Bearer " + secret} }
	strangers := map[string][]string{
		"no key":             nil,
		"wrong key":          {"X-Api-Key", a.shop.key, "X-Api-Secret", a.other.secret},
		"publishable key":    {"X-Api-Key", a.shop.key},
		"revoked key":        bearer(a.oldKey(t, a.shop, revoked)),
		"expired key":        bearer(a.oldKey(t, a.shop, rotatedLongAgo)),
		"another merchant's": bearer(a.other.secret),
	}
	owners := map[string][]string{
		"old key in its overlap": bearer(a.oldKey(t, a.shop, rotatedNow)),
		"the merchant's":         bearer(a.shop.secret),
	}
	for _, row := range table {
		require.Len(t, row, len(strangers)+len(owners))
	}

	ours := makeBelongings(t, a.shop, s)
	before := ours.all(t, a.shop)
	t.Run("Strangers", func(t *testing.T) {
		for name, header := range strangers {
			for _, route := range a.routes {
				t.Run(name+"|"+strings.ReplaceAll(route, "/", "|"), func(t *testing.T) {
					t.Parallel()
					got := ours.send(t, a, route, header...)
					require.Equal(t, table[route][name], got.status, "%s", got.body)
					if got.status < http.StatusBadRequest {
						for word, id := range ours.ids {
							require.NotContains(t, string(got.body), id, "somebody else's %s", word)
						}
					}
				})
			}
		}
	})
	require.Equal(t, before, ours.all(t, a.shop), "strangers changed something")

	// Deleting comes last; what else a route does leaves enough for the next.
	routes := slices.Clone(a.routes)
	slices.SortStableFunc(routes, func(x, y string) int {
		return strings.Compare(strings.Repeat("z", strings.Count(x, "DELETE")), strings.Repeat("z", strings.Count(y, "DELETE")))
	})
	for name, header := range owners {
		t.Run(name, func(t *testing.T) {
			theirs := makeBelongings(t, a.shop, s)
			for _, route := range routes {
				got := theirs.send(t, a, route, header...)
				require.Equal(t, table[route][name], got.status, "%s: %s", route, got.body)
			}
		})
	}
}

// The fates of an old key.
const (
	revoked        = "revoked"
	rotatedNow     = "rotated, and its overlap has begun"
	rotatedLongAgo = "rotated, and its overlap is over"
)

// oldKey gives a merchant one more key, lets it meet its fate by the statements that the dashboard uses, and returns its secret.
func (a *api) oldKey(t *testing.T, c *caller, fate string) string {
	t.Helper()
	old := a.newKey(t, c.merchant)
	queries, now := dbsqlc.New(), time.Now()
	var changed int64
	var err error
	switch fate {
	case revoked:
		changed, err = queries.APIKeyRevoke(t.Context(), a.pool, &dbsqlc.APIKeyRevokeParams{MerchantID: c.merchant, ID: old.key, Now: now})
	case rotatedNow:
		changed, err = queries.APIKeyExpire(t.Context(), a.pool, &dbsqlc.APIKeyExpireParams{MerchantID: c.merchant, ID: old.key, Now: now, Until: now.Add(time.Hour)})
	case rotatedLongAgo:
		then := now.Add(-2 * time.Hour)
		changed, err = queries.APIKeyExpire(t.Context(), a.pool, &dbsqlc.APIKeyExpireParams{MerchantID: c.merchant, ID: old.key, Now: then, Until: then.Add(time.Hour)})
	}
	require.NoError(t, err)
	require.EqualValues(t, 1, changed)
	return old.secret
}
