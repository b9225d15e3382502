package httpapi

import (
	"context"

	"paygate/db/ids"
	"paygate/page"
	"paygate/webhooks"
)

func eventTypes() []string {
	names := make([]string, len(webhooks.Types))
	for i, kind := range webhooks.Types {
		names[i] = string(kind)
	}
	return names
}

func (s *server) getEvent() handler {
	return get(func(ctx context.Context, call *call) (*webhooks.EventView, error) {
		if err := call.one(ids.Event); err != nil {
			return nil, err
		}
		return s.Events.Get(ctx, call.caller.MerchantID, call.id)
	})
}

func (s *server) listEvents() handler {
	return get(func(ctx context.Context, call *call) (*page.List[*webhooks.EventView], error) {
		params := call.query.page(ids.Event)
		filter := webhooks.EventFilter{
			Type: call.query.oneOf("type", eventTypes()...), PaymentID: call.query.id("payment_id", ids.Payment),
		}
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Events.List(ctx, call.caller.MerchantID, filter, params)
	})
}
