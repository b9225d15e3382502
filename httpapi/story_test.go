package httpapi_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/page"
	"paygate/payments"
	"paygate/webhooks"
	"paygate/webhooks/signature"
)

// TestStory goes the whole way of a sale: an order, its payment by card, the webhooks, a refund.
func TestStory(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	endpoint := a.shop.subscribe(t, s, "/hooks")
	require.Equal(t, []string{"*"}, endpoint.EventTypes)

	order := as[payments.Order](t, a.shop.post(t, "/api/v1/orders", `{"amount":50000,"currency":"inr","receipt":"r_1","metadata":{"cart":"c_81"}}`), http.StatusCreated)
	require.Equal(t, payments.OrderCreated, order.Status)
	require.Equal(t, "INR", order.Currency)

	payment := a.shop.pay(t, `{
		"order_id": "`+order.ID+`", "method": "card",
		"card": {"number": "4242 4242 4242 4242", "expiry_month": "04", "expiry_year": "49", "cvv": "123", "holder_name": "Asha Rao"},
		"metadata": {"b": "2", "a": "1"}
	}`)
	require.Equal(t, payments.Pending, payment.Status)
	require.EqualValues(t, 50000, payment.Amount)
	require.Equal(t, order.ID, *payment.OrderID)
	require.Equal(t, "visa 4242 4/2049", *payment.CardBrand+" "+*payment.CardLast4+" "+jsonText(t, payment.CardExpMonth)+"/"+jsonText(t, payment.CardExpYear))
	require.NotEqual(t, payments.OrderCreated, a.shop.order(t, order.ID).Status, "begun with the payment, in one transaction")

	payment = a.shop.settled(t, payment.ID, payments.Success)
	require.EqualValues(t, 50000, payment.AmountCaptured)
	require.Equal(t, payments.OrderPaid, a.shop.order(t, order.ID).Status)
	requireProblem(t, a.shop.post(t, "/api/v1/payments", `{"order_id":"`+order.ID+`"}`), http.StatusConflict, fault.OrderPaid, "order_id")

	refund := as[payments.Refund](t, a.shop.post(t, "/api/v1/refunds", `{"paymentId":"`+payment.ID+`","amount":10000,"reason":"one item returned"}`), http.StatusCreated)
	require.Equal(t, payments.RefundPending, refund.Status)
	for _, kind := range []webhooks.Type{webhooks.PaymentCreated, webhooks.PaymentSuccess, webhooks.OrderPaid, webhooks.RefundCreated, webhooks.RefundProcessed} {
		s.await(t, "/hooks", kind).verify(t, endpoint.Secret)
	}
	refund = as[payments.Refund](t, a.shop.get(t, "/api/v1/refunds/"+refund.ID), http.StatusOK)
	require.Equal(t, payments.RefundProcessed, refund.Status)
	require.EqualValues(t, 10000, as[payments.Payment](t, a.shop.get(t, "/api/v1/payments/"+payment.ID), http.StatusOK).AmountRefunded)

	// The events are what was delivered, to the byte.
	events := as[page.List[webhooks.EventView]](t, a.shop.get(t, "/api/v1/events"), http.StatusOK)
	require.Len(t, events.Data, 5)
	require.Len(t, s.received("/hooks"), 5)
	for _, event := range events.Data {
		single := as[webhooks.EventView](t, a.shop.get(t, "/api/v1/events/"+event.ID), http.StatusOK)
		require.Equal(t, event, single)
		hook := s.await(t, "/hooks", webhooks.Type(event.Type))
		require.Equal(t, event.Body, string(hook.body))
		require.Equal(t, event.ID, hook.header.Get(signature.HeaderID))
		var body struct {
			Data json.RawMessage `json:"data"`
		}
		require.NoError(t, json.Unmarshal(hook.body, &body))
		require.Equal(t, string(event.Data), string(body.Data))
	}

	// So is what the log of deliveries says.
	eventually(t, func() bool {
		return len(as[page.List[webhooks.Delivery]](t, a.shop.get(t, "/api/v1/webhooks/logs?status=delivered"), http.StatusOK).Data) == 5
	}, "all deliveries are recorded")
	log := as[page.List[webhooks.Delivery]](t, a.shop.get(t, "/api/v1/webhooks/logs?payment_id="+payment.ID+"&event_type=payment.success"), http.StatusOK)
	require.Len(t, log.Data, 1)
	detail := a.shop.delivery(t, log.Data[0].ID)
	require.Equal(t, s.url+"/hooks", detail.URL)
	require.Equal(t, string(s.await(t, "/hooks", webhooks.PaymentSuccess).body), detail.Body)
	require.EqualValues(t, 1, detail.AttemptCount)
	require.EqualValues(t, 200, *detail.ResponseCode)

	// Each resend is one more attempt of the same message.
	for range 2 {
		again := as[webhooks.Delivery](t, a.shop.post(t, "/api/v1/webhooks/"+detail.ID+"/retry", ""), http.StatusAccepted)
		require.Equal(t, detail.ID, again.ID)
	}
	eventually(t, func() bool { return a.shop.delivery(t, detail.ID).AttemptCount == 3 }, "two resends")
	detail = a.shop.delivery(t, detail.ID)
	require.Len(t, detail.Attempts, 3)
	for i, attempt := range detail.Attempts {
		require.EqualValues(t, i+1, attempt.Number)
		require.Equal(t, []string{"automatic", "manual", "manual"}[i], attempt.Trigger)
		require.Equal(t, "success", attempt.Outcome)
	}
	same := 0
	for _, hook := range s.received("/hooks") {
		if hook.kind(t) == webhooks.PaymentSuccess {
			same++
			require.Equal(t, detail.Body, string(hook.body))
			require.Equal(t, detail.EventID, hook.header.Get(signature.HeaderID))
			hook.verify(t, endpoint.Secret)
		}
	}
	require.Equal(t, 3, same)
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

func (c *caller) order(t *testing.T, id string) payments.Order {
	t.Helper()
	return as[payments.Order](t, c.get(t, "/api/v1/orders/"+id), http.StatusOK)
}

func (c *caller) delivery(t *testing.T, id string) webhooks.DeliveryDetail {
	t.Helper()
	return as[webhooks.DeliveryDetail](t, c.get(t, "/api/v1/webhooks/"+id), http.StatusOK)
}

// TestSeed runs the commands that people come with, as they are written there, without credentials.
func TestSeed(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true, sandbox: true})
	s := newSink(t)
	endpoint := a.shop.subscribe(t, s, "/webhook")

	health := a.send(t, http.MethodGet, "/health", "")
	require.Equal(t, http.StatusOK, health.status)
	require.JSONEq(t, `{ "status": "ok" }`, string(health.body))

	payment := as[payments.Payment](t, a.send(t, http.MethodPost, "/api/v1/payments", `{
  "amount": 50000,
  "currency": "INR"
}`, "Idempotency-Key", "key_test_123"), http.StatusCreated)
	s.await(t, "/webhook", webhooks.PaymentSuccess).verify(t, endpoint.Secret)

	as[payments.Refund](t, a.send(t, http.MethodPost, "/api/v1/refunds", `{
  "paymentId": "`+payment.ID+`",
  "amount": 10000
}`), http.StatusCreated)
	s.await(t, "/webhook", webhooks.RefundProcessed).verify(t, endpoint.Secret)

	log := as[page.List[webhooks.Delivery]](t, a.send(t, http.MethodGet, "/api/v1/webhooks/logs", ""), http.StatusOK)
	require.Len(t, log.Data, 4)
	as[webhooks.Delivery](t, a.send(t, http.MethodPost, "/api/v1/webhooks/"+log.Data[0].ID+"/retry", ""), http.StatusAccepted)
	eventually(t, func() bool { return len(s.received("/webhook")) == 5 }, "the resend arrives")
}
