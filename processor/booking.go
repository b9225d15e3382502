package processor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/groupcommit"
	"paygate/processor/internal/books"
)

// kind tells the operations in the books apart.
type kind string

const (
	kindAuthorize kind = "authorize"
	kindSale      kind = "sale"
	kindCapture   kind = "capture"
	kindCancel    kind = "cancel"
	kindRefund    kind = "refund"
)

// operation is a request as the books take it.
type operation struct {
	kind             kind
	reference        string
	paymentReference string
	amount           int64 // not known, and not compared, for a cancel
	at               time.Time

	// Of a charge alone; captures, cancels and refunds take these from theirs.
	currency string
	outcome  Outcome
	status   Status
	code     string
}

func (o operation) isCharge() bool { return o.kind == kindAuthorize || o.kind == kindSale }

// booked tells whether row is this operation, and not another one under its reference.
func (o operation) booked(row *books.AcquirerOperation) bool {
	return row.Kind == string(o.kind) &&
		row.PaymentReference == o.paymentReference &&
		(row.Amount == o.amount || o.kind == kindCancel) &&
		(row.Currency == o.currency || !o.isCharge())
}

// answer is what the books say about an operation.
type answer struct {
	// row is nil when there is none: the operation is on a charge that is not in the books.
	row *books.AcquirerOperation
	// fresh is set when this request, and no earlier one, put it there.
	fresh bool
}

// book puts operations into the books, each of which may be there already, in a transaction that
// concurrent callers share. It works in the order of references and, for what moves money that
// is booked already, of charges, so that two batches never wait for each other in a circle.
func book(ctx context.Context, tx pgx.Tx, ops []operation) ([]groupcommit.Result[answer], error) {
	answers := make([]answer, len(ops))
	if err := bookCharges(ctx, tx, ops, answers); err != nil {
		return nil, err
	}
	if err := bookMoves(ctx, tx, ops, answers); err != nil {
		return nil, err
	}
	if err := recall(ctx, tx, ops, answers); err != nil {
		return nil, err
	}
	results := make([]groupcommit.Result[answer], len(ops))
	for i := range answers {
		results[i].Value = answers[i]
	}
	return results, nil
}

// bookCharges books those of ops that are charges and new.
func bookCharges(ctx context.Context, tx pgx.Tx, ops []operation, answers []answer) error {
	charges := positions(ops, operation.isCharge)
	if len(charges) == 0 {
		return nil
	}
	slices.SortStableFunc(charges, func(a, b int) int { return cmp.Compare(ops[a].reference, ops[b].reference) })

	var params books.OperationInsertChargesParams
	for _, i := range charges {
		op := ops[i]
		params.Refs = append(params.Refs, op.reference)
		params.Kinds = append(params.Kinds, string(op.kind))
		params.Amounts = append(params.Amounts, op.amount)
		params.Currencies = append(params.Currencies, op.currency)
		params.Outcomes = append(params.Outcomes, string(op.outcome))
		params.Statuses = append(params.Statuses, string(op.status))
		params.Codes = append(params.Codes, op.code)
		params.CreatedAts = append(params.CreatedAts, op.at)
	}
	inserted, err := books.New().OperationInsertCharges(ctx, tx, &params)
	if err != nil {
		return fmt.Errorf("error booking charges: %w", err)
	}
	fresh := make(map[string]bool, len(inserted))
	for _, reference := range inserted {
		fresh[reference] = true
	}
	for _, i := range charges {
		op := ops[i]
		if !fresh[op.reference] {
			continue
		}
		delete(fresh, op.reference) // the same reference further down in this batch is a repetition
		// Only what an answer is made of; reading the row back would be a statement more.
		row := &books.AcquirerOperation{
			Reference: op.reference, Kind: string(op.kind), PaymentReference: op.paymentReference,
			Amount: op.amount, Currency: op.currency, Outcome: string(op.outcome), Status: string(op.status),
		}
		if op.code != "" {
			row.Code = &op.code
		}
		answers[i] = answer{row: row, fresh: true}
	}
	return nil
}

// bookMoves books those of ops that move the money of a charge and are new.
func bookMoves(ctx context.Context, tx pgx.Tx, ops []operation, answers []answer) error {
	moves := positions(ops, func(op operation) bool { return !op.isCharge() })
	if len(moves) == 0 {
		return nil
	}
	charges := make([]string, 0, len(moves))
	for _, i := range moves {
		charges = append(charges, ops[i].paymentReference)
	}
	if _, err := books.New().OperationLockCharges(ctx, tx, charges); err != nil {
		return fmt.Errorf("error locking charges: %w", err)
	}
	for _, round := range rounds(ops, moves) {
		if err := bookRound(ctx, tx, ops, round, answers); err != nil {
			return err
		}
	}
	return nil
}

// rounds divides moves so that a round has at most one on each charge, in the order of arrival:
// what a refund may take depends on those before it.
func rounds(ops []operation, moves []int) [][]int {
	var out [][]int
	seen := make(map[string]int)
	for _, i := range moves {
		n := seen[ops[i].paymentReference]
		seen[ops[i].paymentReference]++
		if n == len(out) {
			out = append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

func bookRound(ctx context.Context, tx pgx.Tx, ops []operation, round []int, answers []answer) error {
	var params books.OperationBookMovesParams
	for _, i := range round {
		op := ops[i]
		params.Refs = append(params.Refs, op.reference)
		params.Kinds = append(params.Kinds, string(op.kind))
		params.PaymentRefs = append(params.PaymentRefs, op.paymentReference)
		params.Amounts = append(params.Amounts, op.amount)
		params.CreatedAts = append(params.CreatedAts, op.at)
	}
	rows, err := books.New().OperationBookMoves(ctx, tx, &params)
	if err != nil {
		return fmt.Errorf("error booking captures, cancels and refunds: %w", err)
	}
	booked := byReference(rows)
	for _, i := range round {
		if row := booked[ops[i].reference]; row != nil {
			answers[i] = answer{row: row, fresh: true}
		}
	}
	return nil
}

// recall answers what was not new from what is in the books.
func recall(ctx context.Context, tx pgx.Tx, ops []operation, answers []answer) error {
	var known []string
	for i, op := range ops {
		if !answers[i].fresh {
			known = append(known, op.reference)
		}
	}
	if len(known) == 0 {
		return nil
	}
	rows, err := books.New().OperationGetMany(ctx, tx, known)
	if err != nil {
		return fmt.Errorf("error reading earlier operations: %w", err)
	}
	booked := byReference(rows)
	for i, op := range ops {
		if !answers[i].fresh {
			answers[i].row = booked[op.reference]
		}
	}
	return nil
}

func positions(ops []operation, wanted func(operation) bool) []int {
	var out []int
	for i, op := range ops {
		if wanted(op) {
			out = append(out, i)
		}
	}
	return out
}

func byReference(rows []*books.AcquirerOperation) map[string]*books.AcquirerOperation {
	out := make(map[string]*books.AcquirerOperation, len(rows))
	for _, row := range rows {
		out[row.Reference] = row
	}
	return out
}
