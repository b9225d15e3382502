package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/page"
	"paygate/payments"
)

// ids reads a page of any list.
func (c *caller) ids(t *testing.T, path string) (found []string, more bool) {
	t.Helper()
	list := as[page.List[struct {
		ID        string    `json:"id"`
		CreatedAt time.Time `json:"created_at"`
	}]](t, c.get(t, path), http.StatusOK)
	found = []string{}
	for _, item := range list.Data {
		found = append(found, item.ID)
	}
	return found, list.HasMore
}

// TestLists pages through records that were all made in the same millisecond.
func TestLists(t *testing.T) {
	t.Parallel()

	const records = 45
	made := time.Now().UTC().Truncate(time.Millisecond)
	a := newAPI(t, setup{workers: true, now: func() time.Time { return made }})
	s := newSink(t)
	for i := range records {
		as[payments.Order](t, a.shop.post(t, "/api/v1/orders", `{"amount":50000,"currency":"INR"}`), http.StatusCreated)
		a.shop.subscribe(t, s, fmt.Sprintf("/%d", i), "order.paid")
	}
	a.shop.subscribe(t, s, "/all", "payment.*")
	ids := make([]string, records)
	for i := range ids {
		ids[i] = a.shop.pay(t, `{"amount":50000,"currency":"INR"}`).ID
	}
	for _, id := range ids {
		a.shop.settled(t, id, payments.Success)
		as[payments.Refund](t, a.shop.post(t, "/api/v1/refunds", `{"amount":1,"payment_id":"`+id+`"}`), http.StatusCreated)
	}
	a.other.pay(t, `{"amount":1,"currency":"INR"}`)
	as[payments.Order](t, a.other.post(t, "/api/v1/orders", `{"amount":1,"currency":"INR"}`), http.StatusCreated)
	eventually(t, func() bool { return len(a.shop.log(t, "status=delivered")) == 2*records }, "all is delivered")
	eventually(t, func() bool {
		left, _ := a.shop.ids(t, "/api/v1/refunds?status=pending")
		return len(left) == 0
	}, "all is refunded")

	for path, total := range map[string]int{
		"/api/v1/orders": records, "/api/v1/payments": records, "/api/v1/refunds": records, "/api/v1/events": 4 * records,
		"/api/v1/webhook_endpoints": records + 1, "/api/v1/webhooks/logs": 2 * records, "/api/v1/balance/transactions": 3 * records,
		"/api/v1/payments?status=success": records, "/api/v1/webhooks/logs?event_type=payment.created": records,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()

			base := path + "?"
			if u, err := url.Parse(path); err == nil && u.RawQuery != "" {
				base = path + "&"
			}
			var all []string
			for cursor := ""; ; cursor = "&starting_after=" + all[len(all)-1] {
				found, more := a.shop.ids(t, base+"limit=7"+cursor)
				all = append(all, found...)
				require.Equal(t, len(all) < total, more)
				if !more {
					break
				}
				require.Len(t, found, 7)
			}
			require.Len(t, all, total)
			sorted := slices.Sorted(slices.Values(all))
			slices.Reverse(sorted)
			require.Equal(t, sorted, all, "newest first")
			require.Len(t, slices.Compact(sorted), total, "each once")

			// And back again.
			var back []string
			for cursor := all[total-1]; ; cursor = back[0] {
				found, more := a.shop.ids(t, base+"limit=7&ending_before="+cursor)
				back = append(found, back...)
				require.Equal(t, len(back) < total-1, more)
				if !more {
					break
				}
				require.Len(t, found, 7)
			}
			require.Equal(t, all[:total-1], back)

			found, more := a.shop.ids(t, path)
			require.Equal(t, all[:20], found, "20 by default")
			require.True(t, more)
			found, more = a.shop.ids(t, base+"limit=100")
			require.Equal(t, all[:min(total, 100)], found)
			require.Equal(t, total > 100, more)
			for _, end := range []string{"starting_after=" + all[total-1], "ending_before=" + all[0]} {
				found, more = a.shop.ids(t, base+end)
				require.Empty(t, found)
				require.False(t, more)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	endpoint := a.shop.subscribe(t, s, "/payments", "payment.*")
	refunds := a.shop.subscribe(t, s, "/refunds", "refund.*")
	order := as[payments.Order](t, a.shop.post(t, "/api/v1/orders", `{"amount":50000,"currency":"INR"}`), http.StatusCreated)
	open := as[payments.Order](t, a.shop.post(t, "/api/v1/orders", `{"amount":50000,"currency":"INR"}`), http.StatusCreated)
	upi := a.shop.settled(t, a.shop.pay(t, `{"order_id":"`+order.ID+`","method":"upi","vpa":"success@upi"}`).ID, payments.Success)
	failed := a.shop.settled(t, a.shop.pay(t, `{"amount":1,"currency":"USD","method":"netbanking","bank":"FAILURE"}`).ID, payments.Failed)
	plain := a.shop.paid(t)
	refund := as[payments.Refund](t, a.shop.post(t, "/api/v1/refunds", `{"payment_id":"`+plain.ID+`"}`), http.StatusCreated)
	eventually(t, func() bool { return len(a.shop.log(t, "status=delivered")) == 8 }, "all is delivered")
	others := a.other.paid(t)

	escape := func(at any) string { return url.QueryEscape(fmt.Sprint(at)) }
	for filter, want := range map[string][]string{
		"orders?status=paid":      {order.ID},
		"orders?status=created":   {open.ID},
		"orders?status=attempted": {},

		"payments?status=success":                                        {plain.ID, upi.ID},
		"payments?status=failed":                                         {failed.ID},
		"payments?status=pending":                                        {},
		"payments?method=upi":                                            {upi.ID},
		"payments?method=card":                                           {},
		"payments?order_id=" + order.ID:                                  {upi.ID},
		"payments?order_id=" + open.ID:                                   {},
		"payments?status=success&method=upi":                             {upi.ID},
		"payments?created_after=" + escape(failed.CreatedAt):             {plain.ID, failed.ID},
		"payments?created_before=" + escape(failed.CreatedAt):            {upi.ID},
		"payments?created_before=" + escape("2026-01-01T00:00:00+05:30"): {},
		"payments?created_after=" + escape(failed.CreatedAt) + "&created_before=" + escape(plain.CreatedAt): {failed.ID},
		"payments?status=success&starting_after=" + failed.ID:                                               {upi.ID}, // the cursor need not pass the filter
		"payments?status=success&ending_before=" + failed.ID:                                                {plain.ID},

		"refunds?payment_id=" + plain.ID:                       {refund.ID},
		"refunds?payment_id=" + upi.ID:                         {},
		"refunds?payment_id=" + others.ID:                      {},
		"refunds?status=processed":                             {refund.ID},
		"refunds?status=failed&payment_id=" + refund.PaymentID: {},
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			found, more := a.shop.ids(t, "/api/v1/"+filter)
			require.Equal(t, want, found)
			require.False(t, more)
		})
	}
	for filter, want := range map[string]int{
		"events": 9, "events?type=payment.success": 2, "events?type=order.paid": 1, "events?type=payment.canceled": 0,
		"events?payment_id=" + plain.ID: 4, "events?payment_id=" + plain.ID + "&type=refund.processed": 1, "events?payment_id=" + others.ID: 0,

		"webhooks/logs": 8, "webhooks/logs?status=delivered": 8, "webhooks/logs?status=paused": 0, "webhooks/logs?event_type=payment.failed": 1,
		"webhooks/logs?endpoint_id=" + endpoint.ID: 6, "webhooks/logs?endpoint_id=" + refunds.ID: 2, "webhooks/logs?payment_id=" + plain.ID: 4,
		"webhooks/logs?payment_id=" + plain.ID + "&endpoint_id=" + refunds.ID: 2, "webhooks/logs?payment_id=" + others.ID: 0,
		"webhooks/logs?created_before=" + escape(upi.CreatedAt): 0, "webhooks/logs?created_after=" + escape(upi.CreatedAt): 8,

		"balance/transactions?currency=inr": 5, "balance/transactions?currency=USD": 0, "balance/transactions?type=refund": 1,
		"balance/transactions?payment_id=" + upi.ID: 2, "balance/transactions?payment_id=" + others.ID: 0,
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			found, _ := a.shop.ids(t, "/api/v1/"+filter)
			require.Len(t, found, want)
		})
	}
	require.Empty(t, a.other.log(t, ""))
}
