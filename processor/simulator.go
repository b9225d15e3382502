package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/groupcommit"
	"paygate/db/pipeline"
	"paygate/processor/internal/books"
)

// Simulator is an Acquirer without a bank. It keeps its books in the schema acquirer, which no other
// package writes, and shares them between processes. Make it with NewSimulator.
type Simulator struct {
	config Config
	down   atomic.Bool
	group  *groupcommit.Group[operation, answer]
	pool   *pgxpool.Pool
}

var _ Acquirer = (*Simulator)(nil)

// NewSimulator makes a simulator that keeps its books through pool. The error names the member of
// config that makes no sense.
func NewSimulator(pool *pgxpool.Pool, config Config) (*Simulator, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("error in the simulator's configuration: %w", err)
	}
	s := &Simulator{
		config: config,
		group:  groupcommit.New(pipeline.Over(pool), book, groupcommit.Options[operation, answer]{Name: "acquirer"}),
		pool:   pool,
	}
	s.down.Store(config.Down)
	return s, nil
}

// Close waits until what is being booked is committed, or until ctx ends. Operations fail
// with ErrUnavailable afterwards.
func (s *Simulator) Close(ctx context.Context) error {
	if err := s.group.Close(ctx); err != nil {
		return fmt.Errorf("error closing the simulator: %w", err)
	}
	return nil
}

// SetDown starts or ends an outage, in which everything fails with ErrUnavailable.
func (s *Simulator) SetDown(down bool) { s.down.Store(down) }

// Tokenize implements Acquirer.
func (s *Simulator) Tokenize(ctx context.Context, card Card) (CardToken, error) {
	card, brand, err := card.Normalize(s.config.Now())
	if err != nil {
		return CardToken{}, err
	}
	if err := s.reachable(ctx); err != nil {
		return CardToken{}, err
	}
	return CardToken{
		Token:    newToken(outcomeOf(MethodCard, card.Number)),
		Brand:    brand,
		Last4:    card.Number[len(card.Number)-4:],
		ExpMonth: card.ExpMonth,
		ExpYear:  card.ExpYear,
	}, nil
}

// Authorize implements Acquirer. Without a method it is always approved.
func (s *Simulator) Authorize(ctx context.Context, req AuthorizeRequest) (Result, error) {
	if err := req.validate(); err != nil {
		return Result{}, err
	}
	op := operation{
		kind:             kindAuthorize,
		reference:        req.Reference,
		paymentReference: req.Reference,
		amount:           req.Amount,
		currency:         req.Currency,
		at:               s.config.Now(),
		outcome:          OutcomeOrdinary,
	}
	if req.Capture {
		op.kind = kindSale
	}
	switch req.Method {
	case MethodCard:
		op.outcome = tokenOutcome(req.Token)
	case MethodUPI:
		op.outcome = outcomeOf(MethodUPI, req.VPA)
	case MethodNetbanking:
		op.outcome = outcomeOf(MethodNetbanking, req.Bank)
	case MethodUnspecified:
	}
	op.status, op.code = s.decide(req, op.outcome)
	return s.execute(ctx, op)
}

// Capture implements Acquirer.
func (s *Simulator) Capture(ctx context.Context, req CaptureRequest) (Result, error) {
	if err := validateOperation(req.Reference, req.PaymentReference, req.Amount); err != nil {
		return Result{}, err
	}
	return s.execute(ctx, operation{
		kind:             kindCapture,
		reference:        req.Reference,
		paymentReference: req.PaymentReference,
		amount:           req.Amount,
		at:               s.config.Now(),
	})
}

// Cancel implements Acquirer.
func (s *Simulator) Cancel(ctx context.Context, req CancelRequest) (Result, error) {
	// A cancel is of all there is, so it has no amount that could be wrong.
	if err := validateOperation(req.Reference, req.PaymentReference, 1); err != nil {
		return Result{}, err
	}
	return s.execute(ctx, operation{
		kind:             kindCancel,
		reference:        req.Reference,
		paymentReference: req.PaymentReference,
		at:               s.config.Now(),
	})
}

// Refund implements Acquirer.
func (s *Simulator) Refund(ctx context.Context, req RefundRequest) (Result, error) {
	if err := validateOperation(req.Reference, req.PaymentReference, req.Amount); err != nil {
		return Result{}, err
	}
	return s.execute(ctx, operation{
		kind:             kindRefund,
		reference:        req.Reference,
		paymentReference: req.PaymentReference,
		amount:           req.Amount,
		at:               s.config.Now(),
	})
}

// Lookup implements Acquirer.
func (s *Simulator) Lookup(ctx context.Context, reference string) (Result, error) {
	if err := s.reachable(ctx); err != nil {
		return Result{}, err
	}
	rows, err := books.New().OperationGetMany(ctx, s.pool, []string{reference})
	if err != nil {
		return Result{}, fmt.Errorf("%w: error reading the books: %w", ErrUnavailable, err)
	}
	if len(rows) == 0 {
		return Result{Status: StatusNotFound}, nil
	}
	return s.result(rows[0]), nil
}

// CompleteAction is what the customer does at the ActionURL. It tells how the payment stands
// then, which for a second click is how the first one left it, and notifies the gateway each time.
func (s *Simulator) CompleteAction(ctx context.Context, reference string, approve bool) (Result, error) {
	if err := s.reachable(ctx); err != nil {
		return Result{}, err
	}
	_, err := books.New().OperationCompleteAction(ctx, s.pool, &books.OperationCompleteActionParams{
		Approve:   approve,
		Now:       s.config.Now(),
		Reference: reference,
	})
	if err != nil {
		return Result{}, fmt.Errorf("error completing the action: %w", err)
	}
	result, err := s.Lookup(ctx, reference)
	if err != nil || result.Status == StatusNotFound || s.config.Notify == nil {
		return result, err
	}
	if err := s.config.Notify(ctx, reference); err != nil {
		return Result{}, fmt.Errorf("error notifying of a completed action: %w", err)
	}
	return result, nil
}

// execute takes an operation the whole way: to the bank, into the books, and back.
func (s *Simulator) execute(ctx context.Context, op operation) (Result, error) {
	if err := s.reachable(ctx); err != nil {
		return Result{}, err
	}
	oneWay := s.latency(op) / 2
	if err := wait(ctx, oneWay); err != nil {
		// It is not booked, but whoever hangs up on a real bank does not learn that.
		return Result{}, noAnswer(err)
	}
	if err := s.mayLoseRequest(ctx, op); err != nil {
		return Result{}, err
	}

	booked, err := s.group.Do(ctx, op)
	switch {
	case errors.Is(err, groupcommit.ErrUnknown):
		return Result{}, noAnswer(err)
	case err != nil:
		return Result{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}

	if err := wait(ctx, oneWay); err != nil {
		return Result{}, noAnswer(err)
	}
	if booked.row == nil {
		return Result{Status: StatusNotFound}, nil
	}
	if !op.booked(booked.row) {
		return Result{}, fmt.Errorf("%w: reference %q is taken by another operation", ErrRejected, op.reference)
	}
	if booked.fresh && s.losesAnswer(booked.row) {
		return Result{}, noAnswer(errors.New("the answer was lost"))
	}
	if booked.fresh && op.outcome == OutcomeAnsweredTwice {
		s.announce(ctx, op.reference)
	}
	return s.result(booked.row), nil
}

// mayLoseRequest swallows the first request of those that are to be lost.
func (s *Simulator) mayLoseRequest(ctx context.Context, op operation) error {
	if op.outcome != OutcomeTimeoutNotCharged && s.chance("request", op.reference) >= s.config.RequestLostRate {
		return nil
	}
	first, err := books.New().LostRequestInsert(ctx, s.pool, &books.LostRequestInsertParams{
		Reference: op.reference,
		LostAt:    op.at,
	})
	switch {
	case err != nil:
		return fmt.Errorf("%w: error losing a request: %w", ErrUnavailable, err)
	case first > 0:
		return noAnswer(errors.New("the request was lost"))
	}
	return nil
}

func (s *Simulator) losesAnswer(row *books.AcquirerOperation) bool {
	outcome, isCharge := Outcome(row.Outcome), row.Reference == row.PaymentReference
	return outcome == OutcomeTimeoutCharged && isCharge ||
		outcome == OutcomeRefundTimeout && row.Kind == string(kindRefund) ||
		s.chance("answer", row.Reference) < s.config.AnswerLostRate
}

func (s *Simulator) announce(ctx context.Context, reference string) {
	if s.config.Notify == nil {
		return
	}
	if err := s.config.Notify(ctx, reference); err != nil {
		s.config.Logger.LogAttrs(ctx, slog.LevelWarn, "notification was not taken",
			slog.String("reference", reference), slog.Any("error", err))
	}
}

func (s *Simulator) result(row *books.AcquirerOperation) Result {
	result := Result{Status: Status(row.Status), Amount: row.Amount}
	if row.Code != nil {
		result.Code, result.Message = *row.Code, codeMessages[*row.Code]
	}
	if result.Status == StatusRequiresAction {
		result.ActionURL = s.config.ActionURL(row.Reference)
	}
	return result
}

// reachable is asked before anything is sent.
func (s *Simulator) reachable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if s.down.Load() {
		return ErrUnavailable
	}
	return nil
}

func noAnswer(cause error) error { return fmt.Errorf("%w: %w", ErrNoAnswer, cause) }

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
