package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// bigMerchant is the demo merchant, who has six payments of ten; the rest is shared by the others.
const (
	bigMerchant = "550e8400-e29b-41d4-a716-446655440000"
	merchants   = 21
)

// days is the time over which the payments are spread, evenly, until now.
const days = 89 // within the retention of all that is filled

// loads are the statements that fill the tables, in groups that do not wait for each other. $1 is the number of
// payments, $2 the time of the first one, $3 the seconds between two. g counts payments.
//
// Two in a hundred fail, one in fifty of the rest is refunded, one in ten is for an order, one event type in three is
// a payment's success. p is how ids of those four minutes begin (paygate/db/ids): history is removed by the time in an id.
var loads = [][]string{
	{
		`INSERT INTO orders (id, merchant_id, amount, currency, status, receipt, created_at, updated_at)
			SELECT 'order_' || p || lpad(to_hex(g), 20, '0'), merchant(g), 50000, 'INR', CASE WHEN g % 50 = 0 THEN 'attempted' ELSE 'paid' END, 'r' || g, t, t
			FROM at($1, $2, $3) WHERE g % 10 = 0`,
		`INSERT INTO payments (id, merchant_id, order_id, order_slot, amount, currency, status, capture, amount_captured, amount_refunded, method,
				card_token, card_brand, card_last4, card_exp_month, card_exp_year, vpa, failure_code, failure_message, created_at, updated_at)
			SELECT 'pay_' || p || lpad(to_hex(g), 20, '0'), merchant(g),
				CASE WHEN g % 10 = 0 THEN 'order_' || p || lpad(to_hex(g), 20, '0') END, CASE WHEN g % 10 = 0 AND g % 50 <> 0 THEN 'order_' || p || lpad(to_hex(g), 20, '0') END,
				50000 + g % 1000, 'INR', CASE WHEN g % 50 = 0 THEN 'failed' ELSE 'success' END, 'automatic',
				CASE WHEN g % 50 = 0 THEN 0 ELSE 50000 + g % 1000 END, CASE WHEN g % 50 = 1 THEN 1000 ELSE 0 END,
				CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN 'card' ELSE 'upi' END,
				CASE WHEN g % 3 = 1 THEN 'tok_' || g END, CASE WHEN g % 3 = 1 THEN 'visa' END, CASE WHEN g % 3 = 1 THEN '4242' END,
				CASE WHEN g % 3 = 1 THEN 12 END, CASE WHEN g % 3 = 1 THEN 2030 END, CASE WHEN g % 3 = 2 THEN 'a' || g || '@upi' END,
				CASE WHEN g % 50 = 0 THEN 'card_declined' END, CASE WHEN g % 50 = 0 THEN 'The bank declined.' END, t, t
			FROM at($1, $2, $3)`,
		`INSERT INTO refunds (id, merchant_id, payment_id, amount, currency, status, created_at, updated_at)
			SELECT 'rfnd_' || p || lpad(to_hex(g), 20, '0'), merchant(g), 'pay_' || p || lpad(to_hex(g), 20, '0'), 1000, 'INR', 'processed', t, t
			FROM at($1, $2, $3) WHERE g % 50 = 1`,
		`INSERT INTO ledger_transfers (id, merchant_id, kind, debit, credit, amount, currency, payment_id, created_at)
			SELECT 'txn_' || p || lpad(to_hex(2 * g + k.n), 20, '0'), merchant(g), k.kind, k.debit, k.credit, CASE k.n WHEN 0 THEN 50000 + g % 1000 ELSE 1000 END, 'INR',
				'pay_' || p || lpad(to_hex(g), 20, '0'), t
			FROM at($1, $2, $3), (VALUES (0, 'capture', 'acquirer', 'balance'), (1, 'fee', 'balance', 'fees')) AS k (n, kind, debit, credit) WHERE g % 50 <> 0`,
	},
	{
		`INSERT INTO events (id, merchant_id, type, payment_id, body, created_at)
			SELECT 'evt_' || p || lpad(to_hex(3 * g + k.n), 20, '0'), merchant(g), CASE WHEN k.n = 1 AND g % 50 = 0 THEN 'payment.failed' ELSE k.type END,
				'pay_' || p || lpad(to_hex(g), 20, '0'), '{"id":"evt_' || p || lpad(to_hex(3 * g + k.n), 20, '0') || '","type":"payment.success","timestamp":"2026-01-01T00:00:00.000Z",' ||
				'"data":{"payment":{"id":"pay_' || p || lpad(to_hex(g), 20, '0') || '","amount":50000,"currency":"INR","failure_code":"card_declined"}}}', t
			FROM at($1, $2, $3), (VALUES (0, 'payment.created'), (1, 'payment.success'), (2, 'order.paid')) AS k (n, type)`,
		`INSERT INTO webhook_deliveries (id, merchant_id, endpoint_id, event_id, event_type, payment_id, status, step, attempt_count, response_code, created_at, updated_at)
			SELECT 'whd_' || p || lpad(to_hex(g), 20, '0'), merchant(g), 'we_' || g % 7, 'evt_' || p || lpad(to_hex(3 * g + 1), 20, '0'), 'payment.success', 'pay_' || p || lpad(to_hex(g), 20, '0'),
				CASE WHEN g % 100 = 0 THEN 'exhausted' ELSE 'delivered' END, 1, 1, CASE WHEN g % 100 = 0 THEN 500 ELSE 200 END, t, t
			FROM at($1, $2, $3)`,
	},
}

// filled are the tables of loads.
var filled = []string{"orders", "payments", "refunds", "ledger_transfers", "events", "webhook_deliveries"}

// fill fills an empty database. Indexes are made at the end, and neither triggers nor references are minded: the rows are
// right by construction.
func fill(ctx context.Context, url string, payments int, out io.Writer) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("error connecting: %w", err)
	}
	defer pool.Close()
	var there bool
	if err := pool.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM payments)").Scan(&there); err != nil {
		return fmt.Errorf("error looking for payments: %w", err)
	}
	if there {
		_, err := fmt.Fprintln(out, "the database is filled already")
		return err
	}
	begin := time.Now()
	if err := prepare(ctx, pool); err != nil {
		return err
	}
	definitions, err := dropIndexes(ctx, pool)
	if err != nil {
		return err
	}
	step := time.Duration(days) * 24 * time.Hour / time.Duration(payments)
	first := time.Now().Add(-days * 24 * time.Hour).UTC()
	// Two at once: more would only wait for a processor.
	both, groupCtx := errgroup.WithContext(ctx)
	for _, statements := range loads {
		both.Go(func() error {
			for _, statement := range statements {
				if err := quick(groupCtx, pool, out, statement, payments, first, step.Seconds()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := both.Wait(); err != nil {
		return err
	}
	indexes, indexCtx := errgroup.WithContext(ctx)
	indexes.SetLimit(2)
	for _, definition := range definitions {
		indexes.Go(func() error { return quick(indexCtx, pool, out, definition) })
	}
	if err := indexes.Wait(); err != nil {
		return err
	}
	if err := quick(ctx, pool, out, "VACUUM (ANALYZE) "+strings.Join(filled, ", ")); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "filled with %d payments after %s\n", payments, time.Since(begin).Round(time.Second))
	return err
}

// prepare makes the merchants, and the functions that loads use.
func prepare(ctx context.Context, pool *pgxpool.Pool) error {
	for _, statement := range []string{
		`INSERT INTO merchants (id, name, email, created_at) SELECT merchant, 'Shop ' || n, n || '@example.com', now()
			FROM (SELECT n, CASE WHEN n = 0 THEN '` + bigMerchant + `' ELSE lpad(n::text, 32, '0') END::uuid AS merchant FROM generate_series(0, ` + fmt.Sprint(merchants-1) + `) n) m
			ON CONFLICT DO NOTHING`,
		`CREATE OR REPLACE FUNCTION merchant(g bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
			SELECT CASE WHEN g % 10 < 6 THEN '` + bigMerchant + `' ELSE lpad((1 + g / 10 % ` + fmt.Sprint(merchants-1) + `)::text, 32, '0') END::uuid $$`,
		`CREATE OR REPLACE FUNCTION at(payments bigint, first timestamptz, step float8) RETURNS TABLE (g bigint, t timestamptz, p text) LANGUAGE sql STABLE AS $$
			SELECT g, t, (SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', ((x >> place) & 31)::int + 1, 1), '' ORDER BY place DESC) FROM generate_series(0, 25, 5) place)
			FROM generate_series(1, payments) g, LATERAL (SELECT first + g * step * interval '1 s' AS t) u, LATERAL (SELECT (extract(epoch FROM t) * 1000)::bigint >> 18 AS x) v $$`,
	} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return fmt.Errorf("error preparing: %w", err)
		}
	}
	return nil
}

// dropIndexes drops what is not a constraint's, and returns how to make it again.
func dropIndexes(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT i.indexname, i.indexdef FROM pg_indexes i
		WHERE i.schemaname = 'public' AND i.tablename = ANY ($1) AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)`, filled)
	if err != nil {
		return nil, fmt.Errorf("error listing indexes: %w", err)
	}
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Name, Definition string }])
	if err != nil {
		return nil, fmt.Errorf("error listing indexes: %w", err)
	}
	var definitions []string
	for _, index := range indexes {
		if _, err := pool.Exec(ctx, "DROP INDEX "+pgx.Identifier{index.Name}.Sanitize()); err != nil {
			return nil, fmt.Errorf("error dropping an index: %w", err)
		}
		definitions = append(definitions, index.Definition)
	}
	return definitions, nil
}

// quick runs a statement without triggers, and says how long it took.
func quick(ctx context.Context, pool *pgxpool.Pool, out io.Writer, statement string, args ...any) error {
	begin := time.Now()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("error connecting: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SET session_replication_role = replica"); err != nil {
		return fmt.Errorf("error switching triggers off: %w", err)
	}
	if _, err := conn.Exec(ctx, statement, args...); err != nil {
		return fmt.Errorf("error running %.60s: %w", statement, err)
	}
	_, err = fmt.Fprintf(out, "%6.0f s  %.70s\n", time.Since(begin).Seconds(), statement)
	return err
}
