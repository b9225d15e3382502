package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/webhooks"
)

type resendRequest struct {
	Status        *string `json:"status"`
	EventType     *string `json:"event_type"`
	EndpointID    *string `json:"endpoint_id"`
	PaymentID     *string `json:"payment_id"`
	CreatedAfter  *string `json:"created_after"`
	CreatedBefore *string `json:"created_before"`
}

// resendDeliveries takes what GET /webhooks/logs takes as its filter.
func (s *server) resendDeliveries() handler {
	return post(s, spec{status: http.StatusAccepted, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *resendRequest) (idempotency.Response, error) {
		f := fields{}
		filter := webhooks.TaskFilter{
			DeliveryStatus: f.oneOf("status", req.Status, webhooks.DeliveryRetrying, webhooks.DeliveryDelivered, webhooks.DeliveryExhausted),
			EventType:      f.oneOf("event_type", req.EventType, eventTypes()...),
			EndpointID:     f.id("endpoint_id", req.EndpointID, ids.Endpoint),
			PaymentID:      f.id("payment_id", req.PaymentID, ids.Payment),
			CreatedFrom:    f.time("created_after", req.CreatedAfter),
			CreatedUntil:   f.time("created_before", req.CreatedBefore),
		}
		if f.err != nil {
			return idempotency.Response{}, f.err
		}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			return s.Deliveries.ResendMany(ctx, tx, call.caller.MerchantID, filter)
		})
	})
}

type replayRequest struct {
	EventType     *string `json:"event_type"`
	CreatedAfter  *string `json:"created_after"`
	CreatedBefore *string `json:"created_before"`
}

func (s *server) replayMissed() handler {
	return post(s, spec{status: http.StatusAccepted, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *replayRequest) (idempotency.Response, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return idempotency.Response{}, err
		}
		f := fields{}
		filter := webhooks.TaskFilter{
			EndpointID:   &call.id,
			EventType:    f.oneOf("event_type", req.EventType, eventTypes()...),
			CreatedFrom:  f.time("created_after", req.CreatedAfter),
			CreatedUntil: f.time("created_before", req.CreatedBefore),
		}
		if f.err != nil {
			return idempotency.Response{}, f.err
		}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			return s.Deliveries.Replay(ctx, tx, call.caller.MerchantID, filter)
		})
	})
}

func (s *server) getTask() handler {
	return get(func(ctx context.Context, call *call) (*webhooks.Task, error) {
		if err := call.one(ids.Task); err != nil {
			return nil, err
		}
		return s.Deliveries.Task(ctx, call.caller.MerchantID, call.id)
	})
}

// fields checks the members of a body that have a form of their own. The first one that is wrong is
// kept as err.
type fields struct{ err error }

func (f *fields) oneOf(name string, value *string, words ...string) *string {
	if value == nil {
		return nil
	}
	q := query{values: map[string][]string{name: {*value}}}
	checked := q.oneOf(name, words...)
	return f.take(q.err, checked)
}

func (f *fields) id(name string, value *string, prefix ids.Prefix) *string {
	if value == nil {
		return nil
	}
	q := query{values: map[string][]string{name: {*value}}}
	checked := q.id(name, prefix)
	return f.take(q.err, checked)
}

func (f *fields) time(name string, value *string) *time.Time {
	if value == nil {
		return nil
	}
	q := query{values: map[string][]string{name: {*value}}}
	checked := q.time(name)
	f.take(q.err, nil)
	return checked
}

// take keeps an error about a parameter as one about a member.
func (f *fields) take(err error, checked *string) *string {
	if err != nil && f.err == nil {
		wrong := *fault.From(err)
		wrong.Code = fault.InvalidValue
		f.err = &wrong
	}
	return checked
}
