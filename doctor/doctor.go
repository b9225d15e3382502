// Package doctor tells whether the books are right: it runs every invariant of the gateway over
// the live database and counts what breaks it. It only reads.
package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/db/dbsqlc"
)

// Options of an examination; zero values mean the defaults.
type Options struct {
	// Settled is how old a record must be before what should have followed from it counts as
	// missing. Default 1 m.
	Settled time.Duration
	// Stuck is how long a payment may wait for the acquirer. Default 15 m.
	Stuck time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Timeout bounds each check. Default 10 m.
	Timeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.Settled == 0 {
		o.Settled = time.Minute
	}
	if o.Stuck == 0 {
		o.Stuck = 15 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Minute
	}
	return o
}

// Finding is the outcome of one check.
type Finding struct {
	// Name is stable: alerts and scripts refer to it.
	Name string `json:"name"`
	// Meaning says what holds when Violations is zero.
	Meaning string `json:"meaning"`
	// Violations counts the records for which it does not hold.
	Violations int64 `json:"violations"`
	// Took is how long it took to count them.
	Took time.Duration `json:"-"`
}

// check is one invariant.
type check struct {
	name, meaning string
	count         func(ctx context.Context, db dbsqlc.DBTX, o Options) (int64, error)
}

// plain is a check that looks at everything.
func plain(count func(*dbsqlc.Queries, context.Context, dbsqlc.DBTX) (int64, error)) func(context.Context, dbsqlc.DBTX, Options) (int64, error) {
	return func(ctx context.Context, db dbsqlc.DBTX, _ Options) (int64, error) {
		return count(dbsqlc.New(), ctx, db)
	}
}

// settled is a check that leaves out what is younger than Options.Settled.
func settled(count func(*dbsqlc.Queries, context.Context, dbsqlc.DBTX, time.Time) (int64, error)) func(context.Context, dbsqlc.DBTX, Options) (int64, error) {
	return func(ctx context.Context, db dbsqlc.DBTX, o Options) (int64, error) {
		return count(dbsqlc.New(), ctx, db, o.Now().Add(-o.Settled))
	}
}

// stuck is a check that leaves out what is younger than Options.Stuck.
func stuck(count func(*dbsqlc.Queries, context.Context, dbsqlc.DBTX, time.Time) (int64, error)) func(context.Context, dbsqlc.DBTX, Options) (int64, error) {
	return func(ctx context.Context, db dbsqlc.DBTX, o Options) (int64, error) {
		return count(dbsqlc.New(), ctx, db, o.Now().Add(-o.Stuck))
	}
}

var checks = []check{
	{"captured_is_booked", "what payments captured is what the ledger booked", plain((*dbsqlc.Queries).DoctorCapturedIsBooked)},
	{"fees_are_booked", "each fee in the ledger is of a capture, and at most all of it", plain((*dbsqlc.Queries).DoctorFeesAreBooked)},
	{"ledger_is_summed", "the sums that are kept of the ledger are right", plain((*dbsqlc.Queries).DoctorLedgerIsSummed)},
	{"refunds_are_promised", "what payments say is refunded is the sum of their refunds", plain((*dbsqlc.Queries).DoctorRefundsArePromised)},
	{"refunds_within_captured", "no payment has more refunds than it captured", plain((*dbsqlc.Queries).DoctorRefundsWithinCaptured)},
	{"refunds_are_booked", "each step of each refund is in the ledger once", plain((*dbsqlc.Queries).DoctorRefundsAreBooked)},
	{"refunds_match_payments", "each refund has the merchant and currency of its payment", plain((*dbsqlc.Queries).DoctorRefundsMatchPayments)},
	{"one_payment_per_order", "no order has two live or successful payments", plain((*dbsqlc.Queries).DoctorOnePaymentPerOrder)},
	{"payments_match_orders", "each payment has the merchant, amount and currency of its order", plain((*dbsqlc.Queries).DoctorPaymentsMatchOrders)},
	{"paid_orders", "an order is paid if and only if a payment for it succeeded", plain((*dbsqlc.Queries).DoctorPaidOrders)},
	{"order_events", "each paid order told of it once", plain((*dbsqlc.Queries).DoctorOrderEvents)},
	{"payment_events", "each payment told of its creation and its end once", plain((*dbsqlc.Queries).DoctorPaymentEvents)},
	{"refund_events", "each refund told of its creation and its end once", plain((*dbsqlc.Queries).DoctorRefundEvents)},
	{"event_deliveries", "each event has a delivery for each subscribed endpoint", plain((*dbsqlc.Queries).DoctorEventDeliveries)},
	{"payments_move", "each payment to be charged has a job", settled((*dbsqlc.Queries).DoctorPaymentsMove)},
	{"refunds_move", "each refund to be paid has a job", settled((*dbsqlc.Queries).DoctorRefundsMove)},
	{"decisions_move", "each capture or cancel to be told has a job", settled((*dbsqlc.Queries).DoctorDecisionsMove)},
	{"payments_settle", "no payment waits for the acquirer past its bound", stuck((*dbsqlc.Queries).DoctorPaymentsSettle)},
	{"refunds_settle", "no refund waits for the acquirer past its bound", stuck((*dbsqlc.Queries).DoctorRefundsSettle)},
	{"decisions_settle", "no capture or cancel waits for the acquirer past its bound", stuck((*dbsqlc.Queries).DoctorDecisionsSettle)},
	{"waits_end", "no payment waits for its capture or its customer past its end", stuck((*dbsqlc.Queries).DoctorWaitsEnd)},
	{"deliveries_move", "no due delivery lies unattempted past its bound", stuck((*dbsqlc.Queries).DoctorDeliveriesMove)},
	{"deliveries_have_events", "each delivery is of an event, and to an endpoint, of its merchant", plain((*dbsqlc.Queries).DoctorDeliveriesHaveEvents)},
	{"deliveries_have_jobs", "each delivery that waits for its time has a job", settled((*dbsqlc.Queries).DoctorDeliveriesHaveJobs)},
	{"deliveries_wait_for_endpoints", "no delivery waits for an endpoint that is enabled, or gone", stuck((*dbsqlc.Queries).DoctorDeliveriesWaitForEndpoints)},
	{"attempts_are_counted", "each delivery has the attempts that it counts, and a delivered one had a success", plain((*dbsqlc.Queries).DoctorAttemptsAreCounted)},
	{"charges_are_ours", "each charge in the acquirer's books is a payment of ours", plain((*dbsqlc.Queries).DoctorChargesAreOurs)},
	{"outcomes_agree", "payments stand as the acquirer's books say", plain((*dbsqlc.Queries).DoctorOutcomesAgree)},
	{"refunds_are_paid", "refunds in both books agree", plain((*dbsqlc.Queries).DoctorRefundsArePaid)},
}

// Examine runs all checks, each with a snapshot of its own, so that none holds up vacuum for longer than it
// takes. It fails only when one cannot be run.
func Examine(ctx context.Context, from db.Beginner, opts Options) ([]Finding, error) {
	opts = opts.withDefaults()
	findings := make([]Finding, 0, len(checks))
	for _, c := range checks {
		begin := time.Now()
		var violations int64
		err := db.InTx(ctx, from, func(tx pgx.Tx) error {
			if err := prepare(ctx, tx, opts.Timeout); err != nil {
				return err
			}
			var err error
			violations, err = c.count(ctx, tx, opts)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("error checking %s: %w", c.name, err)
		}
		findings = append(findings, Finding{Name: c.name, Meaning: c.meaning, Violations: violations, Took: time.Since(begin)})
	}
	return findings, nil
}

// prepare sets what a check needs: it reads whole tables, may take longer than a request may, writes nothing,
// and leaves the other processors to those who do.
func prepare(ctx context.Context, tx pgx.Tx, timeout time.Duration) error {
	_, err := tx.Exec(ctx, `SELECT set_config('transaction_read_only', 'on', true), set_config('enable_seqscan', 'on', true),
		set_config('max_parallel_workers_per_gather', '0', true), set_config('statement_timeout', $1, true)`,
		fmt.Sprint(timeout.Milliseconds()))
	if err != nil {
		return fmt.Errorf("error preparing a transaction: %w", err)
	}
	return nil
}

// Violations sums what was found.
func Violations(findings []Finding) int64 {
	var sum int64
	for _, f := range findings {
		sum += f.Violations
	}
	return sum
}
