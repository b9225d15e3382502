package payments

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"paygate/db/dbsqlc"
	"paygate/db/groupcommit"
	"paygate/db/pipeline"
	"paygate/processor"
	"paygate/webhooks"
)

// settlement is the acquirer's word on a payment in processing.
type settlement struct {
	paymentID                   string
	merchantID                  uuid.UUID
	orderID                     string // empty for none
	method                      processor.Method
	status                      Status
	failureCode, failureMessage string
	nextActionURL               string
	traceparent                 string // the job's
}

// unspecifiedFailure stands in where an acquirer declines without a reason.
const unspecifiedFailure = "declined"

func settlementOf(row *dbsqlc.Payment, result processor.Result) (settlement, error) {
	outcome := settlement{paymentID: row.ID, merchantID: row.MerchantID, orderID: orZero(row.OrderID), method: processor.Method(orZero(row.Method))}
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
	case processor.StatusNotFound:
		return settlement{}, fmt.Errorf("the acquirer knows nothing of payment %s, which it was asked to charge", row.ID)
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

// settleMany moves a batch of payments to what the acquirer says, with their events and deliveries. One
// that has moved on was settled by another run: it is left as it is. The results tell which were moved.
func (s *Service) settleMany(ctx context.Context, tx pgx.Tx, settlements []settlement) ([]groupcommit.Result[bool], error) {
	now := s.now()
	params := &dbsqlc.PaymentSettleManyParams{Now: now, AuthorizedUntil: now.Add(s.holdFor), ActionUntil: now.Add(s.actionFor)}
	var paying []string
	var merchants []uuid.UUID
	traceparents := make(map[string]string, len(settlements))
	for _, o := range lastWords(settlements) {
		if o.status == Success && o.orderID != "" {
			paying = append(paying, o.orderID)
		}
		merchants = append(merchants, o.merchantID)
		traceparents[o.paymentID] = o.traceparent
		params.Ids = append(params.Ids, o.paymentID)
		params.Statuses = append(params.Statuses, string(o.status))
		params.FailureCodes = append(params.FailureCodes, o.failureCode)
		params.FailureMessages = append(params.FailureMessages, o.failureMessage)
		params.NextActionUrls = append(params.NextActionUrls, o.nextActionURL)
	}
	if err := lockOrdersToPay(ctx, tx, paying); err != nil {
		return nil, err
	}
	var rows []*dbsqlc.Payment
	var on terms
	if err := pipeline.Together(ctx, tx, append(on.find(ctx, distinct(merchants)), func(db dbsqlc.DBTX) (err error) {
		rows, err = dbsqlc.New().PaymentSettleMany(ctx, db, params)
		return err
	})...); err != nil {
		return nil, fmt.Errorf("error settling payments: %w", err)
	}
	if err := s.announce(ctx, tx, rows, on, traceparents); err != nil {
		return nil, err
	}
	s.reach(stepSettling)
	moved := make(map[string]bool, len(rows))
	for _, row := range rows {
		moved[row.ID] = true
	}
	results := make([]groupcommit.Result[bool], len(settlements))
	for i, o := range settlements {
		results[i].Value = moved[o.paymentID]
		moved[o.paymentID] = false // one of those that heard the same is enough
	}
	return results, nil
}

// tellSettled is the hook of a group that counts what it has moved.
func tellSettled(settled func(Status, processor.Method)) func([]settlement, []groupcommit.Result[bool]) {
	if settled == nil {
		return nil
	}
	return func(settlements []settlement, results []groupcommit.Result[bool]) {
		for i, o := range settlements {
			if results[i].Value {
				settled(o.status, o.method)
			}
		}
	}
}

// lastWords leaves one answer for each payment: of two workers that asked about the same one at the same
// time, the one that heard that the customer is still to act heard the older answer.
func lastWords(settlements []settlement) []settlement {
	at := make(map[string]int, len(settlements))
	words := make([]settlement, 0, len(settlements))
	for _, o := range settlements {
		i, seen := at[o.paymentID]
		switch {
		case !seen:
			at[o.paymentID] = len(words)
			words = append(words, o)
		case words[i].status == RequiresAction:
			words[i] = o
		}
	}
	return words
}
