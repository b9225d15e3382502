package payments

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/idempotency"
	"paygate/webhooks"
)

// circumstances are what the acceptance of a batch depends on.
type circumstances struct {
	priors      []idempotency.Prior
	orders      lockedOrders
	subscribers webhooks.Subscribers
}

// doubt is for how long nothing is taken for granted after something was not so.
const doubt = time.Second

// circumstances asks for them, or assumes the usual ones. Then nobody waits for Postgres before COMMIT, and the transaction
// fails if they are others (docs/decisions/0036).
func (s *Service) circumstances(
	ctx context.Context, tx pgx.Tx, items []*intakeItem, claims []*idempotency.Claim, merchants []uuid.UUID,
) (in circumstances, err error) {
	if known, ok := s.known.Of(merchants); ok && s.mayAssume(items) {
		if in.priors, err = idempotency.Assume(ctx, tx, claims); err != nil {
			return in, err
		}
		in.subscribers = known
		return in, known.Assume(ctx, tx, merchants)
	}
	in.orders = make(lockedOrders)
	in.priors, err = idempotency.Begin(ctx, tx, claims, in.orders.lock(ctx, items), in.subscribers.Find(ctx, merchants))
	if err != nil {
		return in, err
	}
	s.known.Learn(merchants, in.subscribers)
	return in, nil
}

// mayAssume tells whether a batch depends on nothing but what is nearly always the same, and takes note that it was told so.
func (s *Service) mayAssume(items []*intakeItem) bool {
	now := time.Now()
	for _, item := range items {
		if item.assumed {
			s.doubtUntil.Store(new(now.Add(doubt)))
			return false
		}
		if item.ready == nil {
			return false
		}
	}
	if until := s.doubtUntil.Load(); until != nil && now.Before(*until) {
		return false
	}
	for _, item := range items {
		item.assumed = true
	}
	return true
}
