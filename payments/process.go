package payments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/processor"
	"paygate/tracing"
)

// Unresolved says that the acquirer has not told yet what became of an operation. It is neither
// done nor failed: ask again after Retry.
type Unresolved struct { //nolint:errname // a state as much as an error
	// Age is how long the operation has been open.
	Age   time.Duration
	Retry time.Duration
	cause error
}

func (e *Unresolved) Error() string {
	return fmt.Sprintf("open for %s, asking again in %s: %v", e.Age.Round(time.Second), e.Retry.Round(time.Millisecond), e.cause)
}

func (e *Unresolved) Unwrap() error { return e.cause }

// The bounds of Unresolved.Retry.
const (
	minAsk = time.Second
	maxAsk = 5 * time.Minute
)

// unresolved backs off with the age of the operation: a quarter of it, so that a short outage
// costs little time and a long one few questions.
func unresolved(age time.Duration, cause error) error {
	return &Unresolved{Age: age, Retry: min(max(age/4, minAsk), maxAsk), cause: cause}
}

// begun is a payment whose turn has come.
type begun struct {
	row *dbsqlc.Payment
	// fresh says that no earlier run can have asked the acquirer.
	fresh bool
}

// Process charges a payment, or finds out what became of an earlier try or of the customer's step, and
// settles it. It does nothing for a payment that no answer can move any more. It fails with
// *Unresolved when the acquirer does not say; any other error is our own trouble. Either way it
// has to be called again.
func (s *Service) Process(ctx context.Context, paymentID string) error {
	s.reach(stepProcess)
	begun, err := s.begin.Do(ctx, paymentID)
	if err != nil {
		return fmt.Errorf("error beginning payment %s: %w", paymentID, err)
	}
	if begun.row == nil || !causeAnswer.leaves(Status(begun.row.Status)) {
		return nil
	}
	s.reach(stepBegun)
	result, err := s.charge(ctx, begun)
	s.reach(stepCharged)
	if err != nil {
		if errors.Is(err, processor.ErrRejected) || ctx.Err() != nil {
			return fmt.Errorf("error charging payment %s: %w", paymentID, err)
		}
		return unresolved(s.now().Sub(begun.row.UpdatedAt), err)
	}
	outcome, err := settlementOf(begun.row, result)
	if err != nil {
		return err
	}
	if !may(Status(begun.row.Status), outcome.status, causeAnswer) {
		return nil // it waits for the customer still
	}
	outcome.traceparent = tracing.Parent(ctx)
	if _, err := s.settle.Do(ctx, outcome); err != nil {
		return fmt.Errorf("error settling payment %s: %w", paymentID, err)
	}
	s.reach(stepSettled)
	return nil
}

// charge asks the acquirer for the money. Where an earlier run may have asked already, it first
// looks up what became of that: no answer never means no charge.
func (s *Service) charge(ctx context.Context, b begun) (processor.Result, error) {
	row := b.row
	if !b.fresh {
		result, err := s.acquirer.Lookup(ctx, row.ID)
		if err != nil || result.Status != processor.StatusNotFound {
			return result, err
		}
	}
	return s.acquirer.Authorize(ctx, processor.AuthorizeRequest{
		Reference: row.ID, Amount: row.Amount, Currency: row.Currency, Capture: Capture(row.Capture) == CaptureAutomatic,
		Method: processor.Method(orZero(row.Method)), Token: orZero(row.CardToken), VPA: orZero(row.Vpa), Bank: orZero(row.Bank),
	})
}

// beginMany moves a batch of payments to processing.
func (s *Service) beginMany(ctx context.Context, tx pgx.Tx, paymentIDs []string) ([]groupcommit.Result[begun], error) {
	rows, err := dbsqlc.New().PaymentBegin(ctx, tx, &dbsqlc.PaymentBeginParams{Ids: paymentIDs, Now: s.now()})
	if err != nil {
		return nil, fmt.Errorf("error moving payments to processing: %w", err)
	}
	found := make(map[string]begun, len(rows))
	for _, row := range rows {
		row.Payment.Status = row.CurrentStatus
		found[row.Payment.ID] = begun{row: &row.Payment, fresh: row.Fresh}
	}
	results := make([]groupcommit.Result[begun], len(paymentIDs))
	for i, id := range paymentIDs {
		results[i].Value = found[id]
		// Of several runs in this batch, the first may ask; the others come after it.
		found[id] = begun{row: found[id].row}
	}
	s.reach(stepBeginning)
	return results, nil
}
