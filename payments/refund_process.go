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
	"paygate/webhooks"
)

// refundSettlement is the acquirer's word on a refund.
type refundSettlement struct {
	refundID                    string
	merchantID                  uuid.UUID
	status                      RefundStatus
	failureCode, failureMessage string
	traceparent                 string // the job's
}

// ProcessRefund pays a refund back, or finds out what became of an earlier try, and settles it.
// Asking again under the same reference executes nothing twice (processor.Acquirer), so there is
// no state between pending and final. Errors are as with Process.
func (s *Service) ProcessRefund(ctx context.Context, refundID string) error {
	s.reach(stepRefund)
	row, err := dbsqlc.New().RefundForWork(ctx, s.db, refundID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("error reading refund %s: %w", refundID, err)
	}
	if RefundStatus(row.Status) != RefundPending {
		return nil
	}
	result, err := s.acquirer.Refund(ctx, processor.RefundRequest{Reference: row.ID, PaymentReference: row.PaymentID, Amount: row.Amount})
	s.reach(stepRefunded)
	if err != nil {
		if errors.Is(err, processor.ErrRejected) || ctx.Err() != nil {
			return fmt.Errorf("error paying back refund %s: %w", refundID, err)
		}
		return unresolved(s.now().Sub(row.CreatedAt), err)
	}
	outcome := refundSettlement{refundID: row.ID, merchantID: row.MerchantID, traceparent: tracing.Parent(ctx)}
	switch {
	case result.Status == processor.StatusApproved && result.Amount == row.Amount:
		outcome.status = RefundProcessed
	case result.Status == processor.StatusDeclined:
		outcome.status, outcome.failureCode, outcome.failureMessage = RefundFailed, result.Code, result.Message
		if outcome.failureCode == "" {
			outcome.failureCode = unspecifiedFailure
		}
	default:
		return fmt.Errorf("the acquirer answered %q with amount %d for refund %s of %d", result.Status, result.Amount, row.ID, row.Amount)
	}
	if _, err := s.refundSettles.Do(ctx, outcome); err != nil {
		return fmt.Errorf("error settling refund %s: %w", refundID, err)
	}
	s.reach(stepRefundSettled)
	return nil
}

// settleRefunds moves a batch of refunds out of pending. A failed one gives its amount back to
// the payment in the same transaction.
func (s *Service) settleRefunds(ctx context.Context, tx pgx.Tx, settlements []refundSettlement) ([]groupcommit.Result[struct{}], error) {
	now := s.now()
	queries := dbsqlc.New()
	params := &dbsqlc.RefundSettleManyParams{Now: now}
	var merchants []uuid.UUID
	traceparents := make(map[string]string, len(settlements))
	for _, o := range settlements {
		merchants = append(merchants, o.merchantID)
		traceparents[o.refundID] = o.traceparent
		params.Ids = append(params.Ids, o.refundID)
		params.Statuses = append(params.Statuses, string(o.status))
		params.FailureCodes = append(params.FailureCodes, o.failureCode)
		params.FailureMessages = append(params.FailureMessages, o.failureMessage)
	}
	var rows []*dbsqlc.Refund
	var subscribers webhooks.Subscribers
	if err := pipeline.Together(ctx, tx, subscribers.Find(ctx, distinct(merchants)), func(db dbsqlc.DBTX) (err error) {
		rows, err = queries.RefundSettleMany(ctx, db, params)
		return err
	}); err != nil {
		return nil, fmt.Errorf("error settling refunds: %w", err)
	}
	var events []webhooks.Event
	returned := make(map[string]int64)
	var books ledger
	for _, row := range rows {
		refund, kind, booked := showRefund(row), webhooks.RefundProcessed, transferRefundPaid
		if refund.Status == RefundFailed {
			kind, booked = webhooks.RefundFailed, transferRefundFailed
			returned[row.PaymentID] += row.Amount
		}
		books.addRefund(booked, row)
		event, err := refundEvent(row.MerchantID, kind, refund)
		if err != nil {
			return nil, err
		}
		events = append(events, event.In(traceparents[row.ID]))
	}
	if err := books.store(ctx, tx, now); err != nil {
		return nil, err
	}
	if len(returned) > 0 {
		back := &dbsqlc.PaymentReturnRefundsParams{Now: now}
		for id, amount := range returned {
			back.Ids = append(back.Ids, id)
			back.Amounts = append(back.Amounts, amount)
		}
		if _, err := queries.PaymentReturnRefunds(ctx, tx, back); err != nil {
			return nil, fmt.Errorf("error giving back failed refunds: %w", err)
		}
	}
	if err := subscribers.Emit(ctx, tx, s.queue, events); err != nil {
		return nil, err
	}
	s.reach(stepRefundSettling)
	return make([]groupcommit.Result[struct{}], len(settlements)), nil
}
