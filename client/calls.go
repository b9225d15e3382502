package client

import (
	"context"
	"fmt"

	"paygate/client/api"
)

// In each of these, key is the Idempotency-Key: one for each thing you mean to do, kept with it, and the same when you
// ask again. With "" the call makes one of its own.

// CreateOrder makes what a customer is to pay.
func (c *Client) CreateOrder(ctx context.Context, key string, order api.OrderCreate) (*api.Order, error) {
	answer, err := c.API.CreateOrderWithResponse(ctx, &api.CreateOrderParams{IdempotencyKey: keyOf(key)}, order)
	if err != nil {
		return nil, err
	}
	return decoded(answer.JSON201, answer.Status())
}

// Order reads an order.
func (c *Client) Order(ctx context.Context, id string) (*api.Order, error) {
	answer, err := c.API.GetOrderWithResponse(ctx, id)
	if err != nil {
		return nil, err
	}
	return decoded(answer.JSON200, answer.Status())
}

// CreatePayment begins a payment. It settles in the background: only the state success means that money moved.
func (c *Client) CreatePayment(ctx context.Context, key string, payment api.PaymentCreate) (*api.Payment, error) {
	answer, err := c.API.CreatePaymentWithResponse(ctx, &api.CreatePaymentParams{IdempotencyKey: keyOf(key)}, payment)
	if err != nil {
		return nil, err
	}
	return decoded(answer.JSON201, answer.Status())
}

// Payment reads a payment as it is now.
func (c *Client) Payment(ctx context.Context, id string) (*api.Payment, error) {
	answer, err := c.API.GetPaymentWithResponse(ctx, id)
	if err != nil {
		return nil, err
	}
	return decoded(answer.JSON200, answer.Status())
}

// Refund pays back a payment, or a part of it: no amount means what is left.
func (c *Client) Refund(ctx context.Context, key string, refund api.RefundCreate) (*api.Refund, error) {
	answer, err := c.API.CreateRefundWithResponse(ctx, &api.CreateRefundParams{IdempotencyKey: keyOf(key)}, refund)
	if err != nil {
		return nil, err
	}
	return decoded(answer.JSON201, answer.Status())
}

// Balance is what the gateway owes the merchant, by currency.
func (c *Client) Balance(ctx context.Context) (*api.Balance, error) {
	answer, err := c.API.GetBalanceWithResponse(ctx)
	if err != nil {
		return nil, err
	}
	return decoded(answer.JSON200, answer.Status())
}

// decoded is what a route answers; it is nil only where something in between answered in its place.
func decoded[T any](resource *T, status string) (*T, error) {
	if resource == nil {
		return nil, fmt.Errorf("the answer %q is not the gateway's", status)
	}
	return resource, nil
}
