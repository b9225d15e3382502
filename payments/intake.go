package payments

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/db/pipeline"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/processor"
	"paygate/tracing"
	"paygate/webhooks"
	"paygate/wire"
)

// CreateParams describes a new payment.
type CreateParams struct {
	MerchantID uuid.UUID
	// OrderID names the order to be paid; Amount and Currency then default to the order's.
	OrderID string
	// Amount is in minor units of Currency; zero only with an order.
	Amount   int64
	Currency string
	// Method decides which of Card, VPA and Bank is needed; empty needs none.
	Method  processor.Method
	Card    *processor.Card
	VPA     string
	Bank    string
	Capture Capture
	// Metadata is the merchant's own.
	Metadata wire.Metadata
}

// intakeItem is a request on its way into a batch, its card already exchanged for a token.
type intakeItem struct {
	CreateParams

	claim *idempotency.Claim
	card  processor.CardToken
	// traceparent is the request's.
	traceparent string
	// ready is set where it takes no stored state to make it.
	ready *acceptance
	// assumed says that a transaction has begun with it that took something for granted.
	assumed bool
}

// Create accepts a payment: the idempotency record, the payment, its event with its deliveries,
// and the job that charges it are committed together, in one transaction with whatever else
// arrives at the same time.
//
// The outcome is an answer, rendered by the claim; that includes refusals that depend on
// stored state (not_found, order_mismatch, order_already_paid, order_payment_in_progress),
// which are remembered. An error was not remembered: a bad request, a key in use or used
// otherwise, or our own trouble.
func (s *Service) Create(ctx context.Context, claim *idempotency.Claim, params CreateParams) (idempotency.Response, error) {
	item := &intakeItem{CreateParams: params, claim: claim, traceparent: tracing.Parent(ctx)}
	if err := item.check(); err != nil {
		return idempotency.Response{}, err
	}
	if params.Card != nil {
		token, err := s.acquirer.Tokenize(ctx, *params.Card)
		if err != nil {
			return s.answerEarlier(ctx, claim, tokenizeError(err))
		}
		item.card, item.Card = token, nil
	}
	if item.OrderID == "" {
		var err error
		if item.ready, err = s.accept(item, nil); err != nil {
			return idempotency.Response{}, err
		}
	}
	return s.intake.Do(ctx, item)
}

// answerEarlier repeats the answer that a request got before its card could not be exchanged any more,
// since the acquirer is away or the card has expired meanwhile; there being none, refusal stands.
func (s *Service) answerEarlier(ctx context.Context, claim *idempotency.Claim, refusal error) (idempotency.Response, error) {
	if claim.Key == "" {
		return idempotency.Response{}, refusal
	}
	earlier, err := idempotency.Once(ctx, s.db, s.now(), claim, func(pgx.Tx) (any, error) { return nil, refusal })
	switch code := fault.CodeOf(err); {
	case earlier.Replayed:
		return earlier, nil
	case code == fault.IdempotencyReused || code == fault.IdempotencyRunning:
		return idempotency.Response{}, err
	default:
		return idempotency.Response{}, refusal
	}
}

func tokenizeError(err error) error {
	if errors.Is(err, processor.ErrNoAnswer) || errors.Is(err, processor.ErrUnavailable) {
		return fault.New(fault.Unavailable, "The acquirer cannot take cards at the moment. Nothing was charged; try again.").Because(err)
	}
	return fmt.Errorf("error exchanging a card for a token: %w", err)
}

// check holds the request against everything that needs no stored state.
func (i *intakeItem) check() (err error) {
	if i.OrderID == "" || i.Amount != 0 {
		if err := CheckAmount(i.Amount); err != nil {
			return err
		}
	}
	if i.OrderID == "" || i.Currency != "" {
		if i.Currency, err = ParseCurrency(i.Currency); err != nil {
			return err
		}
	}
	switch i.Capture {
	case "":
		i.Capture = CaptureAutomatic
	case CaptureAutomatic, CaptureManual:
	default:
		return fault.On(fault.InvalidValue, "capture", "capture must be automatic or manual.")
	}
	if err := i.checkInstrument(); err != nil {
		return err
	}
	return i.Metadata.Validate("metadata")
}

func (i *intakeItem) checkInstrument() error {
	given := map[string]bool{"card": i.Card != nil, "vpa": i.VPA != "", "bank": i.Bank != ""}
	want := ""
	switch i.Method {
	case processor.MethodUnspecified:
	case processor.MethodCard:
		want = "card"
	case processor.MethodUPI:
		want = "vpa"
	case processor.MethodNetbanking:
		want = "bank"
	default:
		return fault.On(fault.InvalidValue, "method", "method must be card, upi or netbanking.")
	}
	if want != "" && !given[want] {
		return fault.On(fault.MissingField, want, "method %s needs the field %s.", i.Method, want)
	}
	for _, field := range []string{"card", "vpa", "bank"} {
		if given[field] && field != want {
			return fault.On(fault.InvalidValue, field, "%s does not belong to method %q. Leave it out, or give the method that it belongs to.", field, i.Method)
		}
	}
	switch want {
	case "vpa":
		return processor.ValidateVPA(i.VPA)
	case "bank":
		return processor.ValidateBank(i.Bank)
	}
	return nil
}

// intakeMany accepts a batch.
func (s *Service) intakeMany(ctx context.Context, tx pgx.Tx, items []*intakeItem) ([]groupcommit.Result[idempotency.Response], error) {
	claims := make([]*idempotency.Claim, len(items))
	merchants := make([]uuid.UUID, len(items))
	for i, item := range items {
		claims[i], merchants[i] = item.claim, item.MerchantID
	}
	in, err := s.circumstances(ctx, tx, items, claims, distinct(merchants))
	if err != nil {
		return nil, err
	}
	return answerBatch(ctx, tx, s.now(), claims, in.priors, func(open []int) ([]idempotency.Response, error) {
		return s.insertPayments(ctx, tx, items, open, in)
	})
}

// insertPayments stores the payments of the items at the positions in open and returns their
// answers, in that order.
func (s *Service) insertPayments(ctx context.Context, tx pgx.Tx, items []*intakeItem, open []int, in circumstances) ([]idempotency.Response, error) {
	answers := make([]idempotency.Response, len(open))
	accepted := make([]*acceptance, len(open)) // nil where the item was refused
	params := &dbsqlc.PaymentInsertManyParams{}
	for n, i := range open {
		item := items[i]
		made := item.ready
		if made == nil {
			var err error
			if made, err = s.accept(item, in.orders[item.OrderID]); err != nil {
				answers[n] = item.claim.Render(nil, err)
				continue
			}
		}
		accepted[n] = made
		appendPayment(params, made.row)
	}
	if len(params.Ids) == 0 {
		return answers, nil
	}
	stored, err := storePayments(ctx, tx, params)
	if err != nil {
		return nil, err
	}

	var events []webhooks.Event
	var jobs []river.InsertManyParams
	var attempted []string
	for n, made := range accepted {
		if made == nil {
			continue
		}
		if made.row.OrderSlot != nil && !stored[made.row.ID] {
			answers[n] = items[open[n]].claim.Render(nil, orderBusy())
			continue
		}
		answers[n] = made.answer
		events = append(events, made.event)
		jobs = append(jobs, made.job)
		if made.row.OrderID != nil {
			attempted = append(attempted, *made.row.OrderID)
		}
	}
	if len(jobs) == 0 {
		return answers, nil
	}
	if len(attempted) > 0 {
		if err := dbsqlc.New().OrderMarkAttempted(ctx, tx, &dbsqlc.OrderMarkAttemptedParams{Ids: attempted, Now: s.now()}); err != nil {
			return nil, fmt.Errorf("error marking orders as attempted: %w", err)
		}
	}
	return answers, in.subscribers.Emit(ctx, tx, s.queue, events, jobs...)
}

// storePayments inserts rows, and returns the ids of those that took the one place of their order. All others, those that have no
// such order, are stored for certain; where there are only such, nobody waits for Postgres to say so.
func storePayments(ctx context.Context, tx pgx.Tx, params *dbsqlc.PaymentInsertManyParams) (map[string]bool, error) {
	var db dbsqlc.DBTX = tx
	if !slices.ContainsFunc(params.OrderSlots, func(slot string) bool { return slot != "" }) {
		db = pipeline.Unread(tx)
	}
	ids, err := dbsqlc.New().PaymentInsertMany(ctx, db, params)
	if err != nil {
		return nil, fmt.Errorf("error storing payments: %w", err)
	}
	stored := make(map[string]bool, len(ids))
	for _, id := range ids {
		stored[id] = true
	}
	return stored, nil
}

func appendPayment(to *dbsqlc.PaymentInsertManyParams, row *dbsqlc.Payment) {
	to.Ids = append(to.Ids, row.ID)
	to.MerchantIds = append(to.MerchantIds, row.MerchantID)
	to.OrderIds = append(to.OrderIds, orZero(row.OrderID))
	to.OrderSlots = append(to.OrderSlots, orZero(row.OrderSlot))
	to.Amounts = append(to.Amounts, row.Amount)
	to.Currencies = append(to.Currencies, row.Currency)
	to.Captures = append(to.Captures, row.Capture)
	to.Methods = append(to.Methods, orZero(row.Method))
	to.CardTokens = append(to.CardTokens, orZero(row.CardToken))
	to.CardBrands = append(to.CardBrands, orZero(row.CardBrand))
	to.CardLast4s = append(to.CardLast4s, orZero(row.CardLast4))
	to.CardExpMonths = append(to.CardExpMonths, orZero(row.CardExpMonth))
	to.CardExpYears = append(to.CardExpYears, orZero(row.CardExpYear))
	to.Vpas = append(to.Vpas, orZero(row.Vpa))
	to.Banks = append(to.Banks, orZero(row.Bank))
	to.Metadatas = append(to.Metadatas, string(row.Metadata))
	to.CreatedAts = append(to.CreatedAts, row.CreatedAt)
}

// orNil and orZero translate between NULL and the zero that stands for it in an array.
func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func orZero[T any](v *T) (zero T) {
	if v == nil {
		return zero
	}
	return *v
}
