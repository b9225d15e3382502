package httpapi

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/page"
	"paygate/webhooks"
	"paygate/wire"
)

type endpointRequest struct {
	URL         *string           `json:"url"`
	Description *string           `json:"description"`
	EventTypes  []string          `json:"event_types"`
	Headers     map[string]string `json:"headers"`
	RateLimit   *int32            `json:"rate_limit"`
}

func (s *server) createEndpoint() handler {
	return post(s, spec{status: http.StatusCreated, secret: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *endpointRequest) (idempotency.Response, error) {
		if err := require(need("url", req.URL)); err != nil {
			return idempotency.Response{}, err
		}
		params := webhooks.EndpointParams{URL: *req.URL, Description: req.Description, EventTypes: req.EventTypes, Headers: req.Headers, RateLimit: req.RateLimit}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			return s.Endpoints.Create(ctx, tx, call.caller.MerchantID, params)
		})
	})
}

func (s *server) getEndpoint() handler {
	return get(func(ctx context.Context, call *call) (*webhooks.Endpoint, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return nil, err
		}
		return s.Endpoints.Get(ctx, call.caller.MerchantID, call.id)
	})
}

func (s *server) listEndpoints() handler {
	return get(func(ctx context.Context, call *call) (*page.List[*webhooks.Endpoint], error) {
		params := call.query.page(ids.Endpoint)
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Endpoints.List(ctx, call.caller.MerchantID, params)
	})
}

type endpointChange struct {
	URL         *string                          `json:"url"`
	Description wire.Optional[string]            `json:"description"`
	EventTypes  []string                         `json:"event_types"`
	Headers     wire.Optional[map[string]string] `json:"headers"`
	RateLimit   wire.Optional[int32]             `json:"rate_limit"`
	Status      *string                          `json:"status"`
}

func (s *server) updateEndpoint() handler {
	return func(c *gin.Context, call *call) (idempotency.Response, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return idempotency.Response{}, err
		}
		body, err := readBody(c, false)
		if err != nil {
			return idempotency.Response{}, err
		}
		var req endpointChange
		if err := wire.Decode(body, &req); err != nil {
			return idempotency.Response{}, err
		}
		change := webhooks.EndpointChange{
			URL: req.URL, Description: req.Description, EventTypes: req.EventTypes, Headers: req.Headers, RateLimit: req.RateLimit,
		}
		if req.Status != nil {
			enabled := *req.Status == webhooks.EndpointEnabled
			if !enabled && *req.Status != webhooks.EndpointDisabled {
				return idempotency.Response{}, fault.On(fault.InvalidValue, "status", "status must be enabled or disabled.")
			}
			change.Enabled = &enabled
		}
		endpoint, err := s.Endpoints.Update(c.Request.Context(), call.caller.MerchantID, call.id, change)
		if err != nil {
			return idempotency.Response{}, err
		}
		return idempotency.Response{Status: http.StatusOK, Body: encode(endpoint)}, nil
	}
}

func (s *server) deleteEndpoint() handler {
	return func(c *gin.Context, call *call) (idempotency.Response, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return idempotency.Response{}, err
		}
		return idempotency.Response{Status: http.StatusNoContent}, s.Endpoints.Delete(c.Request.Context(), call.caller.MerchantID, call.id)
	}
}
