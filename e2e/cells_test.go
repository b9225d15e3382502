package e2e

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	sdk "paygate/client"
	sdkapi "paygate/client/api"
	"paygate/db/dbsqlc"
	"paygate/db/local"
	"paygate/db/local/process"
	"paygate/merchants"
)

// cell is a whole gateway: a Postgres, a Redis and processes that no other cell has to do with.
type cell struct {
	*gateway

	name, receiver string
	postgres       *local.Postgres
	api            string // host and port
	processes      []*program
	merchants      []cellMerchant
}

// cellMerchant is a merchant who lives in one cell, and does not know which.
type cellMerchant struct {
	id          uuid.UUID
	key, secret string
}

func newCell(t *testing.T, name string) *cell {
	t.Helper()
	postgres, err := local.StartPostgres(t.Context(), local.PostgresOptions{Dir: openFolder(t)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, postgres.Stop(context.Background())) })
	redis, err := local.StartRedis(t.Context())
	require.NoError(t, err)
	t.Cleanup(redis.Close)

	c := &cell{gateway: &gateway{dir: t.TempDir(), env: anyPorts(t)}, name: name, postgres: postgres}
	c.env["DATABASE_URL"], c.env["REDIS_URL"] = postgres.URL(), redis.URL()
	c.env["PAYGATE_DEVELOPMENT"], c.env["WEBHOOK_ALLOW_CIDRS"] = "true", "127.0.0.0/8,::1/128"
	status, says := run(t, c.dir, c.env, "migrate")
	require.Zero(t, status, says)
	receiver, receiverURL := c.start(t, "receiver")
	server, apiURL := c.start(t, "api")
	worker, _ := c.start(t, "worker")
	c.receiver, c.api, c.processes = receiverURL, strings.TrimPrefix(apiURL, "http://"), []*program{server, worker, receiver}
	return c
}

// openFolder is one that a Postgres with an account of its own can reach.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "paygate-cell-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	require.NoError(t, os.Chmod(folder, 0o711))
	return folder
}

// settle gives a merchant a place in the cell.
func (c *cell) settle(t *testing.T) {
	t.Helper()
	id := uuid.New()
	m := cellMerchant{id, "key_test_" + id.String()[:8], "secret_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")}
	db, queries := c.connect(t), dbsqlc.New()
	require.NoError(t, queries.MerchantUpsert(t.Context(), db, &dbsqlc.MerchantUpsertParams{
		ID: m.id, Name: "Shop", Email: m.id.String() + "@example.com", CreatedAt: time.Now(),
	}))
	require.NoError(t, queries.APIKeyUpsert(t.Context(), db, &dbsqlc.APIKeyUpsertParams{
		ID: m.key, MerchantID: m.id, Name: "Server", SecretHash: merchants.HashSecret(m.secret), CreatedAt: time.Now(),
	}))
	c.merchants = append(c.merchants, m)
}

// routed starts HAProxy with the configuration that the documents give, and returns its URL.
func routed(t *testing.T, cells ...*cell) string {
	t.Helper()
	folder := t.TempDir()
	var lines strings.Builder
	for _, c := range cells {
		for _, m := range c.merchants {
			fmt.Fprintf(&lines, "%s %s\n", hex.EncodeToString(merchants.HashSecret(m.secret)), c.name)
		}
	}
	file := filepath.Join(folder, "cells.map")
	require.NoError(t, os.WriteFile(file, []byte(lines.String()), 0o600))
	configuration, err := filepath.Abs("../deploy/cells/haproxy.cfg")
	require.NoError(t, err)
	port, err := local.FreePort(t.Context())
	require.NoError(t, err)
	at := fmt.Sprintf("127.0.0.1:%d", port)
	path, err := exec.LookPath("haproxy")
	if err != nil {
		path = "/usr/sbin/haproxy" // where Debian puts it, and what is not in everybody's PATH
	}
	proxy, err := process.Start(process.Spec{
		Path: path, Args: []string{"-db", "-f", configuration}, Dir: folder, OnParentDeath: syscall.SIGKILL,
		Env: environ(map[string]string{"CELLS_BIND": at, "CELLS_MAP": file, "CELL_A": cells[0].api, "CELL_B": cells[1].api}),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, proxy.Stop(context.Background(), 10*time.Second, syscall.SIGTERM)) })
	wait(t, "the router listens", func() (bool, error) {
		select {
		case <-proxy.Done():
			return false, fmt.Errorf("haproxy ended:\n%s", proxy.Tail())
		default:
		}
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", at)
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return true, conn.Close()
	})
	return "http://" + at
}

// trade does what a merchant does, and returns the payments. Where to is all that it knows.
func (m cellMerchant) trade(t *testing.T, at, receiverURL string, n int) []string {
	t.Helper()
	c, err := sdk.New(at, m.secret, sdk.Options{HTTP: client})
	require.NoError(t, err)
	_, err = c.API.CreateWebhookEndpointWithResponse(t.Context(), nil, sdkapi.WebhookEndpointCreate{URL: receiverURL + "/webhook"})
	require.NoError(t, err)
	amount, part, currency := int64(50000), int64(10000), "INR"
	var made []string
	for range n {
		payment, err := c.CreatePayment(t.Context(), "", sdkapi.PaymentCreate{Amount: &amount, Currency: &currency})
		require.NoError(t, err)
		made = append(made, payment.ID)
	}
	for _, id := range made {
		wait(t, id+" is success", func() (bool, error) {
			payment, err := c.Payment(t.Context(), id)
			return err == nil && payment.Status == "success", err
		})
		_, err := c.Refund(t.Context(), "", sdkapi.RefundCreate{PaymentID: &id, Amount: &part})
		require.NoError(t, err)
	}
	var listed []string
	for payment, err := range c.Payments(t.Context(), nil) {
		require.NoError(t, err)
		listed = append(listed, payment.ID)
	}
	require.Subset(t, listed, made)
	return made
}

// merchantsIn are the merchants of whom a database holds anything at all.
func (c *cell) merchantsIn(t *testing.T) []string {
	t.Helper()
	rows, err := c.connect(t).Query(t.Context(), `SELECT merchant_id::text FROM (
		SELECT id AS merchant_id FROM merchants UNION SELECT merchant_id FROM payments UNION SELECT merchant_id FROM refunds
		UNION SELECT merchant_id FROM events UNION SELECT merchant_id FROM ledger_transfers UNION SELECT merchant_id FROM webhook_deliveries
		UNION SELECT merchant_id FROM idempotency_keys) AS everybody`)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return found
}

// delivered waits until nothing is under way to a merchant of the cell, and returns how much has arrived.
func (c *cell) delivered(t *testing.T) (n int) {
	t.Helper()
	db := c.connect(t)
	wait(t, "what "+c.name+" has to tell is delivered", func() (bool, error) {
		var waiting int
		err := db.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE status = 'delivered'), count(*) FILTER (WHERE status <> 'delivered')
			+ (SELECT count(*) FROM refunds WHERE status = 'pending') FROM webhook_deliveries`).Scan(&n, &waiting)
		return waiting == 0, err
	})
	return n
}

// status is what the merchant's requests get, with the credentials in each of the ways in which they may come.
func (m cellMerchant) status(t *testing.T, url string) int {
	t.Helper()
	var statuses []int
	for _, authorize := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+m.secret) },
		func(r *http.Request) { r.SetBasicAuth(m.key, m.secret) },
		func(r *http.Request) { r.Header.Set("X-Api-Key", m.key); r.Header.Set("X-Api-Secret", m.secret) },
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		require.NoError(t, err)
		authorize(req)
		res, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		statuses = append(statuses, res.StatusCode)
	}
	require.Equal(t, slices.Repeat(statuses[:1], len(statuses)), statuses)
	return statuses[0]
}

// TestCells runs two cells behind one address: merchants trade without knowing of them, nothing of a merchant is ever in
// another's cell, both books are right, and a cell that is lost takes nobody with it but its own merchants.
func TestCells(t *testing.T) {
	t.Parallel()

	a, b := newCell(t, "cell_a"), newCell(t, "cell_b")
	for range 3 {
		a.settle(t)
		b.settle(t)
	}
	address := routed(t, a, b)

	const each = 5
	var trading sync.WaitGroup
	payments := make([]string, 2)
	for i, c := range []*cell{a, b} {
		for j, m := range c.merchants {
			trading.Go(func() {
				made := m.trade(t, address, c.receiver, each)
				if j == 0 {
					payments[i] = made[0]
				}
			})
		}
	}
	trading.Wait()

	for _, c := range []*cell{a, b} {
		var own []string
		for _, m := range c.merchants {
			own = append(own, m.id.String())
		}
		require.ElementsMatch(t, own, c.merchantsIn(t))
		require.GreaterOrEqual(t, c.delivered(t), len(c.merchants)*each*4) // created, success, refund created, processed
		c.examine(t)
	}

	// The router finds a merchant by the key alone; elsewhere there is no such merchant, and no such payment.
	mine, other := a.merchants[0], b.merchants[0]
	require.Equal(t, http.StatusOK, mine.status(t, address+"/api/v1/payments/"+payments[0]))
	require.Equal(t, http.StatusOK, other.status(t, address+"/api/v1/payments/"+payments[1]))
	require.Equal(t, http.StatusNotFound, mine.status(t, address+"/api/v1/payments/"+payments[1]))
	require.Equal(t, http.StatusUnauthorized, mine.status(t, "http://"+b.api+"/api/v1/payments"))
	require.Equal(t, http.StatusUnauthorized, cellMerchant{key: "key_test_nobody", secret: "secret_test_nobody"}.status(t, address+"/api/v1/payments"))
	require.Equal(t, http.StatusUnauthorized, request(t, http.MethodGet, address+"/api/v1/payments", nil, nil))

	// One cell is lost with all it has.
	for _, p := range b.processes {
		p.kill(t)
	}
	require.Equal(t, http.StatusServiceUnavailable, other.status(t, address+"/api/v1/payments"))
	mine.trade(t, address, a.receiver, 1)
	a.delivered(t)
	a.examine(t)
}
