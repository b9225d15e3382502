package payments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/page"
)

// Payment returns one payment, or not_found.
func (s *Service) Payment(ctx context.Context, merchantID uuid.UUID, id string) (*Payment, error) {
	row, err := dbsqlc.New().PaymentGet(ctx, s.reads, &dbsqlc.PaymentGetParams{MerchantID: merchantID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, paymentNotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a payment: %w", err)
	}
	return showPayment(row), nil
}

func paymentNotFound() error { return fault.New(fault.NotFound, "There is no payment with this id.") }

// PaymentFilter narrows a list; nil means any.
type PaymentFilter struct {
	Status, OrderID, Method *string
	// CreatedFrom is inclusive, CreatedUntil exclusive.
	CreatedFrom, CreatedUntil *time.Time
}

// apart is the status as payment_apart has it: payments that have not succeeded have an index of their own.
func apart(status *string) *string {
	if status == nil || Status(*status) == Success {
		return nil
	}
	if s := Status(*status); s == Pending || s == Processing {
		return new("unsettled")
	}
	return status
}

// Payments returns a page of payments, newest first.
func (s *Service) Payments(ctx context.Context, merchantID uuid.UUID, filter PaymentFilter, params page.Params) (*page.List[*Payment], error) {
	queries := dbsqlc.New()
	return page.Read(params, page.Source[*dbsqlc.Payment, *Payment]{
		At: func(id string) (time.Time, error) {
			row, err := queries.PaymentGet(ctx, s.reads, &dbsqlc.PaymentGetParams{MerchantID: merchantID, ID: id})
			return row.CreatedAt, err
		},
		Down: func(at *time.Time, id string, limit int32) ([]*dbsqlc.Payment, error) {
			return queries.PaymentListPage(ctx, s.reads, &dbsqlc.PaymentListPageParams{
				MerchantID: merchantID, BeforeAt: at, BeforeID: id, RowLimit: limit,
				Status: filter.Status, Apart: apart(filter.Status), OrderID: filter.OrderID, Method: filter.Method,
				CreatedFrom: filter.CreatedFrom, CreatedUntil: filter.CreatedUntil,
			})
		},
		Up: func(at time.Time, id string, limit int32) ([]*dbsqlc.Payment, error) {
			return queries.PaymentListPageUp(ctx, s.reads, &dbsqlc.PaymentListPageUpParams{
				MerchantID: merchantID, AfterAt: at, AfterID: id, RowLimit: limit,
				Status: filter.Status, Apart: apart(filter.Status), OrderID: filter.OrderID, Method: filter.Method,
				CreatedFrom: filter.CreatedFrom, CreatedUntil: filter.CreatedUntil,
			})
		},
		Show: showPayment,
	})
}
