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
	"paygate/webhooks"
	"paygate/wire"
)

// RefundStatus is the state of a refund; it only moves forward.
type RefundStatus string

// The states of a refund.
const (
	RefundPending   RefundStatus = "pending"
	RefundProcessed RefundStatus = "processed"
	RefundFailed    RefundStatus = "failed"
)

// maxReason bounds a refund's reason, in characters.
const maxReason = 255

// Refund is money going back, all of a payment or part of it.
type Refund struct {
	ID             string        `json:"id"`
	Object         string        `json:"object"`
	PaymentID      string        `json:"payment_id"`
	Amount         int64         `json:"amount"`
	Currency       string        `json:"currency"`
	Status         RefundStatus  `json:"status"`
	Reason         *string       `json:"reason"`
	FailureCode    *string       `json:"failure_code"`
	FailureMessage *string       `json:"failure_message"`
	Metadata       wire.Metadata `json:"metadata"`
	CreatedAt      wire.Time     `json:"created_at"`
	UpdatedAt      wire.Time     `json:"updated_at"`
}

func showRefund(row *dbsqlc.Refund) *Refund {
	return &Refund{
		ID: row.ID, Object: "refund", PaymentID: row.PaymentID, Amount: row.Amount, Currency: row.Currency,
		Status: RefundStatus(row.Status), Reason: row.Reason, FailureCode: row.FailureCode, FailureMessage: row.FailureMessage,
		Metadata: metadataOf(row.Metadata), CreatedAt: wire.Time(row.CreatedAt), UpdatedAt: wire.Time(row.UpdatedAt),
	}
}

func refundEvent(merchantID uuid.UUID, kind webhooks.Type, refund *Refund) (webhooks.Event, error) {
	refs := webhooks.Refs{PaymentID: refund.PaymentID, RefundID: refund.ID}
	return webhooks.NewEvent(merchantID, kind, refs, time.Time(refund.UpdatedAt), "refund", refund)
}

// Refund returns one refund, or not_found.
func (s *Service) Refund(ctx context.Context, merchantID uuid.UUID, id string) (*Refund, error) {
	row, err := dbsqlc.New().RefundGet(ctx, s.reads, &dbsqlc.RefundGetParams{MerchantID: merchantID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no refund with this id.")
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a refund: %w", err)
	}
	return showRefund(row), nil
}

// RefundFilter narrows a list; nil means any.
type RefundFilter struct{ PaymentID, Status *string }

// Refunds returns a page of refunds, newest first.
func (s *Service) Refunds(ctx context.Context, merchantID uuid.UUID, filter RefundFilter, params page.Params) (*page.List[*Refund], error) {
	queries := dbsqlc.New()
	return page.Read(params, page.Source[*dbsqlc.Refund, *Refund]{
		At: func(id string) (time.Time, error) {
			row, err := queries.RefundGet(ctx, s.reads, &dbsqlc.RefundGetParams{MerchantID: merchantID, ID: id})
			return row.CreatedAt, err
		},
		Down: func(at *time.Time, id string, limit int32) ([]*dbsqlc.Refund, error) {
			return queries.RefundListPage(ctx, s.reads, &dbsqlc.RefundListPageParams{
				MerchantID: merchantID, PaymentID: filter.PaymentID, Status: filter.Status, BeforeAt: at, BeforeID: id, RowLimit: limit,
			})
		},
		Up: func(at time.Time, id string, limit int32) ([]*dbsqlc.Refund, error) {
			return queries.RefundListPageUp(ctx, s.reads, &dbsqlc.RefundListPageUpParams{
				MerchantID: merchantID, PaymentID: filter.PaymentID, Status: filter.Status, AfterAt: at, AfterID: id, RowLimit: limit,
			})
		},
		Show: showRefund,
	})
}
