package payments

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/pipeline"
	"paygate/webhooks"
)

// terms are what booking and telling depends on beside the payments: their merchants' fees of this moment, and
// the endpoints that hear of them.
type terms struct {
	fees        map[uuid.UUID]Fee
	subscribers webhooks.Subscribers
}

// find is the questions for those of merchants, to be asked along with what moves the payments.
func (t *terms) find(ctx context.Context, merchants []uuid.UUID) []pipeline.Ask {
	return []pipeline.Ask{
		func(db dbsqlc.DBTX) error {
			rows, err := dbsqlc.New().MerchantFees(ctx, db, merchants)
			if err != nil {
				return fmt.Errorf("error reading fees: %w", err)
			}
			t.fees = make(map[uuid.UUID]Fee, len(rows))
			for _, row := range rows {
				t.fees[row.ID] = Fee{BasisPoints: int64(row.FeeBps), Fixed: row.FeeFixed}
			}
			return nil
		},
		t.subscribers.Find(ctx, merchants),
	}
}

// announce books and tells what became of payments that have just changed their state: the ledger,
// their orders, the events with their deliveries. The orders that are paid are locked already. traceparents
// are of what moved each payment, by its id.
func (s *Service) announce(ctx context.Context, tx pgx.Tx, rows []*dbsqlc.Payment, on terms, traceparents map[string]string) error {
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
	if err := books.addCaptures(captured, on.fees); err != nil {
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
			event, err := webhooks.NewEvent(row.MerchantID, webhooks.OrderPaid, webhooks.Refs{OrderID: row.ID}, now, "order", showOrder(row))
			if err != nil {
				return err
			}
			events = append(events, event.In(byOrder[row.ID]))
		}
	}
	return on.subscribers.Emit(ctx, tx, s.queue, events)
}
