package payments

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/db/pipeline"
	"paygate/processor"
	"paygate/tracing"
)

// finish is the acquirer's word on a decision.
type finish struct {
	paymentID                   string
	merchantID                  uuid.UUID
	orderID                     string // empty for none
	operation                   operation
	status                      Status
	failureCode, failureMessage string
	traceparent                 string // the job's
}

// Finish tells the acquirer what was decided for a held payment and settles it. Asking again under
// the same reference executes nothing twice. Errors are as with Process.
func (s *Service) Finish(ctx context.Context, paymentID string) error {
	s.reach(stepFinish)
	row, err := dbsqlc.New().PaymentForWork(ctx, s.db, paymentID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("error reading payment %s: %w", paymentID, err)
	}
	decided := operation(orZero(row.Operation))
	if decided == "" || !decided.cause().leaves(Status(row.Status)) {
		return nil
	}
	result, err := s.ask(ctx, row, decided)
	s.reach(stepFinished)
	if err != nil {
		if errors.Is(err, processor.ErrRejected) || ctx.Err() != nil {
			return fmt.Errorf("error finishing payment %s: %w", paymentID, err)
		}
		return unresolved(s.now().Sub(row.UpdatedAt), err)
	}
	outcome, err := finishOf(row, decided, result)
	if err != nil {
		return err
	}
	outcome.traceparent = tracing.Parent(ctx)
	if _, err := s.finishes.Do(ctx, outcome); err != nil {
		return fmt.Errorf("error settling payment %s: %w", paymentID, err)
	}
	s.reach(stepEnded)
	return nil
}

// ask puts a decision to the acquirer. A cancellation that it declines came too late: then its answer
// is what became of the charge itself, for the customer may have paid in the meantime.
func (s *Service) ask(ctx context.Context, row *dbsqlc.Payment, decided operation) (processor.Result, error) {
	if decided == opCapture {
		return s.acquirer.Capture(ctx, processor.CaptureRequest{
			Reference: opCapture.reference(row.ID), PaymentReference: row.ID, Amount: orZero(row.OperationAmount),
		})
	}
	result, err := s.acquirer.Cancel(ctx, processor.CancelRequest{Reference: opCancel.reference(row.ID), PaymentReference: row.ID})
	if err != nil || result.Status != processor.StatusDeclined {
		return result, err
	}
	charge, err := s.acquirer.Lookup(ctx, row.ID)
	if err != nil {
		return charge, err
	}
	if charge.Status == processor.StatusApproved {
		if Capture(row.Capture) == CaptureManual {
			// Held, and not to be released: nobody knows what that means but the acquirer.
			return charge, fmt.Errorf("the acquirer holds payment %s and declines to release it: %s", row.ID, result.Code)
		}
		charge.Status = statusTooLate
	}
	return charge, nil
}

// statusTooLate stands for a charge that was taken before its cancellation arrived.
const statusTooLate processor.Status = "too_late"

func finishOf(row *dbsqlc.Payment, decided operation, result processor.Result) (finish, error) {
	outcome := finish{paymentID: row.ID, merchantID: row.MerchantID, orderID: orZero(row.OrderID), operation: decided}
	want := row.Amount
	switch {
	case result.Status == statusTooLate:
		outcome.status = Success
	case result.Status == processor.StatusApproved && decided == opCapture:
		outcome.status, want = Success, orZero(row.OperationAmount)
	case result.Status == processor.StatusApproved:
		outcome.status = Canceled
	case result.Status == processor.StatusDeclined:
		// The bank let the hold lapse, or the customer's step came out against it: nothing was taken.
		outcome.status, outcome.failureCode, outcome.failureMessage = Failed, result.Code, result.Message
		if outcome.failureCode == "" {
			outcome.failureCode = unspecifiedFailure
		}
		return outcome, nil
	default:
		return finish{}, fmt.Errorf("the acquirer answered %q to the %s of payment %s", result.Status, decided, row.ID)
	}
	if result.Amount != want {
		return finish{}, fmt.Errorf("the acquirer answered to the %s of payment %s with %d instead of %d", decided, row.ID, result.Amount, want)
	}
	return outcome, nil
}

// finishMany moves a batch of held payments to their end. One that is there already was settled
// by another run: it is left as it is.
func (s *Service) finishMany(ctx context.Context, tx pgx.Tx, finishes []finish) ([]groupcommit.Result[struct{}], error) {
	params := &dbsqlc.PaymentFinishManyParams{Now: s.now()}
	var paying []string
	var merchants []uuid.UUID
	traceparents := make(map[string]string, len(finishes))
	for _, f := range finishes {
		if f.status == Success && f.orderID != "" {
			paying = append(paying, f.orderID)
		}
		merchants = append(merchants, f.merchantID)
		traceparents[f.paymentID] = f.traceparent
		params.Ids = append(params.Ids, f.paymentID)
		params.Operations = append(params.Operations, string(f.operation))
		params.Statuses = append(params.Statuses, string(f.status))
		params.FailureCodes = append(params.FailureCodes, f.failureCode)
		params.FailureMessages = append(params.FailureMessages, f.failureMessage)
	}
	if err := lockOrdersToPay(ctx, tx, paying); err != nil {
		return nil, err
	}
	var rows []*dbsqlc.Payment
	var on terms
	if err := pipeline.Together(ctx, tx, append(on.find(ctx, distinct(merchants)), func(db dbsqlc.DBTX) (err error) {
		rows, err = dbsqlc.New().PaymentFinishMany(ctx, db, params)
		return err
	})...); err != nil {
		return nil, fmt.Errorf("error settling payments: %w", err)
	}
	if err := s.announce(ctx, tx, rows, on, traceparents); err != nil {
		return nil, err
	}
	s.reach(stepEnding)
	return make([]groupcommit.Result[struct{}], len(finishes)), nil
}
