package payments

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/processor"
	"paygate/webhooks"
)

// settlement is the acquirer's word on a payment in processing.
type settlement struct {
	paymentID                   string
	status                      Status
	failureCode, failureMessage string
	nextActionURL               string
}

// unspecifiedFailure stands in where an acquirer declines without a reason.
const unspecifiedFailure = "declined"

func settlementOf(row *dbsqlc.Payment, result processor.Result) (settlement, error) {
	outcome := settlement{paymentID: row.ID}
	switch result.Status {
	case processor.StatusApproved:
		if result.Amount != row.Amount {
			return settlement{}, fmt.Errorf("the acquirer approved %d for payment %s of %d", result.Amount, row.ID, row.Amount)
		}
		outcome.status = Success
		if Capture(row.Capture) == CaptureManual {
			outcome.status = Authorized
		}
	case processor.StatusDeclined:
		outcome.status, outcome.failureCode, outcome.failureMessage = Failed, result.Code, result.Message
		if outcome.failureCode == "" {
			outcome.failureCode = unspecifiedFailure
		}
	case processor.StatusRequiresAction:
		outcome.status, outcome.nextActionURL = RequiresAction, result.ActionURL
	default:
		return settlement{}, fmt.Errorf("the acquirer answered %q for payment %s", result.Status, row.ID)
	}
	return outcome, nil
}

// stateEvents tells of a payment that has come to a state.
var stateEvents = map[Status]webhooks.Type{
	Success:        webhooks.PaymentSuccess,
	Failed:         webhooks.PaymentFailed,
	Authorized:     webhooks.PaymentAuthorized,
	RequiresAction: webhooks.PaymentRequiresAction,
	Canceled:       webhooks.PaymentCanceled,
}

// settleMany moves a batch of payments out of processing, with their events and deliveries. One
// that is not in processing any more was settled by another run: it is left as it is.
func (s *Service) settleMany(ctx context.Context, tx pgx.Tx, settlements []settlement) ([]groupcommit.Result[struct{}], error) {
	now := s.now()
	params := &dbsqlc.PaymentSettleManyParams{}
	for _, o := range settlements {
		params.Ids = append(params.Ids, o.paymentID)
		params.Statuses = append(params.Statuses, string(o.status))
		params.FailureCodes = append(params.FailureCodes, o.failureCode)
		params.FailureMessages = append(params.FailureMessages, o.failureMessage)
		params.NextActionUrls = append(params.NextActionUrls, o.nextActionURL)
		params.Nows = append(params.Nows, now)
	}
	rows, err := dbsqlc.New().PaymentSettleMany(ctx, tx, params)
	if err != nil {
		return nil, fmt.Errorf("error settling payments: %w", err)
	}
	return make([]groupcommit.Result[struct{}], len(settlements)), s.announce(ctx, tx, rows)
}
