package client

import (
	"context"
	"iter"

	"paygate/client/api"
)

// Each of these yields what a list holds, newest first, over all its pages, and asks for a page when it is needed.
// An error is the last thing that is yielded. Params filter as the route does; nil for everything.

// Payments yields payments.
func (c *Client) Payments(ctx context.Context, params *api.ListPaymentsParams) iter.Seq2[api.Payment, error] {
	p := copied(params)
	return pages(func() ([]api.Payment, bool, error) {
		answer, err := c.API.ListPaymentsWithResponse(ctx, &p)
		if err != nil {
			return nil, false, err
		}
		page, err := decoded(answer.JSON200, answer.Status())
		if err != nil {
			return nil, false, err
		}
		return page.Data, page.HasMore, nil
	}, func(last api.Payment) { p.StartingAfter = &last.ID })
}

// Refunds yields refunds.
func (c *Client) Refunds(ctx context.Context, params *api.ListRefundsParams) iter.Seq2[api.Refund, error] {
	p := copied(params)
	return pages(func() ([]api.Refund, bool, error) {
		answer, err := c.API.ListRefundsWithResponse(ctx, &p)
		if err != nil {
			return nil, false, err
		}
		page, err := decoded(answer.JSON200, answer.Status())
		if err != nil {
			return nil, false, err
		}
		return page.Data, page.HasMore, nil
	}, func(last api.Refund) { p.StartingAfter = &last.ID })
}

// Events yields events, for whoever missed webhooks.
func (c *Client) Events(ctx context.Context, params *api.ListEventsParams) iter.Seq2[api.Event, error] {
	p := copied(params)
	return pages(func() ([]api.Event, bool, error) {
		answer, err := c.API.ListEventsWithResponse(ctx, &p)
		if err != nil {
			return nil, false, err
		}
		page, err := decoded(answer.JSON200, answer.Status())
		if err != nil {
			return nil, false, err
		}
		return page.Data, page.HasMore, nil
	}, func(last api.Event) { p.StartingAfter = &last.ID })
}

// BalanceTransactions yields what moved the balance.
func (c *Client) BalanceTransactions(ctx context.Context, params *api.ListBalanceTransactionsParams) iter.Seq2[api.BalanceTransaction, error] {
	p := copied(params)
	return pages(func() ([]api.BalanceTransaction, bool, error) {
		answer, err := c.API.ListBalanceTransactionsWithResponse(ctx, &p)
		if err != nil {
			return nil, false, err
		}
		page, err := decoded(answer.JSON200, answer.Status())
		if err != nil {
			return nil, false, err
		}
		return page.Data, page.HasMore, nil
	}, func(last api.BalanceTransaction) { p.StartingAfter = &last.ID })
}

func copied[T any](params *T) T {
	if params == nil {
		return *new(T)
	}
	return *params
}

// pages yields what fetch returns until there is no more; after points fetch at the page after a record.
func pages[T any](fetch func() (page []T, more bool, err error), after func(last T)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, more, err := fetch()
			if err != nil {
				yield(*new(T), err)
				return
			}
			for _, one := range page {
				if !yield(one, nil) {
					return
				}
			}
			if !more || len(page) == 0 {
				return
			}
			after(page[len(page)-1])
		}
	}
}
