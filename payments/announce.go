package payments

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/webhooks"
)

// lockOrdersToPay takes the orders that are about to be paid, before any payment is locked: new payments
// take both in that order as well (OrderLockMany), so the two never wait for each other in a circle.
func lockOrdersToPay(ctx context.Context, tx pgx.Tx, orderIDs []string) error {
	if len(orderIDs) == 0 {
		return nil
	}
	if err := dbsqlc.New().OrderLockUnpaid(ctx, tx, orderIDs); err != nil {
		return fmt.Errorf("error locking orders: %w", err)
	}
	return nil
}

// announce books and tells what became of payments that have just changed their state: the ledger,
// their orders, the events with their deliveries. The orders that are paid are locked already. traceparents
// are of what moved each payment, by its id.
func (s *Service) announce(ctx context.Context, tx pgx.Tx, rows []*dbsqlc.Payment, traceparents map[string]string) error {
	now := s.now()
	var captured []*dbsqlc.Payment
	var events []webhooks.Event
	var paid []string
	byOrder := make(map[string]string) // as traceparents
	for _, row := range rows {
		payment := showPayment(row)
		event, err := paymentEvent(row.MerchantID, stateEvents[payment.Status], payment)
		if err != nil {
			return err
		}
		events = append(events, event.In(traceparents[row.ID]))
		if payment.Status != Success {
			continue
		}
		captured = append(captured, row)
		if row.OrderID != nil {
			paid = append(paid, *row.OrderID)
			byOrder[*row.OrderID] = traceparents[row.ID]
		}
	}
	var books ledger
	if err := books.addCaptures(ctx, tx, captured); err != nil {
		return err
	}
	if err := books.store(ctx, tx, now); err != nil {
		return err
	}
	if len(paid) > 0 {
		orders, err := dbsqlc.New().OrderMarkPaid(ctx, tx, &dbsqlc.OrderMarkPaidParams{Ids: paid, Now: now})
		if err != nil {
			return fmt.Errorf("error marking orders as paid: %w", err)
		}
		for _, row := range orders {
			event, err := webhooks.NewEvent(row.MerchantID, webhooks.OrderPaid, webhooks.Refs{OrderID: row.ID}, now, orderData{showOrder(row)})
			if err != nil {
				return err
			}
			events = append(events, event.In(byOrder[row.ID]))
		}
	}
	return webhooks.Emit(ctx, tx, s.queue, events)
}
