package payments

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/groupcommit"
	"paygate/idempotency"
)

// answerBatch gives every claim of a batch its answer: the remembered one, that of the twin that
// came with it, or a new one. work does what is new, for the claims at the positions in open, and
// returns their answers in that order; they are remembered in the same transaction.
func answerBatch(
	ctx context.Context, tx pgx.Tx, now time.Time, claims []*idempotency.Claim, priors []idempotency.Prior,
	work func(open []int) ([]idempotency.Response, error),
) ([]groupcommit.Result[idempotency.Response], error) {
	results := make([]groupcommit.Result[idempotency.Response], len(claims))
	var open []int
	for i := range priors {
		switch prior := &priors[i]; {
		case prior.Response != nil:
			results[i].Value = *prior.Response
		case prior.Err != nil:
			results[i].Err = prior.Err
		case prior.Twin < 0:
			open = append(open, i)
		}
	}
	if len(open) > 0 {
		answers, err := work(open)
		if err != nil {
			return nil, err
		}
		owners := make([]*idempotency.Claim, len(open))
		for n, i := range open {
			owners[n] = claims[i]
			results[i].Value = answers[n]
		}
		if err := idempotency.Remember(ctx, tx, now, owners, answers); err != nil {
			return nil, err
		}
	}
	for i := range priors {
		if first := priors[i].Twin; first >= 0 {
			results[i].Value, results[i].Err = claims[i].AnswerTwin(claims[first], results[first].Value, results[first].Err)
		}
	}
	return results, nil
}

// distinct returns values without repetitions.
func distinct[T comparable](values []T) []T {
	seen := make(map[T]struct{})
	var found []T
	for _, value := range values {
		if _, again := seen[value]; !again {
			seen[value] = struct{}{}
			found = append(found, value)
		}
	}
	return found
}
