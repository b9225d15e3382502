package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"paygate/db/ids"
	"paygate/idempotency"
	"paygate/webhooks"
)

type rotation struct {
	OverlapSeconds *int32 `json:"overlap_seconds"`
}

func (s *server) rotateSecret() handler {
	return post(s, spec{status: http.StatusOK, bodyOptional: true, secret: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *rotation) (idempotency.Response, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return idempotency.Response{}, err
		}
		overlap := webhooks.DefaultOverlap
		if req.OverlapSeconds != nil {
			overlap = time.Duration(*req.OverlapSeconds) * time.Second
		}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			return s.Endpoints.Rotate(ctx, tx, call.caller.MerchantID, call.id, overlap)
		})
	})
}

func (s *server) revealSecret() handler {
	return func(c *gin.Context, call *call) (idempotency.Response, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return idempotency.Response{}, err
		}
		secrets, err := s.Endpoints.Reveal(c.Request.Context(), call.caller.MerchantID, call.id)
		if err != nil {
			return idempotency.Response{}, err
		}
		c.Header("Cache-Control", "no-store")
		return idempotency.Response{Status: http.StatusOK, Body: encode(secrets)}, nil
	}
}

func (s *server) testEndpoint() handler {
	return post(s, spec{status: http.StatusAccepted, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, _ *struct{}) (idempotency.Response, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return idempotency.Response{}, err
		}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			return s.Endpoints.Test(ctx, tx, call.caller.MerchantID, call.id)
		})
	})
}

func (s *server) enableEndpoint() handler {
	return post(s, spec{status: http.StatusOK, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, _ *struct{}) (idempotency.Response, error) {
		if err := call.one(ids.Endpoint); err != nil {
			return idempotency.Response{}, err
		}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			enabled := true
			return s.Endpoints.UpdateIn(ctx, tx, call.caller.MerchantID, call.id, webhooks.EndpointChange{Enabled: &enabled})
		})
	})
}
