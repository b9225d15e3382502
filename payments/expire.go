package payments

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"paygate/db/dbsqlc"
	"paygate/idempotency"
)

// expireBatch is how many payments are canceled at once: enough for one transaction to be well
// filled, few enough that the rest of the decisions do not wait.
const expireBatch = 100

// Expire cancels the payments that have waited past their end, for a capture or for their customer, in
// the way in which a merchant would. It returns how many it decided about. One that was captured
// or canceled at the same moment is left to that.
func (s *Service) Expire(ctx context.Context) (int, error) {
	decided := 0
	for {
		rows, err := dbsqlc.New().PaymentExpired(ctx, s.db, &dbsqlc.PaymentExpiredParams{Now: s.now(), RowLimit: expireBatch})
		if err != nil {
			return decided, fmt.Errorf("error finding payments that waited too long: %w", err)
		}
		// Together, so that they share a transaction.
		errs := make([]error, len(rows))
		var wait sync.WaitGroup
		for i, row := range rows {
			wait.Go(func() {
				_, errs[i] = s.decisions.Do(ctx, &decision{
					merchantID: row.MerchantID, paymentID: row.ID, operation: opCancel,
					claim: &idempotency.Claim{MerchantID: row.MerchantID, Render: unanswered},
				})
			})
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			return decided, fmt.Errorf("error canceling payments that waited too long: %w", err)
		}
		decided += len(rows)
		if len(rows) < expireBatch {
			return decided, nil
		}
	}
}

// unanswered renders for nobody: a refusal means that the payment has moved on, which is as well.
func unanswered(any, error) idempotency.Response { return idempotency.Response{} }
