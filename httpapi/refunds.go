package httpapi

import (
	"context"
	"net/http"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/page"
	"paygate/payments"
	"paygate/wire"
)

// refundFields is what a refund says of itself, wherever its payment is named.
type refundFields struct {
	Amount   *int64        `json:"amount"`
	Reason   *string       `json:"reason"`
	Metadata wire.Metadata `json:"metadata"`
}

func (f *refundFields) params(call *call, paymentID string) payments.RefundParams {
	return payments.RefundParams{
		MerchantID: call.caller.MerchantID, PaymentID: paymentID, Amount: f.Amount, Reason: f.Reason, Metadata: f.Metadata,
	}
}

type refundRequest struct {
	refundFields

	PaymentID *string `json:"payment_id"`
	// PaymentIDCamel is how the family of gateways that people come from writes it.
	PaymentIDCamel *string `json:"paymentId"` //nolint:tagliatelle // the name is given
}

func (s *server) createRefund() handler {
	return post(s, spec{status: http.StatusCreated}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *refundRequest) (idempotency.Response, error) {
		paymentID, err := either("payment_id", req.PaymentID, "paymentId", req.PaymentIDCamel)
		if err != nil {
			return idempotency.Response{}, err
		}
		param := "payment_id"
		if req.PaymentID == nil {
			param = "paymentId"
		}
		if !ids.Valid(ids.Payment, *paymentID) {
			return idempotency.Response{}, fault.On(fault.InvalidValue, param, "%s must be the id of a payment; these start with %s.", param, ids.Payment)
		}
		render := claim.Render
		claim.Render = func(resource any, err error) idempotency.Response {
			if fault.CodeOf(err) == fault.NotFound { // the domain does not know which field the id came in
				err = fault.On(fault.NotFound, param, "%s", fault.From(err).Message)
			}
			return render(resource, err)
		}
		return s.Payments.CreateRefund(ctx, claim, req.params(call, *paymentID))
	})
}

func (s *server) createPaymentRefund() handler {
	return post(s, spec{status: http.StatusCreated, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *refundFields) (idempotency.Response, error) {
		if err := call.one(ids.Payment); err != nil {
			return idempotency.Response{}, err
		}
		return s.Payments.CreateRefund(ctx, claim, req.params(call, call.id))
	})
}

func (s *server) getRefund() handler {
	return get(func(ctx context.Context, call *call) (*payments.Refund, error) {
		if err := call.one(ids.Refund); err != nil {
			return nil, err
		}
		return s.Payments.Refund(ctx, call.caller.MerchantID, call.id)
	})
}

func (s *server) listRefunds() handler {
	return get(func(ctx context.Context, call *call) (*page.List[*payments.Refund], error) {
		params := call.query.page(ids.Refund)
		filter := payments.RefundFilter{
			PaymentID: call.query.id("payment_id", ids.Payment),
			Status:    call.query.oneOf("status", string(payments.RefundPending), string(payments.RefundProcessed), string(payments.RefundFailed)),
		}
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Payments.Refunds(ctx, call.caller.MerchantID, filter, params)
	})
}
