package httpapi

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"paygate/db/ids"
	"paygate/idempotency"
	"paygate/page"
	"paygate/webhooks"
)

func (s *server) getDelivery() handler {
	return get(func(ctx context.Context, call *call) (*webhooks.DeliveryDetail, error) {
		if err := call.one(ids.Delivery); err != nil {
			return nil, err
		}
		return s.Deliveries.Get(ctx, call.caller.MerchantID, call.id)
	})
}

func (s *server) listDeliveries() handler {
	return get(func(ctx context.Context, call *call) (*page.List[*webhooks.Delivery], error) {
		params := call.query.page(ids.Delivery)
		filter := webhooks.DeliveryFilter{
			Status: call.query.oneOf("status", webhooks.DeliveryPending, webhooks.DeliveryRetrying, webhooks.DeliveryDelivered,
				webhooks.DeliveryExhausted, webhooks.DeliveryPaused),
			EventType:    call.query.oneOf("event_type", eventTypes()...),
			EndpointID:   call.query.id("endpoint_id", ids.Endpoint),
			PaymentID:    call.query.id("payment_id", ids.Payment),
			CreatedFrom:  call.query.time("created_after"),
			CreatedUntil: call.query.time("created_before"),
		}
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Deliveries.List(ctx, call.caller.MerchantID, filter, params)
	})
}

func (s *server) resendDelivery() handler {
	return post(s, spec{status: http.StatusAccepted, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, _ *struct{}) (idempotency.Response, error) {
		if err := call.one(ids.Delivery); err != nil {
			return idempotency.Response{}, err
		}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			return s.Deliveries.Resend(ctx, tx, call.caller.MerchantID, call.id)
		})
	})
}
