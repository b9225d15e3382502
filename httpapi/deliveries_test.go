package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/page"
	"paygate/payments"
	"paygate/webhooks"
	"paygate/webhooks/signature"
)

// log returns the deliveries that a filter lets through.
func (c *caller) log(t *testing.T, filter string) []webhooks.Delivery {
	t.Helper()
	return as[page.List[webhooks.Delivery]](t, c.get(t, "/api/v1/webhooks/logs?limit=100&"+filter), http.StatusOK).Data
}

func TestDeliveries(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true, schedule: "0s,10ms,20ms"})
	s := newSink(t)

	t.Run("FailuresAreRetriedUntilTheScheduleIsUsedUp", func(t *testing.T) {
		t.Parallel()

		failing := newSink(t)
		failing.answerWith(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte("out of order"))
		})
		shop := a.newCaller(t)
		endpoint := shop.subscribe(t, failing, "/failing", "payment.created")
		shop.pay(t, `{"amount":1,"currency":"INR"}`)
		eventually(t, func() bool { return len(shop.log(t, "status=exhausted")) == 1 }, "the schedule is used up")

		detail := shop.delivery(t, shop.log(t, "")[0].ID)
		require.Len(t, detail.Attempts, 3)
		require.Nil(t, detail.NextAttemptAt)
		for i, attempt := range detail.Attempts {
			require.EqualValues(t, i+1, attempt.Number)
			require.Equal(t, "failure", attempt.Outcome)
			require.Equal(t, "status", *attempt.ErrorClass)
			require.Equal(t, "the endpoint answered 500 Internal Server Error", *attempt.Error)
			require.Equal(t, "out of order", *attempt.ResponseBody)
			require.EqualValues(t, 500, *attempt.ResponseCode)
		}
		hooks := failing.received("/failing")
		require.Len(t, hooks, 3)
		for _, hook := range hooks {
			hook.verify(t, endpoint.Secret)
			require.Equal(t, hooks[0].body, hook.body)
			require.Equal(t, detail.EventID, hook.header.Get(signature.HeaderID))
		}

		// What is exhausted can still be sent by hand; failing again changes nothing, success does.
		as[webhooks.Delivery](t, shop.post(t, "/api/v1/webhooks/"+detail.ID+"/retry", "{}"), http.StatusAccepted)
		eventually(t, func() bool { return shop.delivery(t, detail.ID).AttemptCount == 4 }, "a resend")
		require.Equal(t, webhooks.DeliveryExhausted, shop.delivery(t, detail.ID).Status)
		failing.answerWith(nil)
		as[webhooks.Delivery](t, shop.post(t, "/api/v1/webhooks/"+detail.ID+"/retry", "{}"), http.StatusAccepted)
		eventually(t, func() bool { return shop.delivery(t, detail.ID).Status == webhooks.DeliveryDelivered }, "a resend gets through")
	})

	t.Run("RecoversOnTheSchedule", func(t *testing.T) {
		t.Parallel()

		flaky := newSink(t)
		flaky.answerWith(func(w http.ResponseWriter, _ *http.Request) {
			flaky.answerWith(nil)
			w.WriteHeader(http.StatusBadGateway)
		})
		shop := a.newCaller(t)
		shop.subscribe(t, flaky, "/flaky", "payment.created")
		shop.pay(t, `{"amount":1,"currency":"INR"}`)
		eventually(t, func() bool { return len(shop.log(t, "status=retrying")) == 1 }, "it is to be tried again")
		require.NotNil(t, shop.log(t, "")[0].NextAttemptAt)
		eventually(t, func() bool { return len(shop.log(t, "status=delivered")) == 1 }, "the second attempt gets through")
		require.EqualValues(t, 2, shop.log(t, "")[0].AttemptCount)
	})

	t.Run("GoneDisablesTheEndpoint", func(t *testing.T) {
		t.Parallel()

		leaving := newSink(t)
		leaving.answerStatus(http.StatusGone)
		shop := a.newCaller(t)
		endpoint := shop.subscribe(t, leaving, "/gone", "payment.created")
		path := "/api/v1/webhook_endpoints/" + endpoint.ID
		shop.pay(t, `{"amount":1,"currency":"INR"}`)
		eventually(t, func() bool {
			return as[webhooks.Endpoint](t, shop.get(t, path), http.StatusOK).Status == webhooks.EndpointDisabled
		}, "the endpoint is disabled")
		require.Equal(t, "endpoint_answered_410", *as[webhooks.Endpoint](t, shop.get(t, path), http.StatusOK).DisabledReason)

		// What happens meanwhile waits with what was refused, and is not dropped.
		shop.pay(t, `{"amount":2,"currency":"INR"}`)
		eventually(t, func() bool { return len(shop.log(t, "status=paused")) == 2 }, "both deliveries wait")
		waiting := shop.log(t, "status=paused")[0]
		requireProblem(t, shop.post(t, "/api/v1/webhooks/"+waiting.ID+"/retry", ""), http.StatusConflict, fault.EndpointDisabled, "")
		require.Len(t, leaving.received("/gone"), 1)

		leaving.answerWith(nil)
		enabled := as[webhooks.Endpoint](t, shop.send(t, http.MethodPatch, path, `{"status":"enabled"}`), http.StatusOK)
		require.Nil(t, enabled.DisabledReason)
		eventually(t, func() bool { return len(shop.log(t, "status=delivered")) == 2 }, "both are delivered")
		require.Len(t, leaving.received("/gone"), 3)
	})

	t.Run("DisabledByTheMerchant", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		endpoint := shop.subscribe(t, s, "/paused", "payment.success")
		path := "/api/v1/webhook_endpoints/" + endpoint.ID
		disabled := as[webhooks.Endpoint](t, shop.send(t, http.MethodPatch, path, `{"status":"disabled"}`), http.StatusOK)
		require.Equal(t, "disabled_by_merchant", *disabled.DisabledReason)
		shop.paid(t)
		require.Len(t, shop.log(t, "status=paused"), 1)
		require.Empty(t, s.received("/paused"))
		for range 2 { // enabling what is enabled is no error, and sends nothing twice
			as[webhooks.Endpoint](t, shop.send(t, http.MethodPatch, path, `{"status":"enabled"}`), http.StatusOK)
		}
		eventually(t, func() bool { return len(shop.log(t, "status=delivered")) == 1 }, "it is delivered")
		require.Len(t, s.received("/paused"), 1)
	})

	t.Run("Deleted", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		endpoint := shop.subscribe(t, s, "/deleted", "payment.created")
		path := "/api/v1/webhook_endpoints/" + endpoint.ID
		shop.pay(t, `{"amount":1,"currency":"INR"}`)
		eventually(t, func() bool { return len(shop.log(t, "status=delivered")) == 1 }, "the first is delivered")
		deleted := shop.send(t, http.MethodDelete, path, "")
		require.Equal(t, http.StatusNoContent, deleted.status)
		require.Empty(t, deleted.body)
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			requireProblem(t, shop.send(t, method, path, ""), http.StatusNotFound, fault.NotFound, "")
		}
		requireProblem(t, shop.send(t, http.MethodPatch, path, `{"status":"enabled"}`), http.StatusNotFound, fault.NotFound, "")
		require.Empty(t, as[page.List[webhooks.Endpoint]](t, shop.get(t, "/api/v1/webhook_endpoints"), http.StatusOK).Data)

		// Nothing more is sent, and what was sent can still be read.
		shop.paid(t)
		require.Len(t, shop.log(t, ""), 1)
		require.Len(t, s.received("/deleted"), 1)
		detail := shop.delivery(t, shop.log(t, "endpoint_id="+endpoint.ID)[0].ID)
		require.Len(t, detail.Attempts, 1)
		requireProblem(t, shop.post(t, "/api/v1/webhooks/"+detail.ID+"/retry", ""), http.StatusConflict, fault.EndpointDisabled, "")
	})

	t.Run("ByType", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		shop.subscribe(t, s, "/one", "payment.success")
		shop.subscribe(t, s, "/family", "payment.*", "payment.*", "order.paid")
		shop.subscribe(t, s, "/all")
		shop.subscribe(t, s, "/refunds", "refund.*")
		shop.paid(t)
		eventually(t, func() bool { return len(shop.log(t, "status=delivered")) == 5 }, "all is delivered")
		for path, n := range map[string]int{"/one": 1, "/family": 2, "/all": 2, "/refunds": 0} {
			require.Len(t, s.received(path), n, path)
		}
		endpoints := as[page.List[webhooks.Endpoint]](t, shop.get(t, "/api/v1/webhook_endpoints"), http.StatusOK).Data
		require.Equal(t, []string{"order.paid", "payment.*"}, endpoints[2].EventTypes)
		for _, endpoint := range endpoints {
			require.Empty(t, endpoint.Secret, "it is shown once")
		}
	})

	t.Run("Changed", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		endpoint := shop.subscribe(t, s, "/before")
		path := "/api/v1/webhook_endpoints/" + endpoint.ID
		change := func(body string) webhooks.Endpoint {
			return as[webhooks.Endpoint](t, shop.send(t, http.MethodPatch, path, body), http.StatusOK)
		}
		require.Equal(t, "Orders", *change(`{"description":"Orders"}`).Description)
		require.Equal(t, "Orders", *change(`{}`).Description, "what is absent stays")
		require.Equal(t, "Orders", *change(`{"url":null,"status":null}`).Description)
		require.Nil(t, change(`{"description":null}`).Description)
		moved := change(`{"url":"` + s.url + `/after","event_types":["payment.created"]}`)
		require.Equal(t, []string{"payment.created"}, moved.EventTypes)
		shop.pay(t, `{"amount":1,"currency":"INR"}`)
		s.await(t, "/after", webhooks.PaymentCreated).verify(t, endpoint.Secret)
		require.Empty(t, s.received("/before"))
	})

	t.Run("NothingListens", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		as[webhooks.Endpoint](t, shop.post(t, "/api/v1/webhook_endpoints", `{"url":"http://127.0.0.1:1/","event_types":["payment.created"]}`), http.StatusCreated)
		payment := shop.paid(t)
		require.Equal(t, payments.Success, payment.Status, "a dead endpoint holds up no money")
		eventually(t, func() bool { return len(shop.log(t, "status=exhausted")) == 1 }, "the schedule is used up")
		attempt := shop.delivery(t, shop.log(t, "")[0].ID).Attempts[0]
		require.Equal(t, "connection_refused", *attempt.ErrorClass)
		require.Nil(t, attempt.ResponseCode)
		require.Nil(t, attempt.ResponseBody)
		require.NotContains(t, *attempt.Error, "127.0.0.1")
	})
}
