package httpapi

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"paygate/db/ids"
	"paygate/idempotency"
	"paygate/page"
	"paygate/payments"
	"paygate/wire"
)

type orderRequest struct {
	Amount   *int64        `json:"amount"`
	Currency *string       `json:"currency"`
	Receipt  *string       `json:"receipt"`
	Reusable bool          `json:"reusable"`
	Metadata wire.Metadata `json:"metadata"`
}

func (s *server) createOrder() handler {
	return post(s, spec{status: http.StatusCreated}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *orderRequest) (idempotency.Response, error) {
		if err := require(need("amount", req.Amount), need("currency", req.Currency)); err != nil {
			return idempotency.Response{}, err
		}
		params := payments.OrderParams{
			MerchantID: call.caller.MerchantID, Amount: *req.Amount, Currency: *req.Currency,
			Receipt: req.Receipt, Reusable: req.Reusable, Metadata: req.Metadata,
		}
		return idempotency.Once(ctx, s.DB, s.Now(), claim, func(tx pgx.Tx) (any, error) {
			return s.Payments.CreateOrder(ctx, tx, params)
		})
	})
}

func (s *server) getOrder() handler {
	return get(func(ctx context.Context, call *call) (*payments.Order, error) {
		if err := call.one(ids.Order); err != nil {
			return nil, err
		}
		return s.Payments.Order(ctx, call.caller.MerchantID, call.id)
	})
}

func (s *server) listOrders() handler {
	return get(func(ctx context.Context, call *call) (*page.List[*payments.Order], error) {
		params := call.query.page(ids.Order)
		filter := payments.OrderFilter{
			Status: call.query.oneOf("status", string(payments.OrderCreated), string(payments.OrderAttempted), string(payments.OrderPaid)),
		}
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Payments.Orders(ctx, call.caller.MerchantID, filter, params)
	})
}
