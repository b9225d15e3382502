package payments

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/ids"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/webhooks"
	"paygate/wire"
)

// acceptance is all that is stored of a new payment. It is made by its caller where that can be, before the transaction: many
// callers have all processors, a transaction has one.
type acceptance struct {
	row    *dbsqlc.Payment
	answer idempotency.Response
	event  webhooks.Event
	job    river.InsertManyParams
}

// accept makes the acceptance of an item, or tells why its order does not take it. order is nil where there is none.
func (s *Service) accept(item *intakeItem, order *dbsqlc.Order) (*acceptance, error) {
	row, err := s.newRow(item, order)
	if err != nil {
		return nil, err
	}
	payment := showPaymentWith(row, item.Metadata)
	if payment.encoded, err = wire.Encode(payment); err != nil {
		return nil, fmt.Errorf("error encoding a payment: %w", err)
	}
	event, err := paymentEvent(row.MerchantID, webhooks.PaymentCreated, payment)
	if err != nil {
		return nil, err
	}
	return &acceptance{
		row: row, answer: item.claim.Render(payment, nil), event: event.In(item.traceparent),
		job: db.Job(ProcessPaymentArgs{PaymentID: row.ID}, item.traceparent),
	}, nil
}

// newRow is the payment to insert, or the reason why its order does not take it.
func (s *Service) newRow(item *intakeItem, order *dbsqlc.Order) (*dbsqlc.Payment, error) {
	metadata, err := metadataColumn(item.Metadata)
	if err != nil {
		return nil, err
	}
	now := s.now()
	row := &dbsqlc.Payment{
		ID: ids.New(ids.Payment), MerchantID: item.MerchantID, Amount: item.Amount, Currency: item.Currency,
		Status: string(Pending), Capture: string(item.Capture), Metadata: json.RawMessage(metadata), CreatedAt: now, UpdatedAt: now,
		Method: orNil(string(item.Method)), Vpa: orNil(item.VPA), Bank: orNil(item.Bank),
		CardToken: orNil(item.card.Token), CardBrand: orNil(string(item.card.Brand)), CardLast4: orNil(item.card.Last4),
		CardExpMonth: orNil(int16(item.card.ExpMonth)), CardExpYear: orNil(int16(item.card.ExpYear)), //nolint:gosec // validated by the acquirer
	}
	if item.OrderID == "" {
		return row, nil
	}
	switch {
	case order == nil || order.MerchantID != item.MerchantID:
		return nil, fault.On(fault.NotFound, "order_id", "There is no order with this id.")
	case item.Amount != 0 && item.Amount != order.Amount:
		return nil, fault.On(fault.OrderMismatch, "amount", "amount differs from the order's %d. Leave it out, or create another order.", order.Amount)
	case item.Currency != "" && item.Currency != order.Currency:
		return nil, fault.On(fault.OrderMismatch, "currency", "currency differs from the order's %s. Leave it out, or create another order.", order.Currency)
	case !order.Reusable && order.Status == string(OrderPaid):
		return nil, fault.On(fault.OrderPaid, "order_id", "This order is paid already; nothing was charged.")
	}
	row.OrderID, row.Amount, row.Currency = &order.ID, order.Amount, order.Currency
	if !order.Reusable {
		row.OrderSlot = &order.ID
	}
	return row, nil
}

func orderBusy() error {
	return fault.On(fault.OrderBusy, "order_id",
		"Another payment for this order is in progress or has succeeded; nothing was charged. Wait for its outcome before paying again.")
}

func paymentEvent(merchantID uuid.UUID, kind webhooks.Type, payment *Payment) (webhooks.Event, error) {
	refs := webhooks.Refs{PaymentID: payment.ID, OrderID: orZero(payment.OrderID)}
	return webhooks.NewEvent(merchantID, kind, refs, time.Time(payment.UpdatedAt), "payment", payment)
}
