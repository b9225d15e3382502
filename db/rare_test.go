package db_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
)

// TestRareRowsHaveAnIndex asks for what a merchant has none of, as often as makes Postgres think about a plan for all
// arguments, and refuses plans that look through all that the merchant has.
func TestRareRowsHaveAnIndex(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	fill(t, pool, 5000)
	var merchant uuid.UUID
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT merchant_id FROM payments LIMIT 1").Scan(&merchant))
	queries, ctx, now := dbsqlc.New(), t.Context(), time.Now()

	for status, apart := range map[string]string{
		"pending": "unsettled", "processing": "unsettled",
		"failed": "failed", "requires_action": "requires_action", "authorized": "authorized", "canceled": "canceled",
	} {
		requireIndex(t, pool, "payments_apart", func(db dbsqlc.DBTX) {
			_, _ = queries.PaymentListPage(ctx, db, &dbsqlc.PaymentListPageParams{MerchantID: merchant, Status: &status, Apart: &apart, RowLimit: 26})
		})
		requireIndex(t, pool, "payments_apart", func(db dbsqlc.DBTX) {
			_, _ = queries.PaymentListPageUp(ctx, db, &dbsqlc.PaymentListPageUpParams{MerchantID: merchant, Status: &status, Apart: &apart, AfterAt: now, RowLimit: 26})
		})
	}
	for _, status := range []string{"created", "attempted"} {
		requireIndex(t, pool, "orders_merchant_status", func(db dbsqlc.DBTX) {
			_, _ = queries.OrderListPage(ctx, db, &dbsqlc.OrderListPageParams{MerchantID: merchant, Status: &status, RowLimit: 26})
		})
		requireIndex(t, pool, "orders_merchant_status", func(db dbsqlc.DBTX) {
			_, _ = queries.OrderListPageUp(ctx, db, &dbsqlc.OrderListPageUpParams{MerchantID: merchant, Status: &status, AfterAt: now, RowLimit: 26})
		})
	}
	for _, status := range []string{"pending", "failed"} {
		requireIndex(t, pool, "refunds_unprocessed", func(db dbsqlc.DBTX) {
			_, _ = queries.RefundListPage(ctx, db, &dbsqlc.RefundListPageParams{MerchantID: merchant, Status: &status, RowLimit: 26})
		})
		requireIndex(t, pool, "refunds_unprocessed", func(db dbsqlc.DBTX) {
			_, _ = queries.RefundListPageUp(ctx, db, &dbsqlc.RefundListPageUpParams{MerchantID: merchant, Status: &status, AfterAt: now, RowLimit: 26})
		})
	}
	for _, status := range []string{"pending", "retrying", "exhausted", "paused"} {
		requireIndex(t, pool, "webhook_deliveries_merchant_status", func(db dbsqlc.DBTX) {
			_, _ = queries.DeliveryListPage(ctx, db, &dbsqlc.DeliveryListPageParams{MerchantID: merchant, Status: &status, RowLimit: 26})
		})
		requireIndex(t, pool, "webhook_deliveries_merchant_status", func(db dbsqlc.DBTX) {
			_, _ = queries.DeliveryListPageUp(ctx, db, &dbsqlc.DeliveryListPageUpParams{MerchantID: merchant, Status: &status, AfterAt: now, RowLimit: 26})
		})
	}
	method, currency := "netbanking", "USD"
	requireIndex(t, pool, "payments_merchant_method", func(db dbsqlc.DBTX) {
		_, _ = queries.PaymentListPage(ctx, db, &dbsqlc.PaymentListPageParams{MerchantID: merchant, Method: &method, RowLimit: 26})
	})
	requireIndex(t, pool, "payments_merchant_method", func(db dbsqlc.DBTX) {
		_, _ = queries.PaymentListPageUp(ctx, db, &dbsqlc.PaymentListPageUpParams{MerchantID: merchant, Method: &method, AfterAt: now, RowLimit: 26})
	})
	requireIndex(t, pool, "ledger_transfers_merchant_currency", func(db dbsqlc.DBTX) {
		_, _ = queries.BalanceTransactionListPage(ctx, db, &dbsqlc.BalanceTransactionListPageParams{MerchantID: merchant, Currency: &currency, RowLimit: 26})
	})
	requireIndex(t, pool, "ledger_transfers_merchant_currency", func(db dbsqlc.DBTX) {
		_, _ = queries.BalanceTransactionListPageUp(ctx, db, &dbsqlc.BalanceTransactionListPageUpParams{MerchantID: merchant, Currency: &currency, AfterAt: now, RowLimit: 26})
	})
	for _, rare := range []string{"payment.failed", "order.paid", "refund.failed", "webhook.test"} {
		requireIndex(t, pool, "events_rare", func(db dbsqlc.DBTX) {
			_, _ = queries.EventListPage(ctx, db, &dbsqlc.EventListPageParams{MerchantID: merchant, Type: &rare, RowLimit: 26})
		})
		requireIndex(t, pool, "events_rare", func(db dbsqlc.DBTX) {
			_, _ = queries.EventListPageUp(ctx, db, &dbsqlc.EventListPageUpParams{MerchantID: merchant, Type: &rare, AfterAt: now, RowLimit: 26})
		})
	}
	for _, kind := range []string{"payment.created", "payment.failed"} {
		requireIndex(t, pool, "webhook_deliveries_merchant_type", func(db dbsqlc.DBTX) {
			_, _ = queries.DeliveryListPage(ctx, db, &dbsqlc.DeliveryListPageParams{MerchantID: merchant, EventType: &kind, RowLimit: 26})
		})
		requireIndex(t, pool, "webhook_deliveries_merchant_type", func(db dbsqlc.DBTX) {
			_, _ = queries.DeliveryListPageUp(ctx, db, &dbsqlc.DeliveryListPageUpParams{MerchantID: merchant, EventType: &kind, AfterAt: now, RowLimit: 26})
		})
	}
	for _, kind := range []string{"refund", "refund_failed"} {
		requireIndex(t, pool, "ledger_transfers_rare", func(db dbsqlc.DBTX) {
			_, _ = queries.BalanceTransactionListPage(ctx, db, &dbsqlc.BalanceTransactionListPageParams{MerchantID: merchant, Kind: &kind, RowLimit: 26})
		})
		requireIndex(t, pool, "ledger_transfers_rare", func(db dbsqlc.DBTX) {
			_, _ = queries.BalanceTransactionListPageUp(ctx, db, &dbsqlc.BalanceTransactionListPageUpParams{MerchantID: merchant, Kind: &kind, AfterAt: now, RowLimit: 26})
		})
	}
}

// statement takes down what a query would send.
type statement struct {
	sql  string
	args []any
}

var errTakenDown = errors.New("it was taken down")

// Query implements dbsqlc.DBTX.
func (s *statement) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	s.sql, s.args = sql, args
	return nil, errTakenDown
}

// Exec implements dbsqlc.DBTX.
func (s *statement) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, errTakenDown
}

// QueryRow implements dbsqlc.DBTX.
func (s *statement) QueryRow(context.Context, string, ...any) pgx.Row { return nil }

func requireIndex(t *testing.T, pool *pgxpool.Pool, index string, send func(dbsqlc.DBTX)) {
	t.Helper()
	var sent statement
	send(&sent)
	require.NotEmpty(t, sent.sql)
	values := make([]string, len(sent.args))
	for i, arg := range sent.args {
		values[i] = literal(arg)
	}
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Conn().Prepare(t.Context(), "rare", sent.sql)
	require.NoError(t, err)
	for range 8 { // after five Postgres weighs a plan for all arguments against those for these
		var answer []byte
		require.NoError(t, conn.QueryRow(t.Context(), "EXPLAIN (FORMAT JSON) EXECUTE rare("+strings.Join(values, ", ")+")").Scan(&answer))
		var plans []struct{ Plan planNode }
		require.NoError(t, json.Unmarshal(answer, &plans))
		require.Contains(t, indexes(plans[0].Plan), index, "%v", values)
	}
	require.NoError(t, conn.Conn().Deallocate(t.Context(), "rare"))
}

func literal(arg any) string {
	switch arg := arg.(type) {
	case *string:
		if arg != nil {
			return "'" + *arg + "'"
		}
	case *time.Time:
		if arg != nil {
			return literal(*arg)
		}
	case time.Time:
		return "'" + arg.Format(time.RFC3339Nano) + "'"
	default:
		return "'" + fmt.Sprint(arg) + "'"
	}
	return "NULL"
}

// indexes are those that a plan reads.
func indexes(node planNode) []string {
	names := []string{node.IndexName}
	for _, child := range node.Plans {
		names = append(names, indexes(child)...)
	}
	return names
}
