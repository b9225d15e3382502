package httpapi

import (
	"context"
	"net/http"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/idempotency"
	"paygate/page"
	"paygate/payments"
	"paygate/processor"
	"paygate/wire"
)

type paymentRequest struct {
	OrderID  *string       `json:"order_id"`
	Amount   *int64        `json:"amount"`
	Currency *string       `json:"currency"`
	Method   *string       `json:"method"`
	Card     *cardRequest  `json:"card"`
	VPA      *string       `json:"vpa"`
	Bank     *string       `json:"bank"`
	Capture  *string       `json:"capture"`
	Metadata wire.Metadata `json:"metadata"`
}

func (s *server) createPayment() handler {
	return post(s, spec{status: http.StatusCreated}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *paymentRequest) (idempotency.Response, error) {
		params, err := req.params()
		if err != nil {
			return idempotency.Response{}, err
		}
		params.MerchantID = call.caller.MerchantID
		answer, err := s.Payments.Create(ctx, claim, params)
		return answer, req.Card.asWritten(err)
	})
}

func (r *paymentRequest) params() (payments.CreateParams, error) {
	params := payments.CreateParams{Metadata: r.Metadata}
	if r.OrderID == nil {
		if err := require(need("amount", r.Amount), need("currency", r.Currency)); err != nil {
			return params, err
		}
	} else {
		if !ids.Valid(ids.Order, *r.OrderID) {
			return params, fault.On(fault.InvalidValue, "order_id", "order_id must be the id of an order; these start with %s.", ids.Order)
		}
		params.OrderID = *r.OrderID
	}
	if r.Amount != nil {
		if err := payments.CheckAmount(*r.Amount); err != nil {
			return params, err // zero would otherwise pass for "not given"
		}
		params.Amount = *r.Amount
	}
	for _, field := range []struct {
		name  string
		given *string
		to    *string
	}{
		{"currency", r.Currency, &params.Currency},
		{"method", r.Method, (*string)(&params.Method)},
		{"vpa", r.VPA, &params.VPA},
		{"bank", r.Bank, &params.Bank},
		{"capture", r.Capture, (*string)(&params.Capture)},
	} {
		if field.given == nil {
			continue
		}
		if *field.given == "" {
			return params, fault.On(fault.InvalidValue, field.name, "%s is empty. Give it a value, or leave it out.", field.name)
		}
		*field.to = *field.given
	}
	if r.Card != nil {
		card, err := r.Card.card()
		if err != nil {
			return params, err
		}
		params.Card = &card
	}
	return params, nil
}

func (s *server) getPayment() handler {
	return get(func(ctx context.Context, call *call) (*payments.Payment, error) {
		if err := call.one(ids.Payment); err != nil {
			return nil, err
		}
		return s.Payments.Payment(ctx, call.caller.MerchantID, call.id)
	})
}

func (s *server) listPayments() handler {
	return get(func(ctx context.Context, call *call) (*page.List[*payments.Payment], error) {
		params := call.query.page(ids.Payment)
		filter := payments.PaymentFilter{
			Status: call.query.oneOf("status", string(payments.Pending), string(payments.Processing), string(payments.RequiresAction),
				string(payments.Authorized), string(payments.Success), string(payments.Failed), string(payments.Canceled)),
			OrderID:      call.query.id("order_id", ids.Order),
			Method:       call.query.oneOf("method", string(processor.MethodCard), string(processor.MethodUPI), string(processor.MethodNetbanking)),
			CreatedFrom:  call.query.time("created_after"),
			CreatedUntil: call.query.time("created_before"),
		}
		if err := call.query.check(); err != nil {
			return nil, err
		}
		return s.Payments.Payments(ctx, call.caller.MerchantID, filter, params)
	})
}

type captureRequest struct {
	Amount *int64 `json:"amount"`
}

func (s *server) capturePayment() handler {
	return post(s, spec{status: http.StatusOK, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, req *captureRequest) (idempotency.Response, error) {
		if err := call.one(ids.Payment); err != nil {
			return idempotency.Response{}, err
		}
		return s.Payments.Capture(ctx, claim, payments.CaptureParams{MerchantID: call.caller.MerchantID, PaymentID: call.id, Amount: req.Amount})
	})
}

func (s *server) cancelPayment() handler {
	return post(s, spec{status: http.StatusOK, bodyOptional: true}, func(ctx context.Context, call *call, claim *idempotency.Claim, _ *struct{}) (idempotency.Response, error) {
		if err := call.one(ids.Payment); err != nil {
			return idempotency.Response{}, err
		}
		return s.Payments.Cancel(ctx, claim, call.caller.MerchantID, call.id)
	})
}
