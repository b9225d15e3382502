package httpapi

import (
	"context"
	"net/http"

	"paygate/fault"
	"paygate/idempotency"
)

const headerIdempotencyKey = "Idempotency-Key"

// once answers a claim with what the gate has found, if that is its answer, and else by write, which
// lets Postgres decide. What write has committed is left with the gate for the next time.
func (s *server) once(ctx context.Context, call *call, claim *idempotency.Claim, write func(context.Context) (idempotency.Response, error)) (idempotency.Response, error) {
	if call.found != nil {
		if answer, ok := call.copy.Open(call.found, claim.Fingerprint); ok {
			return answer, nil
		}
	}
	answer, err := write(ctx)
	if err != nil {
		return s.recall(ctx, claim, err)
	}
	// Only first answers are left there: an old one would outlive its row in Postgres.
	if call.copy != nil && !answer.Replayed {
		if sealed := call.copy.Seal(claim.Fingerprint, answer); sealed != nil {
			s.Gate.Keep(call.copy.Name(), sealed)
		}
	}
	return answer, nil
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
