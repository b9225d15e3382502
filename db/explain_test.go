package db_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
)

// bigTables grow with payments.
var bigTables = []string{
	"events", "idempotency_keys", "ledger_transfers", "operations", "orders", "payments", "refunds",
	"river_job", "webhook_attempts", "webhook_deliveries",
}

// readsWhole are the queries that may read a big table from end to end, and why.
var readsWhole = map[string]string{
	"Doctor": "paygate doctor examines every row; it is run by hand, read-only, with its own session settings",
}

// generated are where sqlc puts what it has compiled.
var generated = []string{"dbsqlc/*.sql.go", "../processor/internal/books/*.sql.go"}

var queryText = regexp.MustCompile("(?s)= `-- name: (\\w+) :\\w+\n(.*?)\n`")

// TestQueriesHaveIndexes plans every query that sqlc compiles, as a prepared statement without regard
// to its arguments, on a filled database, and refuses plans that read a big table from end to end.
func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	fill(t, pool, 5000)

	var planned int
	for _, pattern := range generated {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range queryText.FindAllStringSubmatch(string(text), -1) {
				name, sql := match[1], match[2]
				planned++
				if mayReadWhole(name) {
					continue
				}
				for _, problem := range wholeReads(plan(t.Context(), t, pool, name, sql), false) {
					t.Errorf("%s (%s) %s", name, filepath.Base(file), problem)
				}
			}
		}
	}
	require.Greater(t, planned, 60, "the generated files have another form than expected")
}

func mayReadWhole(name string) bool {
	for prefix := range readsWhole {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// planNode is as much of EXPLAIN's answer as is looked at.
type planNode struct {
	NodeType  string     `json:"Node Type"`
	Relation  string     `json:"Relation Name"`
	IndexName string     `json:"Index Name"`
	IndexCond string     `json:"Index Cond"`
	Plans     []planNode `json:"Plans"`
}

func plan(ctx context.Context, t *testing.T, pool *pgxpool.Pool, name, sql string) planNode {
	t.Helper()
	conn, err := pool.Acquire(ctx)
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(ctx, "SET plan_cache_mode = force_generic_plan")
	require.NoError(t, err)
	prepared, err := conn.Conn().Prepare(ctx, "explained", sql)
	require.NoError(t, err, name)
	nulls := ""
	if n := len(prepared.ParamOIDs); n > 0 {
		nulls = "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
	}
	var answer []byte
	require.NoError(t, conn.QueryRow(ctx, "EXPLAIN (FORMAT JSON) EXECUTE explained"+nulls).Scan(&answer), name)
	require.NoError(t, conn.Conn().Deallocate(ctx, "explained"))
	var plans []struct{ Plan planNode }
	require.NoError(t, json.Unmarshal(answer, &plans), name)
	return plans[0].Plan
}

// wholeReads lists what in a plan reads all of a big table: by itself, or all of an index, unless a limit
// above ends that soon.
func wholeReads(node planNode, limited bool) []string {
	limited = limited || node.NodeType == "Limit"
	var problems []string
	big := slices.Contains(bigTables, node.Relation)
	switch {
	case big && node.NodeType == "Seq Scan":
		problems = append(problems, "reads all of "+node.Relation)
	case big && strings.HasPrefix(node.NodeType, "Index") && node.IndexCond == "" && !limited && !partial(node.IndexName):
		problems = append(problems, "reads all of "+node.IndexName)
	}
	for _, child := range node.Plans {
		problems = append(problems, wholeReads(child, limited)...)
	}
	return problems
}

// partial tells whether an index holds only rows that wait for something, which are few.
func partial(index string) bool {
	return slices.Contains([]string{"payments_expiring", "webhook_deliveries_parked"}, index)
}

// fill makes n payments with what belongs to them.
func fill(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		INSERT INTO merchants (id, name, email, created_at)
			SELECT gen_random_uuid(), 'm', 'm@example.com', now() FROM generate_series(1, 5)`)
	require.NoError(t, err)
	for _, statement := range []string{
		`INSERT INTO orders (id, merchant_id, amount, currency, status, created_at, updated_at)
			SELECT 'order_' || g, m.id, 100, 'INR', 'paid', now() - g * interval '1 s', now() FROM m, generate_series(1, $1) g`,
		`INSERT INTO payments (id, merchant_id, amount, currency, status, capture, amount_captured, created_at, updated_at)
			SELECT 'pay_' || g, m.id, 100, 'INR', 'success', 'automatic', 100, now() - g * interval '1 s', now() FROM m, generate_series(1, $1) g`,
		`INSERT INTO refunds (id, merchant_id, payment_id, amount, currency, status, created_at, updated_at)
			SELECT 'rfnd_' || g, m.id, 'pay_' || g, 1, 'INR', 'processed', now() - g * interval '1 s', now() FROM m, generate_series(1, $1) g`,
		`INSERT INTO events (id, merchant_id, type, payment_id, body, created_at)
			SELECT 'evt_' || g, m.id, 'payment.success', 'pay_' || g, '{}', now() - g * interval '1 s' FROM m, generate_series(1, $1) g`,
		`INSERT INTO webhook_deliveries (id, merchant_id, endpoint_id, event_id, event_type, payment_id, status, step, attempt_count, created_at, updated_at)
			SELECT 'whd_' || g, m.id, 'we_' || g % 7, 'evt_' || g, 'payment.success', 'pay_' || g, 'delivered', 1, 1, now() - g * interval '1 s', now()
			FROM m, generate_series(1, $1) g`,
		`INSERT INTO webhook_attempts (delivery_id, number, merchant_id, trigger, outcome, response_code, duration_ms, started_at)
			SELECT 'whd_' || g, 1, m.id, 'automatic', 'success', 200, 1, now() FROM m, generate_series(1, $1) g`,
		`INSERT INTO ledger_transfers (id, merchant_id, kind, debit, credit, amount, currency, payment_id, created_at)
			SELECT 'tr_' || g, m.id, 'capture', 'acquirer', 'balance', 100, 'INR', 'pay_' || g, now() - g * interval '1 s' FROM m, generate_series(1, $1) g`,
		`INSERT INTO idempotency_keys (merchant_id, route, key, fingerprint, status, body, created_at)
			SELECT m.id, 'POST /', 'k' || g, decode(repeat('00', 32), 'hex'), 201, '', now() - g * interval '1 s' FROM m, generate_series(1, $1) g`,
		`INSERT INTO river_job (args, kind, max_attempts, queue, state, finalized_at)
			SELECT '{}', 'process_payment', 1, 'payments', 'completed', now() FROM m, generate_series(1, $1) g`,
		`INSERT INTO acquirer.operations (reference, kind, payment_reference, amount, currency, outcome, status, captured, created_at, updated_at)
			SELECT 'pay_' || g, 'sale', 'pay_' || g, 100, 'INR', 'ordinary', 'approved', 100, now(), now() FROM m, generate_series(1, $1) g`,
	} {
		_, err := pool.Exec(t.Context(), strings.Replace(statement, "FROM m,", "FROM (SELECT id FROM merchants LIMIT 1) m,", 1), n)
		require.NoError(t, err, statement)
	}
	_, err = pool.Exec(t.Context(), "ANALYZE")
	require.NoError(t, err)
}

func TestWholeReadsAreSeen(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	for sql, whole := range map[string]bool{
		"SELECT count(*) FROM payments WHERE status = $1":     true,
		"SELECT * FROM events WHERE body = $1":                true,
		"SELECT id FROM payments WHERE id = ANY ($1::text[])": false,
	} {
		require.Equal(t, whole, len(wholeReads(plan(t.Context(), t, pool, sql, sql), false)) > 0, sql)
	}
}
