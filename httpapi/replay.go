package httpapi

import (
	"context"
	"net/http"

	"paygate/fault"
	"paygate/idempotency"
	"paygate/metrics"
)

const headerIdempotencyKey = "Idempotency-Key"

// once is answer, counted by what became of the key.
func (s *server) once(ctx context.Context, call *call, claim *idempotency.Claim, write func(context.Context) (idempotency.Response, error)) (idempotency.Response, error) {
	answer, quick, err := s.answer(ctx, call, claim, write)
	if claim.Key != "" {
		s.Metrics.Idempotent(fateOf(answer, quick, err))
	}
	return answer, err
}

func fateOf(answer idempotency.Response, quick bool, err error) metrics.Idempotent {
	switch code := fault.CodeOf(err); {
	case quick:
		return metrics.ReplayedRedis
	case code == fault.IdempotencyRunning:
		return metrics.InProgress
	case code == fault.IdempotencyReused:
		return metrics.Reused
	case err != nil:
		return metrics.Failed
	case answer.Replayed:
		return metrics.ReplayedPostgres
	}
	return metrics.First
}

// answer answers a claim with what the gate has found, if that is its answer, and else by write, which
// lets Postgres decide. What write has committed is left with the gate for the next time. quick says that the
// gate had it.
func (s *server) answer(ctx context.Context, call *call, claim *idempotency.Claim, write func(context.Context) (idempotency.Response, error)) (answer idempotency.Response, quick bool, err error) {
	if call.found != nil {
		if answer, ok := call.copy.Open(call.found, claim.Fingerprint); ok {
			return answer, true, nil
		}
	}
	answer, err = write(ctx)
	if err != nil {
		answer, err = s.recall(ctx, claim, err)
		return answer, false, err
	}
	// Only first answers are left there: an old one would outlive its row in Postgres.
	if call.copy != nil && !answer.Replayed {
		if sealed := call.copy.Seal(claim.Fingerprint, answer); sealed != nil {
			s.Gate.Keep(call.copy.Name(), sealed)
		}
	}
	return answer, false, nil
}

// recall gives a refused request the answer that it was given before, if there is one; so a repetition
// gets the same whether its way leads to the refusal or, through Redis, around it.
func (s *server) recall(ctx context.Context, claim *idempotency.Claim, refusal error) (idempotency.Response, error) {
	code := fault.CodeOf(refusal)
	if code == fault.IdempotencyReused || code == fault.IdempotencyRunning || statusOf(code) >= http.StatusInternalServerError {
		return idempotency.Response{}, refusal
	}
	answer, known, err := idempotency.Recall(ctx, s.DB, claim)
	if err != nil {
		return idempotency.Response{}, err
	}
	if !known {
		return idempotency.Response{}, refusal
	}
	return answer, nil
}
