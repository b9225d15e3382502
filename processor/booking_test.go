package processor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"paygate/db/dbtest"
	"paygate/db/ids"
)

// requireBooksAddUp checks what the comment on acquirer.operations promises between rows.
func requireBooksAddUp(t require.TestingT, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
},
) {
	rows, err := db.Query(context.Background(), `
		WITH moved AS (
			SELECT payment_reference,
				coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0) AS captured,
				count(*) FILTER (WHERE kind = 'capture') AS captures,
				coalesce(sum(amount) FILTER (WHERE kind = 'refund'), 0) AS refunded,
				count(*) FILTER (WHERE kind = 'cancel') AS cancels
			FROM acquirer.operations WHERE status = 'approved' AND kind IN ('capture', 'refund', 'cancel')
			GROUP BY payment_reference
		)
		SELECT p.reference FROM acquirer.operations p LEFT JOIN moved m USING (payment_reference)
		WHERE p.kind IN ('authorize', 'sale') AND (
			p.captured <> CASE WHEN p.kind = 'authorize' THEN coalesce(m.captured, 0) WHEN p.status = 'approved' THEN p.amount ELSE 0 END
			OR p.refunded <> coalesce(m.refunded, 0)
			OR p.canceled <> (coalesce(m.cancels, 0) > 0)
			OR m.captures > 1 OR m.cancels > 1)
		ORDER BY p.reference`)
	require.NoError(t, err)
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, wrong)
}

// ledger is the plain model that the books are held against.
type ledger struct {
	charges map[string]*modelCharge
	known   map[string]modelAnswer
}

type modelCharge struct {
	operation
	captured, refunded int64
	canceled           bool
}

type modelAnswer struct {
	op     operation
	status Status
}

func (l *ledger) apply(op operation) Status {
	if op.isCharge() {
		charge := &modelCharge{operation: op}
		if op.kind == kindSale && op.status == StatusApproved {
			charge.captured = op.amount
		}
		l.charges[op.reference] = charge
		return op.status
	}
	charge := l.charges[op.paymentReference]
	if charge == nil {
		return StatusNotFound
	}
	approved := charge.status == StatusApproved && !charge.canceled
	switch op.kind {
	case kindCapture:
		if approved && charge.captured == 0 && op.amount <= charge.amount {
			charge.captured = op.amount
			return StatusApproved
		}
	case kindCancel:
		if (approved || charge.status == StatusRequiresAction) && charge.captured == 0 {
			charge.canceled = true
			if charge.status == StatusRequiresAction {
				charge.status, charge.code = StatusDeclined, CodePaymentCanceled
			}
			return StatusApproved
		}
	case kindRefund:
		if approved && charge.outcome != OutcomeRefundFails && charge.refunded+op.amount <= charge.captured {
			charge.refunded += op.amount
			return StatusApproved
		}
	case kindAuthorize, kindSale:
	}
	return StatusDeclined
}

// answer is the status that the books must give, and false when they must reject op.
func (l *ledger) answer(op operation) (Status, bool) {
	if earlier, known := l.known[op.reference]; known {
		same := earlier.op.kind == op.kind && earlier.op.paymentReference == op.paymentReference &&
			earlier.op.amount == op.amount && earlier.op.currency == op.currency
		if charge := l.charges[op.reference]; charge != nil && op.isCharge() {
			return charge.status, same
		}
		return earlier.status, same
	}
	status := l.apply(op)
	if status != StatusNotFound {
		l.known[op.reference] = modelAnswer{op, status}
	}
	return status, true
}

func drawOperation(t *rapid.T) operation {
	payment := rapid.SampledFrom([]string{"pay_a", "pay_b", "pay_c"}).Draw(t, "payment")
	op := operation{
		kind:             rapid.SampledFrom([]kind{kindAuthorize, kindSale, kindCapture, kindCancel, kindRefund, kindRefund}).Draw(t, "kind"),
		paymentReference: payment,
		at:               noon,
	}
	if op.isCharge() {
		op.reference = payment
		op.amount = rapid.Int64Range(99, 100).Draw(t, "amount")
		op.currency = rapid.SampledFrom([]string{"INR", "INR", "INR", "JPY"}).Draw(t, "currency")
		op.outcome = rapid.SampledFrom([]Outcome{OutcomeOrdinary, OutcomeOrdinary, OutcomeRefundFails}).Draw(t, "outcome")
		op.status = rapid.SampledFrom([]Status{StatusApproved, StatusApproved, StatusApproved, StatusDeclined, StatusRequiresAction}).Draw(t, "status")
		if op.status == StatusDeclined {
			op.code = CodeCardDeclined
		}
		return op
	}
	op.reference = fmt.Sprintf("%s_%d", payment, rapid.IntRange(1, 12).Draw(t, "number"))
	if op.kind != kindCancel {
		op.amount = rapid.Int64Range(1, 101).Draw(t, "amount")
	}
	return op
}

// Batches of random operations, repetitions and contradictions included, are booked as a plain
// model says. Each case is rolled back.
func TestBookAgainstAModel(t *testing.T) {
	t.Parallel()

	pool := dbtest.Pool(t)
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		tx, err := pool.Begin(ctx)
		require.NoError(t, err)
		defer func() { _ = tx.Rollback(ctx) }()

		model := &ledger{charges: map[string]*modelCharge{}, known: map[string]modelAnswer{}}
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			ops := rapid.SliceOfN(rapid.Custom(drawOperation), 1, 12).Draw(t, "ops")
			results, err := book(ctx, tx, ops)
			require.NoError(t, err)

			// A batch books its charges before what moves their money.
			for _, charges := range []bool{true, false} {
				for i, op := range ops {
					if op.isCharge() != charges {
						continue
					}
					status, same := model.answer(op)
					row := results[i].Value.row
					if status == StatusNotFound {
						require.Nil(t, row)
						continue
					}
					require.NotNil(t, row)
					require.Equal(t, same, op.booked(row), "%+v", op)
					if !op.isCharge() {
						require.Equal(t, string(status), row.Status, "%+v", op)
					}
				}
			}
		}

		for reference, want := range model.charges {
			results, err := book(ctx, tx, []operation{want.operation})
			require.NoError(t, err)
			require.False(t, results[0].Value.fresh)
			row := results[0].Value.row
			require.Equal(t, string(want.status), row.Status, reference)
			require.Equal(t, want.captured, row.Captured, reference)
			require.Equal(t, want.refunded, row.Refunded, reference)
			require.Equal(t, want.canceled, row.Canceled, reference)
		}
		requireBooksAddUp(t, tx)
	})
}

// Two processes on the same books, each gathering as it likes, over the same few references.
func TestBookFromTwoProcesses(t *testing.T) {
	t.Parallel()

	const payments, storm, amount = 4, 400, 10000
	pool := dbtest.Pool(t)
	processes := []*Simulator{newSimulator(t, pool, Config{}), newSimulator(t, pool, Config{})}
	references := make([]string, payments)
	for i := range references {
		references[i] = ids.New(ids.Payment)
	}

	var mu sync.Mutex
	refunded := make(map[string]int64)
	var group sync.WaitGroup
	for i := range storm {
		group.Go(func() {
			s, payment := processes[i%2], references[i%payments]
			sale, err := s.Authorize(t.Context(), AuthorizeRequest{Reference: payment, Amount: amount, Currency: "INR", Capture: true})
			if !assertNoError(t, err) {
				return
			}
			if sale != (Result{Status: StatusApproved, Amount: amount}) {
				t.Errorf("unexpected answer to a repeated sale: %+v", sale)
			}

			refund := RefundRequest{Reference: ids.New(ids.Refund), PaymentReference: payment, Amount: 1 + rand.Int64N(amount/20)}
			var again sync.WaitGroup
			answers := make([]Result, 2)
			for j, process := range processes {
				again.Go(func() {
					var err error
					answers[j], err = process.Refund(t.Context(), refund)
					assertNoError(t, err)
				})
			}
			again.Wait()
			if answers[0] != answers[1] {
				t.Errorf("one reference, two answers: %+v and %+v", answers[0], answers[1])
			}
			if answers[0].Status == StatusApproved {
				mu.Lock()
				defer mu.Unlock()
				refunded[payment] += refund.Amount
			}
		})
	}
	group.Wait()

	booked := entries(t, processes[0])
	for _, payment := range references {
		require.Equal(t, refunded[payment], booked[payment].Refunded)
		require.LessOrEqual(t, refunded[payment], int64(amount))
		require.Greater(t, refunded[payment], int64(amount-amount/20), "what still fits was refused")
	}
	require.Len(t, booked, payments+storm)
}

// assertNoError reports from a goroutine, where require must not stop the test.
func assertNoError(t *testing.T, err error) bool {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	return err == nil
}

// A refund that arrives again while its first arrival is not committed waits for it, and then is
// told the same.
func TestBookRepetitionWaits(t *testing.T) {
	t.Parallel()

	s := newSimulator(t, dbtest.Pool(t), Config{})
	payment := ids.New(ids.Payment)
	_, err := s.Authorize(t.Context(), AuthorizeRequest{Reference: payment, Amount: 100, Currency: "INR", Capture: true})
	require.NoError(t, err)

	refund := []operation{{kind: kindRefund, reference: payment + "_refund", paymentReference: payment, amount: 100, at: noon}}
	first, err := s.pool.Begin(t.Context())
	require.NoError(t, err)
	results, err := book(t.Context(), first, refund)
	require.NoError(t, err)
	require.True(t, results[0].Value.fresh)

	done := make(chan Result, 1)
	go func() {
		defer close(done)
		result, err := s.Refund(t.Context(), RefundRequest{Reference: refund[0].reference, PaymentReference: payment, Amount: 100})
		if assertNoError(t, err) {
			done <- result
		}
	}()
	require.Eventually(t, func() bool {
		var waiting bool
		err := s.pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waiting)
		return err == nil && waiting
	}, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, first.Commit(t.Context()))
	require.Equal(t, Result{Status: StatusApproved, Amount: 100}, <-done)
	require.EqualValues(t, 100, entries(t, s)[payment].Refunded)
}

// A reference that two payments claim at the same moment belongs to one of them. The other one may
// first run into the unique index, and be told so as ErrUnavailable.
func TestBookReferenceClaimedTwice(t *testing.T) {
	t.Parallel()

	s := newSimulator(t, dbtest.Pool(t), Config{})
	var payments [2]string
	for i := range payments {
		payments[i] = ids.New(ids.Payment)
		_, err := s.Authorize(t.Context(), AuthorizeRequest{Reference: payments[i], Amount: 100, Currency: "INR", Capture: true})
		require.NoError(t, err)
	}
	for range 20 {
		reference := ids.New(ids.Refund)
		var errs [2]error
		var group sync.WaitGroup
		for i, payment := range payments {
			group.Go(func() {
				for range 2 {
					_, errs[i] = s.Refund(t.Context(), RefundRequest{Reference: reference, PaymentReference: payment, Amount: 1})
					if !errors.Is(errs[i], ErrUnavailable) {
						return
					}
				}
			})
		}
		group.Wait()
		if errs[0] == nil {
			errs[0], errs[1] = errs[1], errs[0]
		}
		require.ErrorIs(t, errs[0], ErrRejected)
		require.NoError(t, errs[1])
	}
}

func TestStatementPages(t *testing.T) {
	t.Parallel()

	s := newSimulator(t, dbtest.Pool(t), Config{Now: func() time.Time { return noon }})
	_, err := s.pool.Exec(t.Context(), `
		INSERT INTO acquirer.operations (reference, kind, payment_reference, amount, currency, outcome, status, code, created_at, updated_at)
		SELECT 'pay_' || i, 'sale', 'pay_' || i, 1, 'INR', 'ordinary', 'declined', 'card_declined', $1, $1 FROM generate_series(1, $2) AS i`,
		noon, 2*statementPage)
	require.NoError(t, err)
	require.Len(t, entries(t, s), 2*statementPage)
	for entry, err := range s.Statement(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, Entry{
			Reference: "pay_1", Kind: "sale", PaymentReference: "pay_1", Amount: 1, Currency: "INR",
			Status: StatusDeclined, Code: CodeCardDeclined, CreatedAt: noon,
		}, entry)
		break
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Statement(ctx) {
		require.ErrorIs(t, err, context.Canceled)
	}
}

func BenchmarkAuthorize(b *testing.B) {
	pool := dbtest.Pool(b)
	s, err := NewSimulator(pool, Config{})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close(context.Background())) })
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := s.Authorize(context.Background(), AuthorizeRequest{Reference: ids.New(ids.Payment), Amount: 1, Currency: "INR", Capture: true})
			require.NoError(b, err)
		}
	})
}
