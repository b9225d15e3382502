package payments

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/db/dbsqlc"
)

// What the tests of the package see beyond its API.

type (
	// Transition is one row of the state machine.
	Transition struct {
		From, To Status
		Cause    string
	}
	// Step is a fail point.
	Step = step
)

// Transitions returns the state machine.
func Transitions() []Transition {
	out := make([]Transition, len(transitions))
	for i, t := range transitions {
		out[i] = Transition{t.from, t.to, string(t.cause)}
	}
	return out
}

// FailAt has f called at each step.
func (s *Service) FailAt(f func(Step)) { s.failpoint = f }

// CrashSteps are those of charging, of finishing a decision and of a refund.
var (
	ChargeSteps = []Step{stepProcess, stepBeginning, stepBegun, stepCharged, stepSettling, stepSettled}
	FinishSteps = []Step{stepFinish, stepFinished, stepEnding, stepEnded}
	RefundSteps = []Step{stepRefund, stepRefunded, stepRefundSettling, stepRefundSettled}
)

// MinorUnits is the table of currencies.
func MinorUnits() map[string]int { return exponents }

// Attempt tries to bring a payment to a state, by the statement that the cause has, and tells whether
// it moved.
func Attempt(tb testing.TB, s *Service, id, why string, to Status) bool {
	tb.Helper()
	moved := false
	err := db.InTx(tb.Context(), s.db, func(tx pgx.Tx) error {
		queries, now := dbsqlc.New(), s.now()
		var failure, url string
		switch to {
		case Failed:
			failure = unspecifiedFailure
		case RequiresAction:
			url = "/"
		}
		switch cause(why) {
		case causeBegin:
			rows, err := queries.PaymentBegin(tb.Context(), tx, &dbsqlc.PaymentBeginParams{Ids: []string{id}, Now: now})
			moved = len(rows) == 1 && rows[0].Fresh
			return err
		case causeResume:
			n, err := queries.PaymentResume(tb.Context(), tx, &dbsqlc.PaymentResumeParams{ID: id, Now: now})
			moved = n > 0
			return err
		case causeAnswer:
			rows, err := queries.PaymentSettleMany(tb.Context(), tx, &dbsqlc.PaymentSettleManyParams{
				Ids: []string{id}, Statuses: []string{string(to)}, FailureCodes: []string{failure}, FailureMessages: []string{""},
				NextActionUrls: []string{url}, Now: now, AuthorizedUntil: now, ActionUntil: now,
			})
			moved = len(rows) > 0
			return err
		default:
			rows, err := queries.PaymentFinishMany(tb.Context(), tx, &dbsqlc.PaymentFinishManyParams{
				Ids: []string{id}, Operations: []string{why}, Statuses: []string{string(to)},
				FailureCodes: []string{failure}, FailureMessages: []string{""}, Now: now,
			})
			moved = len(rows) > 0
			return err
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return moved
}
