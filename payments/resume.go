package payments

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/tracing"
)

// Resume takes the acquirer's news that something happened to a payment, for example that the customer
// did what it required: the payment goes back to processing and a worker asks how it stands, both
// decided in one transaction. What the news says is not believed, only looked into, so it may come
// at any time, repeatedly, late, or before we know that an action is required; news of what is no
// payment of ours, or of one whose end is known, is nothing.
func (s *Service) Resume(ctx context.Context, paymentID string) error {
	return db.InTx(ctx, s.db, func(tx pgx.Tx) error {
		queries := dbsqlc.New()
		rows, err := queries.PaymentLockMany(ctx, tx, []string{paymentID})
		if err != nil {
			return fmt.Errorf("error locking payment %s: %w", paymentID, err)
		}
		// A payment with a decision has a job that will learn how it stands.
		if len(rows) == 0 || rows[0].Operation != nil {
			return nil
		}
		switch status := Status(rows[0].Status); {
		case causeResume.leaves(status):
			if _, err := queries.PaymentResume(ctx, tx, &dbsqlc.PaymentResumeParams{ID: paymentID, Now: s.now()}); err != nil {
				return fmt.Errorf("error resuming payment %s: %w", paymentID, err)
			}
		case status == Processing:
			// The worker that runs may have asked before this happened, and not told us yet.
		default:
			return nil
		}
		return db.Enqueue(ctx, tx, s.queue, []river.InsertManyParams{db.Job(ProcessPaymentArgs{PaymentID: paymentID}, tracing.Parent(ctx))})
	})
}
