package payments

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/tracing"
)

// operation is what is to be done with a payment that is held: a merchant decides once, and the
// decision is stored before the acquirer hears of it.
type operation string

const (
	opCapture operation = "capture"
	opCancel  operation = "cancel"
)

// reference names the operation to the acquirer. There is at most one of each kind for a payment.
func (o operation) reference(paymentID string) string { return paymentID + ":" + string(o) }

// CaptureParams says what to take of a held payment.
type CaptureParams struct {
	MerchantID uuid.UUID
	PaymentID  string
	// Amount is in minor units; nil means all. What is left of the payment is released.
	Amount *int64
}

// decision is a request to capture or cancel, on its way into a batch.
type decision struct {
	merchantID uuid.UUID
	paymentID  string
	operation  operation
	amount     *int64
	claim      *idempotency.Claim
	// traceparent is that of who decides.
	traceparent string
}

// Capture decides to take a held payment; a job tells the acquirer. Asking for the capture that has
// been decided, or done, answers the payment as it is. Answers and errors are as with Create;
// refusals are not_found, payment_not_capturable and capture_exceeds_authorized.
func (s *Service) Capture(ctx context.Context, claim *idempotency.Claim, params CaptureParams) (idempotency.Response, error) {
	if params.Amount != nil {
		if err := CheckAmount(*params.Amount); err != nil {
			return idempotency.Response{}, err
		}
	}
	return s.decisions.Do(ctx, &decision{params.MerchantID, params.PaymentID, opCapture, params.Amount, claim, tracing.Parent(ctx)})
}

// Cancel decides to release a held payment, or to end one that waits for the customer; a job tells
// the acquirer. Asking for what has been decided, or done, answers the payment as it is. Refusals
// are not_found and payment_not_cancelable.
func (s *Service) Cancel(ctx context.Context, claim *idempotency.Claim, merchantID uuid.UUID, paymentID string) (idempotency.Response, error) {
	return s.decisions.Do(ctx, &decision{merchantID, paymentID, opCancel, nil, claim, tracing.Parent(ctx)})
}

func (s *Service) decideMany(ctx context.Context, tx pgx.Tx, decisions []*decision) ([]groupcommit.Result[idempotency.Response], error) {
	claims := make([]*idempotency.Claim, len(decisions))
	paymentIDs := make([]string, len(decisions))
	for i, d := range decisions {
		claims[i], paymentIDs[i] = d.claim, d.paymentID
	}
	payments := make(lockedPayments)
	priors, err := idempotency.Begin(ctx, tx, claims, payments.lock(ctx, paymentIDs))
	if err != nil {
		return nil, err
	}
	return answerBatch(ctx, tx, s.now(), claims, priors, func(open []int) ([]idempotency.Response, error) {
		return s.storeDecisions(ctx, tx, decisions, open, payments)
	})
}

// storeDecisions decides over locked payments, in the order of the requests.
func (s *Service) storeDecisions(ctx context.Context, tx pgx.Tx, decisions []*decision, open []int, payments lockedPayments) ([]idempotency.Response, error) {
	answers := make([]idempotency.Response, len(open))
	params := &dbsqlc.PaymentDecideManyParams{Now: s.now()}
	var jobs []river.InsertManyParams
	for n, i := range open {
		d := decisions[i]
		row := payments[d.paymentID]
		fresh, err := d.apply(row)
		if err != nil {
			answers[n] = d.claim.Render(nil, err)
			continue
		}
		answers[n] = d.claim.Render(showPayment(row), nil)
		if !fresh {
			continue
		}
		params.Ids = append(params.Ids, row.ID)
		params.Operations = append(params.Operations, *row.Operation)
		params.Amounts = append(params.Amounts, orZero(row.OperationAmount))
		jobs = append(jobs, db.Job(FinishPaymentArgs{PaymentID: row.ID}, d.traceparent))
	}
	if len(jobs) == 0 {
		return answers, nil
	}
	stored, err := dbsqlc.New().PaymentDecideMany(ctx, tx, params)
	if err != nil {
		return nil, fmt.Errorf("error storing decisions: %w", err)
	}
	if len(stored) != len(jobs) {
		return nil, fmt.Errorf("%d decisions were made, %d could be stored", len(jobs), len(stored))
	}
	return answers, db.Enqueue(ctx, tx, s.queue, jobs)
}

// apply notes the decision in row. It is not fresh when the payment has come, or is about to come,
// to exactly that already.
func (d *decision) apply(row *dbsqlc.Payment) (fresh bool, err error) {
	if row == nil || row.MerchantID != d.merchantID {
		return false, paymentNotFound()
	}
	var amount int64
	if d.operation == opCapture {
		amount = row.Amount
		if d.amount != nil {
			amount = *d.amount
		}
	}
	decided, status, why := operation(orZero(row.Operation)), Status(row.Status), d.operation.cause()
	switch {
	case decided == d.operation && orZero(row.OperationAmount) == amount && (why.leaves(status) || status == d.operation.goal()):
		return false, nil
	case decided == "" && why.leaves(status):
	case d.operation == opCapture:
		return false, fault.New(fault.PaymentNotCapturable, "Only an authorized payment can be captured, and once; this one is %s%s.", row.Status, inTheWay(decided))
	default:
		return false, fault.New(fault.PaymentNotCancelable, "Only a payment that is authorized or waits for the customer can be canceled; this one is %s%s.", row.Status, inTheWay(decided))
	}
	if amount > row.Amount {
		return false, fault.On(fault.CaptureTooLarge, "amount", "This payment is authorized for %d; no more than that can be captured.", row.Amount)
	}
	text := string(d.operation)
	row.Operation, row.OperationAmount = &text, orNil(amount)
	return true, nil
}

// cause is what the operation is in the state machine.
func (o operation) cause() cause {
	if o == opCapture {
		return causeCapture
	}
	return causeCancel
}

// goal is the state that the operation is to bring the payment to.
func (o operation) goal() Status {
	if o == opCapture {
		return Success
	}
	return Canceled
}

func inTheWay(decided operation) string {
	switch decided {
	case opCapture:
		return ", and its capture is decided"
	case opCancel:
		return ", and its cancellation is decided"
	}
	return ""
}
