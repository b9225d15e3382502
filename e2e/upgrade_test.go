package e2e

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// restore replaces what is in the gateway's database by a dump.
func (g *gateway) restore(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	unpacked, err := gzip.NewReader(file)
	require.NoError(t, err)
	sql, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	g.execute(t, "DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS acquirer CASCADE; CREATE SCHEMA public")
	g.execute(t, string(sql))
}

// TestUpgrade takes databases of earlier schemas, with payments in every state and jobs that a killed process
// left, to this one: everything is still there, what waited goes on, and new payments are taken.
func TestUpgrade(t *testing.T) {
	t.Parallel()

	dumps, err := filepath.Glob("testdata/schema-*.sql.gz")
	require.NoError(t, err)
	require.NotEmpty(t, dumps)
	for _, dump := range dumps {
		t.Run(filepath.Base(dump), func(t *testing.T) {
			t.Parallel()

			g := newGateway(t)
			g.restore(t, dump)
			before := g.sums(t)
			require.GreaterOrEqual(t, before.payments, 30)
			require.NotZero(t, before.waiting, "the dump was made in the middle of work")

			status, says := run(t, g.dir, g.env, "migrate")
			require.Zero(t, status, says)
			require.Equal(t, before, g.sums(t), "the migration itself changes no money and loses no job")

			_, api := g.start(t, "api")
			g.start(t, "worker", "RIVER_JOB_TIMEOUT", "1s", "WEBHOOK_TIMEOUT", "500ms", "RIVER_RESCUE_AFTER", "2s")
			fresh := payment(t, api)
			awaitStatus(t, api, "payments/"+fresh.ID, "success")
			conn := g.connect(t)
			wait(t, "what waited before the upgrade is done", func() (bool, error) {
				var open int
				err := conn.QueryRow(t.Context(), "SELECT count(*) FROM payments WHERE status IN ('pending', 'processing')").Scan(&open)
				return open == 0, err
			})
			g.examine(t)

			var held list
			require.Equal(t, http.StatusOK, request(t, http.MethodGet, api+"/api/v1/payments?status=authorized", nil, &held))
			require.NotEmpty(t, held.Data)
			var captured resource
			require.Equal(t, http.StatusOK, request(t, http.MethodPost, api+"/api/v1/payments/"+held.Data[0].ID+"/capture", map[string]any{}, &captured))
			awaitStatus(t, api, "payments/"+held.Data[0].ID, "success")
			g.examine(t)
		})
	}
}

// sums is what a migration must not change.
type sums struct {
	payments, refunds, events, deliveries, transfers, waiting int
	captured, booked                                          int64
}

func (g *gateway) sums(t *testing.T) (s sums) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), g.env["DATABASE_URL"])
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM payments), (SELECT count(*) FROM refunds), (SELECT count(*) FROM events), (SELECT count(*) FROM webhook_deliveries),
		(SELECT count(*) FROM ledger_transfers), (SELECT count(*) FROM river_job WHERE finalized_at IS NULL),
		(SELECT sum(amount_captured) FROM payments), (SELECT sum(amount) FROM ledger_transfers)`).
		Scan(&s.payments, &s.refunds, &s.events, &s.deliveries, &s.transfers, &s.waiting, &s.captured, &s.booked))
	return s
}
