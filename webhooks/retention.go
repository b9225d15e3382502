package webhooks

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
	"paygate/db/ids"
)

// DefaultRetention is how long events, deliveries and attempts are kept.
const DefaultRetention = 90 * 24 * time.Hour

// expireBatch is how many records one statement removes: few enough that nobody waits for its locks.
const expireBatch = 1000

// Retention removes history. What still waits to be delivered is kept however old it is, with its event.
type Retention struct {
	DB   *pgxpool.Pool
	Keep time.Duration
	Now  func() time.Time
}

// Expire removes what is older than Keep, oldest first, and returns how many deliveries and events that
// were. It may be ended at any point and goes on the next time.
func (r *Retention) Expire(ctx context.Context) (deliveries, events int, err error) {
	before := r.Now().Add(-r.Keep)
	queries := dbsqlc.New()
	if err := queries.HistoryForget(ctx, r.DB, before); err != nil {
		return 0, 0, fmt.Errorf("error noting what is forgotten: %w", err)
	}
	for after := ""; ; {
		gone, err := queries.DeliveryExpire(ctx, r.DB, &dbsqlc.DeliveryExpireParams{
			BeforeID: ids.Before(ids.Delivery, before), AfterID: after, RowLimit: expireBatch,
		})
		if err != nil {
			return deliveries, events, fmt.Errorf("error removing old deliveries: %w", err)
		}
		deliveries += len(gone)
		if len(gone) < expireBatch {
			break
		}
		after = last(gone) // what was removed is not gone through again
	}
	for after := ""; ; {
		gone, err := queries.EventExpire(ctx, r.DB, &dbsqlc.EventExpireParams{
			BeforeID: ids.Before(ids.Event, before), AfterID: after, RowLimit: expireBatch,
		})
		if err != nil {
			return deliveries, events, fmt.Errorf("error removing old events: %w", err)
		}
		events += len(gone)
		if len(gone) < expireBatch {
			break
		}
		after = last(gone)
	}
	if err := queries.TaskExpire(ctx, r.DB, ids.Before(ids.Task, before)); err != nil {
		return deliveries, events, fmt.Errorf("error removing old tasks: %w", err)
	}
	return deliveries, events, nil
}

// last is the greatest id; RETURNING gives them in no promised order.
func last(all []string) string {
	greatest := ""
	for _, id := range all {
		greatest = max(greatest, id)
	}
	return greatest
}
