package idempotency

import (
	"context"
	"fmt"
	"time"

	"paygate/db/dbsqlc"
)

// pruneBatch is how many answers one statement of Prune forgets: so many that finding them again and
// again does not cost more than deleting, so few that it ends within a fraction of a second.
const pruneBatch = 10_000

// Prune forgets the answers that were remembered before a time, in statements of bounded size, until
// none is left or the context ends, and returns how many it forgot. A repetition of their requests is
// a new request then. db is no transaction, so that each statement is committed by itself.
//
// It cannot meet a request in flight, however long that takes: the claim of a key is a lock and no row,
// and the row with the answer is committed with the effect, as old as it is then. So no row is ever
// unfinished.
func Prune(ctx context.Context, db dbsqlc.DBTX, before time.Time) (forgotten int64, err error) {
	for {
		n, err := dbsqlc.New().IdempotencyPrune(ctx, db, &dbsqlc.IdempotencyPruneParams{CreatedBefore: before, BatchSize: pruneBatch})
		if err != nil {
			return forgotten, fmt.Errorf("error pruning idempotency keys: %w", err)
		}
		if forgotten += n; n < pruneBatch {
			return forgotten, nil
		}
	}
}
