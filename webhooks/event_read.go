package webhooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/page"
	"paygate/wire"
)

// EventView is a stored event as the API shows it.
type EventView struct {
	ID        string    `json:"id"`
	Object    string    `json:"object"`
	Type      string    `json:"type"`
	PaymentID *string   `json:"payment_id"`
	OrderID   *string   `json:"order_id"`
	RefundID  *string   `json:"refund_id"`
	Data      wire.Raw  `json:"data"`
	Body      string    `json:"body"`
	CreatedAt wire.Time `json:"created_at"`
}

func showEvent(row *dbsqlc.Event) *EventView {
	var body struct {
		Data wire.Raw `json:"data"`
	}
	if err := json.Unmarshal([]byte(row.Body), &body); err != nil {
		panic(fmt.Sprintf("event %s holds no event: %v", row.ID, err)) // we wrote it
	}
	return &EventView{
		ID: row.ID, Object: "event", Type: row.Type, PaymentID: row.PaymentID, OrderID: row.OrderID, RefundID: row.RefundID,
		Data: body.Data, Body: row.Body, CreatedAt: wire.Time(row.CreatedAt),
	}
}

// Events reads what happened.
type Events struct{ DB dbsqlc.DBTX }

// Get returns one event, or not_found.
func (e *Events) Get(ctx context.Context, merchantID uuid.UUID, id string) (*EventView, error) {
	row, err := dbsqlc.New().EventGet(ctx, e.DB, &dbsqlc.EventGetParams{MerchantID: merchantID, ID: id})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no event with this id.")
	}
	if err != nil {
		return nil, fmt.Errorf("error reading an event: %w", err)
	}
	return showEvent(row), nil
}

// EventFilter narrows a list; nil means any.
type EventFilter struct{ Type, PaymentID *string }

// List returns a page of events, newest first.
func (e *Events) List(ctx context.Context, merchantID uuid.UUID, filter EventFilter, params page.Params) (*page.List[*EventView], error) {
	queries := dbsqlc.New()
	return page.Read(params, page.Source[*dbsqlc.Event, *EventView]{
		At: func(id string) (time.Time, error) {
			row, err := queries.EventGet(ctx, e.DB, &dbsqlc.EventGetParams{MerchantID: merchantID, ID: id})
			return row.CreatedAt, err
		},
		Down: func(at *time.Time, id string, limit int32) ([]*dbsqlc.Event, error) {
			return queries.EventListPage(ctx, e.DB, &dbsqlc.EventListPageParams{
				MerchantID: merchantID, Type: filter.Type, PaymentID: filter.PaymentID, BeforeAt: at, BeforeID: id, RowLimit: limit,
			})
		},
		Up: func(at time.Time, id string, limit int32) ([]*dbsqlc.Event, error) {
			return queries.EventListPageUp(ctx, e.DB, &dbsqlc.EventListPageUpParams{
				MerchantID: merchantID, Type: filter.Type, PaymentID: filter.PaymentID, AfterAt: at, AfterID: id, RowLimit: limit,
			})
		},
		Show: showEvent,
	})
}
