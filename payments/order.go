package payments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/page"
	"paygate/wire"
)

// OrderStatus is the state of an order; it only moves forward.
type OrderStatus string

// The states of an order.
const (
	OrderCreated   OrderStatus = "created"
	OrderAttempted OrderStatus = "attempted"
	OrderPaid      OrderStatus = "paid"
)

// maxReceipt bounds an order's receipt, in characters.
const maxReceipt = 128

// Order is something to be paid once, or, when reusable, any number of times.
type Order struct {
	ID        string        `json:"id"`
	Object    string        `json:"object"`
	Amount    int64         `json:"amount"`
	Currency  string        `json:"currency"`
	Status    OrderStatus   `json:"status"`
	Receipt   *string       `json:"receipt"`
	Reusable  bool          `json:"reusable"`
	Metadata  wire.Metadata `json:"metadata"`
	CreatedAt wire.Time     `json:"created_at"`
	UpdatedAt wire.Time     `json:"updated_at"`
}

func showOrder(row *dbsqlc.Order) *Order {
	return &Order{
		ID: row.ID, Object: "order", Amount: row.Amount, Currency: row.Currency, Status: OrderStatus(row.Status),
		Receipt: row.Receipt, Reusable: row.Reusable, Metadata: metadataOf(row.Metadata),
		CreatedAt: wire.Time(row.CreatedAt), UpdatedAt: wire.Time(row.UpdatedAt),
	}
}

// OrderParams describes a new order.
type OrderParams struct {
	MerchantID uuid.UUID
	// Amount is in minor units of Currency.
	Amount   int64
	Currency string
	// Receipt is the merchant's own number for it.
	Receipt *string
	// Reusable lets the order be paid more than once, as a payment link.
	Reusable bool
	Metadata wire.Metadata
}

// CreateOrder stores an order inside tx. It fails with invalid_amount, unknown_currency or
// invalid_value.
func (s *Service) CreateOrder(ctx context.Context, tx pgx.Tx, params OrderParams) (*Order, error) {
	if err := CheckAmount(params.Amount); err != nil {
		return nil, err
	}
	currency, err := ParseCurrency(params.Currency)
	if err != nil {
		return nil, err
	}
	if params.Receipt != nil && utf8.RuneCountInString(*params.Receipt) > maxReceipt {
		return nil, fault.On(fault.InvalidValue, "receipt", "receipt may have at most %d characters.", maxReceipt)
	}
	if err := params.Metadata.Validate("metadata"); err != nil {
		return nil, err
	}
	metadata, err := metadataColumn(params.Metadata)
	if err != nil {
		return nil, err
	}
	now := s.now()
	row := &dbsqlc.Order{
		ID: ids.New(ids.Order), MerchantID: params.MerchantID, Amount: params.Amount, Currency: currency, Status: string(OrderCreated),
		Receipt: params.Receipt, Reusable: params.Reusable, Metadata: json.RawMessage(metadata), CreatedAt: now, UpdatedAt: now,
	}
	err = dbsqlc.New().OrderInsert(ctx, tx, &dbsqlc.OrderInsertParams{
		ID: row.ID, MerchantID: row.MerchantID, Amount: row.Amount, Currency: row.Currency,
		Receipt: row.Receipt, Reusable: row.Reusable, Metadata: row.Metadata, CreatedAt: now,
	})
	if err != nil {
		return nil, fmt.Errorf("error storing an order: %w", err)
	}
	return showOrder(row), nil
}

// Order returns one order, or not_found.
func (s *Service) Order(ctx context.Context, merchantID uuid.UUID, id string) (*Order, error) {
	row, err := dbsqlc.New().OrderGet(ctx, s.reads, &dbsqlc.OrderGetParams{MerchantID: merchantID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, orderNotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("error reading an order: %w", err)
	}
	return showOrder(row), nil
}

func orderNotFound() error { return fault.New(fault.NotFound, "There is no order with this id.") }

// OrderFilter narrows a list; nil means any.
type OrderFilter struct{ Status *string }

// Orders returns a page of orders, newest first.
func (s *Service) Orders(ctx context.Context, merchantID uuid.UUID, filter OrderFilter, params page.Params) (*page.List[*Order], error) {
	queries := dbsqlc.New()
	return page.Read(params, page.Source[*dbsqlc.Order, *Order]{
		At: func(id string) (time.Time, error) {
			row, err := queries.OrderGet(ctx, s.reads, &dbsqlc.OrderGetParams{MerchantID: merchantID, ID: id})
			return row.CreatedAt, err
		},
		Down: func(at *time.Time, id string, limit int32) ([]*dbsqlc.Order, error) {
			return queries.OrderListPage(ctx, s.reads, &dbsqlc.OrderListPageParams{
				MerchantID: merchantID, Status: filter.Status, BeforeAt: at, BeforeID: id, RowLimit: limit,
			})
		},
		Up: func(at time.Time, id string, limit int32) ([]*dbsqlc.Order, error) {
			return queries.OrderListPageUp(ctx, s.reads, &dbsqlc.OrderListPageUpParams{
				MerchantID: merchantID, Status: filter.Status, AfterAt: at, AfterID: id, RowLimit: limit,
			})
		},
		Show: showOrder,
	})
}
