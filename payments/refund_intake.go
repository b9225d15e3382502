package payments

import (
	"context"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/tracing"
	"paygate/webhooks"
	"paygate/wire"
)

// RefundParams describes a new refund.
type RefundParams struct {
	MerchantID uuid.UUID
	PaymentID  string
	// Amount is in the payment's minor units; nil means all that is left.
	Amount   *int64
	Reason   *string
	Metadata wire.Metadata
}

type refundItem struct {
	RefundParams

	claim *idempotency.Claim
	// traceparent is the request's.
	traceparent string
}

// CreateRefund promises to give money back: the amount is taken off what can still be refunded in
// the transaction that stores the refund, its event and its job, so that concurrent refunds can
// never promise more than was captured. Answers and errors are as with Create; refusals that
// depend on stored state are not_found, payment_not_refundable and refund_exceeds_available.
func (s *Service) CreateRefund(ctx context.Context, claim *idempotency.Claim, params RefundParams) (idempotency.Response, error) {
	if params.Amount != nil {
		if err := CheckAmount(*params.Amount); err != nil {
			return idempotency.Response{}, err
		}
	}
	if params.Reason != nil && utf8.RuneCountInString(*params.Reason) > maxReason {
		return idempotency.Response{}, fault.On(fault.InvalidValue, "reason", "reason may have at most %d characters.", maxReason)
	}
	if err := params.Metadata.Validate("metadata"); err != nil {
		return idempotency.Response{}, err
	}
	return s.refundIntake.Do(ctx, &refundItem{RefundParams: params, claim: claim, traceparent: tracing.Parent(ctx)})
}

func (s *Service) refundMany(ctx context.Context, tx pgx.Tx, items []*refundItem) ([]groupcommit.Result[idempotency.Response], error) {
	claims := make([]*idempotency.Claim, len(items))
	merchants := make([]uuid.UUID, len(items))
	paymentIDs := make([]string, len(items))
	for i, item := range items {
		claims[i], merchants[i], paymentIDs[i] = item.claim, item.MerchantID, item.PaymentID
	}
	payments := make(lockedPayments)
	var subscribers webhooks.Subscribers
	priors, err := idempotency.Begin(ctx, tx, claims, payments.lock(ctx, paymentIDs), subscribers.Find(ctx, distinct(merchants)))
	if err != nil {
		return nil, err
	}
	return answerBatch(ctx, tx, s.now(), claims, priors, func(open []int) ([]idempotency.Response, error) {
		return s.insertRefunds(ctx, tx, items, open, payments, subscribers)
	})
}

// insertRefunds decides over locked payments, in the order of the items, and stores what fits.
func (s *Service) insertRefunds(
	ctx context.Context, tx pgx.Tx, items []*refundItem, open []int, payments lockedPayments, subscribers webhooks.Subscribers,
) ([]idempotency.Response, error) {
	answers := make([]idempotency.Response, len(open))
	params := &dbsqlc.RefundInsertManyParams{}
	promised := make(map[string]int64, len(payments))
	var events []webhooks.Event
	var jobs []river.InsertManyParams
	var books ledger
	for n, i := range open {
		item := items[i]
		row, err := s.newRefund(item, payments[item.PaymentID])
		if err != nil {
			answers[n] = item.claim.Render(nil, err)
			continue
		}
		// The next refund of the same batch sees this one.
		payments[item.PaymentID].AmountRefunded += row.Amount
		promised[item.PaymentID] += row.Amount
		appendRefund(params, row)
		books.addRefund(transferRefund, row)
		refund := showRefund(row)
		answers[n] = item.claim.Render(refund, nil)
		event, err := refundEvent(row.MerchantID, webhooks.RefundCreated, refund)
		if err != nil {
			return nil, err
		}
		events = append(events, event.In(item.traceparent))
		jobs = append(jobs, db.Job(ProcessRefundArgs{RefundID: row.ID}, item.traceparent))
	}
	if len(jobs) == 0 {
		return answers, nil
	}
	if err := s.promiseRefunds(ctx, tx, promised); err != nil {
		return nil, err
	}
	if err := dbsqlc.New().RefundInsertMany(ctx, tx, params); err != nil {
		return nil, fmt.Errorf("error storing refunds: %w", err)
	}
	if err := books.store(ctx, tx, s.now()); err != nil {
		return nil, err
	}
	return answers, subscribers.Emit(ctx, tx, s.queue, events, jobs...)
}

// promiseRefunds takes the money by guarded statements; the decisions before it only chose the
// words of the refusals.
func (s *Service) promiseRefunds(ctx context.Context, tx pgx.Tx, promised map[string]int64) error {
	params := &dbsqlc.PaymentPromiseRefundsParams{Now: s.now()}
	for id, amount := range promised {
		params.Ids = append(params.Ids, id)
		params.Amounts = append(params.Amounts, amount)
	}
	taken, err := dbsqlc.New().PaymentPromiseRefunds(ctx, tx, params)
	if err != nil {
		return fmt.Errorf("error promising refunds: %w", err)
	}
	if len(taken) != len(promised) {
		return fmt.Errorf("refunds of %d payments were decided, %d could be promised", len(promised), len(taken))
	}
	return nil
}

func (s *Service) newRefund(item *refundItem, payment *dbsqlc.Payment) (*dbsqlc.Refund, error) {
	if payment == nil || payment.MerchantID != item.MerchantID {
		return nil, paymentNotFound()
	}
	if Status(payment.Status) != Success {
		return nil, fault.New(fault.PaymentNotRefundable,
			"Only a successful payment can be refunded; this one is %s.", payment.Status)
	}
	left := payment.AmountCaptured - payment.AmountRefunded
	amount := left
	if item.Amount != nil {
		amount = *item.Amount
	}
	if amount > left || amount == 0 {
		return nil, fault.On(fault.RefundTooLarge, "amount",
			"%d of this payment's %d can still be refunded.", left, payment.AmountCaptured)
	}
	metadata, err := metadataColumn(item.Metadata)
	if err != nil {
		return nil, err
	}
	now := s.now()
	return &dbsqlc.Refund{
		ID: ids.New(ids.Refund), MerchantID: item.MerchantID, PaymentID: payment.ID, Amount: amount, Currency: payment.Currency,
		Status: string(RefundPending), Reason: orNil(orZero(item.Reason)), Metadata: json.RawMessage(metadata), CreatedAt: now, UpdatedAt: now,
	}, nil
}

func appendRefund(to *dbsqlc.RefundInsertManyParams, row *dbsqlc.Refund) {
	to.Ids = append(to.Ids, row.ID)
	to.MerchantIds = append(to.MerchantIds, row.MerchantID)
	to.PaymentIds = append(to.PaymentIds, row.PaymentID)
	to.Amounts = append(to.Amounts, row.Amount)
	to.Currencies = append(to.Currencies, row.Currency)
	to.Reasons = append(to.Reasons, orZero(row.Reason))
	to.Metadatas = append(to.Metadatas, string(row.Metadata))
	to.CreatedAts = append(to.CreatedAts, row.CreatedAt)
}
