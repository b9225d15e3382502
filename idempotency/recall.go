package idempotency

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"paygate/db/dbsqlc"
)

// Recall looks up the answer to a claim without taking its key, for a request that was refused before
// it came to a transaction. What is refused today may have been answered when it was sent first (the
// card in it has expired since, say), and a repetition gets that answer. It reports whether there is
// one, to this very request.
func Recall(ctx context.Context, db dbsqlc.DBTX, claim *Claim) (Response, bool, error) {
	if claim.Key == "" {
		return Response{}, false, nil
	}
	rows, err := dbsqlc.New().IdempotencyFind(ctx, db, &dbsqlc.IdempotencyFindParams{
		MerchantIds: []uuid.UUID{claim.MerchantID}, Routes: []string{claim.Route}, Keys: []string{claim.Key},
	})
	if err != nil {
		return Response{}, false, fmt.Errorf("error looking up an idempotency key: %w", err)
	}
	if len(rows) == 0 {
		return Response{}, false, nil
	}
	answer, err := claim.replay(rows[0])
	return answer, err == nil, nil
}
