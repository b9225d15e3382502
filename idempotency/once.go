package idempotency

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/fault"
)

// Once runs do in one transaction with its claim, for operations that are not gathered with
// others. What do returns is rendered and remembered; when do fails with an error that a
// caller may see, its own writes are undone and the refusal is the answer.
func Once(ctx context.Context, from db.Beginner, now time.Time, claim *Claim, do func(tx pgx.Tx) (any, error)) (Response, error) {
	var answer Response
	err := db.InTx(ctx, from, func(tx pgx.Tx) error {
		priors, err := Begin(ctx, tx, []*Claim{claim})
		if err != nil {
			return err
		}
		switch prior := priors[0]; {
		case prior.Err != nil:
			return prior.Err
		case prior.Response != nil:
			answer = *prior.Response
			return nil
		}
		var resource any
		refusal := db.InTx(ctx, tx, func(savepoint pgx.Tx) (err error) {
			resource, err = do(savepoint)
			return err
		})
		if refusal != nil && fault.CodeOf(refusal) == fault.Internal {
			return refusal
		}
		answer = claim.Render(resource, refusal)
		return Remember(ctx, tx, now, []*Claim{claim}, []Response{answer})
	})
	if err != nil {
		return Response{}, err
	}
	return answer, nil
}
