package payments

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/pipeline"
)

// lockedOrders are the orders that a batch pays, by their ids.
type lockedOrders map[string]*dbsqlc.Order

// lock is the question for those of items.
func (l lockedOrders) lock(ctx context.Context, items []*intakeItem) pipeline.Ask {
	var wanted []string
	for _, item := range items {
		if item.OrderID != "" {
			wanted = append(wanted, item.OrderID)
		}
	}
	wanted = distinct(wanted)
	return func(db dbsqlc.DBTX) error {
		if len(wanted) == 0 {
			return nil
		}
		rows, err := dbsqlc.New().OrderLockMany(ctx, db, wanted)
		if err != nil {
			return fmt.Errorf("error locking orders: %w", err)
		}
		for _, row := range rows {
			row.Order.Status = row.CurrentStatus
			l[row.Order.ID] = &row.Order
		}
		return nil
	}
}

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

// lockedPayments are the payments that a batch decides over, by their ids.
type lockedPayments map[string]*dbsqlc.Payment

// lock is the question for those of paymentIDs.
func (l lockedPayments) lock(ctx context.Context, paymentIDs []string) pipeline.Ask {
	return func(db dbsqlc.DBTX) error {
		rows, err := dbsqlc.New().PaymentLockMany(ctx, db, paymentIDs)
		if err != nil {
			return fmt.Errorf("error locking payments: %w", err)
		}
		for _, row := range rows {
			l[row.ID] = row
		}
		return nil
	}
}
