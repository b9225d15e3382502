package payments_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/payments"
)

// sums keeps every transfer summed, a few in a step.
func (h *house) sums() *payments.LedgerSums {
	return &payments.LedgerSums{DB: h.pool, Now: time.Now, Least: 1, Step: 7}
}

// book books transfers of random kinds and amounts, as a payment that was settled at this time would.
func book(ctx context.Context, tx dbsqlc.DBTX, at time.Time, merchants ...uuid.UUID) error {
	kinds := []struct{ kind, debit, credit string }{
		{"capture", "acquirer", "balance"},
		{"fee", "balance", "fees"},
		{"refund", "balance", "refunds"},
		{"refund_paid", "refunds", "acquirer"},
		{"refund_failed", "refunds", "balance"},
	}
	rows := &dbsqlc.TransferInsertManyParams{CreatedAt: at}
	for range 1 + rand.N(4) {
		k := kinds[rand.N(len(kinds))]
		refundID := ""
		if k.kind != "capture" && k.kind != "fee" {
			refundID = ids.New(ids.Refund)
		}
		rows.Ids = append(rows.Ids, ids.New(ids.Transfer))
		rows.MerchantIds = append(rows.MerchantIds, merchants[rand.N(len(merchants))])
		rows.Kinds = append(rows.Kinds, k.kind)
		rows.Debits = append(rows.Debits, k.debit)
		rows.Credits = append(rows.Credits, k.credit)
		rows.Amounts = append(rows.Amounts, 1+rand.Int64N(1_000_000))
		rows.Currencies = append(rows.Currencies, []string{"INR", "JPY"}[rand.N(2)])
		rows.PaymentIds = append(rows.PaymentIds, ids.New(ids.Payment))
		rows.RefundIds = append(rows.RefundIds, refundID)
	}
	return dbsqlc.New().TransferInsertMany(ctx, tx, rows)
}

// requireBalance compares, in one snapshot, what is answered with the sum of the whole ledger.
func (h *house) requireBalance(tb require.TestingT, merchant uuid.UUID) {
	ctx := context.Background()
	err := pgx.BeginTxFunc(ctx, h.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		answered, err := dbsqlc.New().BalanceByAccount(ctx, tx, merchant)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT currency, account, sum(amount)::bigint FROM (
				SELECT currency, credit AS account, amount FROM ledger_transfers WHERE merchant_id = $1
				UNION ALL SELECT currency, debit, -amount FROM ledger_transfers WHERE merchant_id = $1) AS e
			GROUP BY currency, account ORDER BY currency, account`, merchant)
		if err != nil {
			return err
		}
		whole, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[dbsqlc.BalanceByAccountRow])
		require.Equal(tb, whole, answered)
		return err
	})
	require.NoError(tb, err)
}

// The balance is the sum of the ledger at every moment, while transactions that date what they book before the seal,
// on it and after it begin and end in any order, and others sum.
func TestBalanceWhileLedgerIsSummed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	merchants := []uuid.UUID{h.merchant, h.newMerchant(t, payments.Fee{})}
	require.NoError(t, h.sums().Advance(t.Context()))

	var done atomic.Bool
	writers, ctx := errgroup.WithContext(t.Context())
	for range 3 {
		writers.Go(func() error {
			for range 60 {
				// Each writer has two transactions at once: the first to book is the last to be committed.
				err := pgx.BeginFunc(ctx, h.pool, func(outer pgx.Tx) error {
					begun := time.Now() // what is booked has the time at which its transaction began
					if _, err := outer.Exec(ctx, "SELECT 1"); err != nil {
						return err
					}
					if err := book(ctx, outer, begun.Add(-30*time.Second-rand.N(time.Second)+rand.N(time.Second)), merchants...); err != nil {
						return err
					}
					return book(ctx, h.pool, begun.Add(-rand.N(time.Hour)), merchants...)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	others, summing := errgroup.WithContext(t.Context())
	for range 2 {
		others.Go(func() error {
			for !done.Load() {
				if err := h.sums().Advance(summing); err != nil {
					return err
				}
			}
			return nil
		})
	}
	others.Go(func() error {
		for !done.Load() && !t.Failed() {
			h.requireBalance(t, merchants[rand.N(2)])
		}
		return nil
	})
	err := writers.Wait()
	done.Store(true)
	require.NoError(t, errors.Join(err, others.Wait()))
	require.NoError(t, h.sums().Advance(t.Context()))
	for _, merchant := range merchants {
		h.requireBalance(t, merchant)
	}
	require.Zero(t, h.count(t, `SELECT count(*) FROM ledger_transfers t JOIN ledger_sums s USING (merchant_id) WHERE t.created_at > s.until + interval '31 seconds'`))
	require.EqualValues(t, 2, h.count(t, `SELECT count(*) FROM ledger_sums`))
	require.Zero(t, h.count(t, `SELECT count(*) FROM ledger_sums, ledger_seal WHERE ledger_sums.until > ledger_seal.until`))
	_, err = h.pool.Exec(t.Context(), `DELETE FROM ledger_sums WHERE merchant_id = $1`, h.merchant)
	require.NoError(t, err)
	h.requireBalance(t, h.merchant)
}

// begin begins a transaction, which ends with the test at the latest.
func (h *house) begin(tb testing.TB) pgx.Tx {
	tb.Helper()
	tx, err := h.pool.Begin(tb.Context())
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // of one that is committed it changes nothing
	return tx
}

// A transaction that booked before the seal, and is committed after it, is waited for.
func TestLedgerSumsWaitForWriters(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	require.NoError(t, book(t.Context(), h.pool, time.Now().Add(-time.Hour), h.merchant))

	late, later := h.begin(t), h.begin(t)
	require.NoError(t, book(t.Context(), late, time.Now().Add(-time.Minute), h.merchant))
	hasty, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, h.sums().Advance(hasty), context.DeadlineExceeded)
	require.Zero(t, h.count(t, `SELECT count(*) FROM ledger_sums`))

	// One that begins after the seal may take as long as it likes: what it books is dated after it.
	_, err := later.Exec(t.Context(), "SELECT 1")
	require.NoError(t, err)
	require.NoError(t, late.Commit(t.Context()))
	require.NoError(t, h.sums().Advance(t.Context()))
	h.requireBalance(t, h.merchant)
	require.NoError(t, book(t.Context(), later, time.Now().Add(-time.Hour), h.merchant))
	require.NoError(t, later.Commit(t.Context()))
	h.requireBalance(t, h.merchant)
	require.NoError(t, h.sums().Advance(t.Context()))
	h.requireBalance(t, h.merchant)
}

// Without the seal no sum holds.
func TestLedgerSumsNeedTheirSeal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	require.NoError(t, book(t.Context(), h.pool, time.Now().Add(-time.Hour), h.merchant))
	require.NoError(t, h.sums().Advance(t.Context()))
	require.EqualValues(t, 1, h.count(t, `SELECT count(*) FROM ledger_sums`))

	_, err := h.pool.Exec(t.Context(), `DELETE FROM ledger_seal`)
	require.NoError(t, err)
	require.NoError(t, book(t.Context(), h.pool, time.Now().Add(-2*time.Hour), h.merchant))
	h.requireBalance(t, h.merchant)
	require.NoError(t, h.sums().Advance(t.Context()))
	h.requireBalance(t, h.merchant)
}

// A clock that is ahead does not date what is booked later.
func TestLedgerSealIsNeverToCome(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	fast := &payments.LedgerSums{DB: h.pool, Now: func() time.Time { return time.Now().Add(time.Hour) }}
	require.NoError(t, fast.Advance(t.Context()))
	slow := &payments.LedgerSums{DB: h.pool, Now: func() time.Time { return time.Now().Add(-time.Hour) }}
	require.NoError(t, slow.Advance(t.Context()))
	require.Zero(t, h.count(t, `SELECT count(*) FROM ledger_seal WHERE until > now() - interval '30 seconds' OR until < now() - interval '10 minutes'`))
}

// However many transfers have one time, a step gets past it.
func TestLedgerSumsStepOverOneTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	at := time.Now().Add(-time.Hour)
	for range 30 {
		require.NoError(t, book(t.Context(), h.pool, at, h.merchant))
	}
	require.NoError(t, book(t.Context(), h.pool, at.Add(time.Minute), h.merchant))
	require.NoError(t, h.sums().Advance(t.Context()))
	require.EqualValues(t, 1, h.count(t, `SELECT count(*) FROM ledger_sums, ledger_seal WHERE ledger_sums.until = ledger_seal.until`))
	h.requireBalance(t, h.merchant)
}
