package processor

import (
	"context"
	"fmt"
	"iter"
	"time"

	"paygate/processor/internal/books"
)

// Entry is one operation in the simulator's books.
type Entry struct {
	Reference string
	// Kind is authorize, sale, capture, cancel or refund; the first two are charges.
	Kind string
	// PaymentReference is the charge that the operation is on; a charge's own Reference.
	PaymentReference string
	// Amount of the operation; of a cancel, what was authorized.
	Amount   int64
	Currency string
	Status   Status
	// Code is empty unless Status is StatusDeclined.
	Code string
	// Captured, Refunded and Canceled tell what became of a charge; zero for other operations.
	Captured  int64
	Refunded  int64
	Canceled  bool
	CreatedAt time.Time
}

const statementPage = 1000

// Statement reads the books, ordered by reference, for whoever compares them with his own. What is
// booked while it runs may be missing. It ends after an error.
func (s *Simulator) Statement(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		after := ""
		for {
			rows, err := books.New().OperationListPage(ctx, s.pool, &books.OperationListPageParams{After: after, RowLimit: statementPage})
			if err != nil {
				yield(Entry{}, fmt.Errorf("error reading the books: %w", err))
				return
			}
			for _, row := range rows {
				if !yield(entry(row), nil) {
					return
				}
			}
			if len(rows) < statementPage {
				return
			}
			after = rows[len(rows)-1].Reference
		}
	}
}

func entry(row *books.AcquirerOperation) Entry {
	out := Entry{
		Reference:        row.Reference,
		Kind:             row.Kind,
		PaymentReference: row.PaymentReference,
		Amount:           row.Amount,
		Currency:         row.Currency,
		Status:           Status(row.Status),
		Captured:         row.Captured,
		Refunded:         row.Refunded,
		Canceled:         row.Canceled,
		CreatedAt:        row.CreatedAt.UTC(),
	}
	if row.Code != nil {
		out.Code = *row.Code
	}
	return out
}
