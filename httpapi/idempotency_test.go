package httpapi_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/page"
	"paygate/payments"
	"paygate/webhooks"
)

func TestIdempotency(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	const path, body = "/api/v1/payments", `{"amount":50000,"currency":"INR"}`
	count := func(t *testing.T, c *caller) int {
		t.Helper()
		return len(as[page.List[payments.Payment]](t, c.get(t, path+"?limit=100"), http.StatusOK).Data)
	}

	t.Run("ReplayOnEveryPOST", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		endpoint := shop.subscribe(t, s, "/replay", "payment.created")
		beside := shop.subscribe(t, s, "/beside", "order.paid")
		paid := shop.paid(t)
		held := func() string {
			return shop.settled(t, shop.pay(t, `{"amount":50000,"currency":"INR","capture":"manual"}`).ID, payments.Authorized).ID
		}
		delivery := shop.log(t, "endpoint_id="+endpoint.ID)[0]
		requests := map[string]struct{ path, body string }{
			"POST /api/v1/orders":               {"/api/v1/orders", body},
			"POST /api/v1/payments":             {path, `{"amount":1,"currency":"INR","method":"card","card":{"number":"4242424242424242","exp_month":1,"exp_year":2049,"cvc":"123"}}`},
			"POST /api/v1/payments/:id/capture": {"/api/v1/payments/" + held() + "/capture", ""},
			"POST /api/v1/payments/:id/cancel":  {"/api/v1/payments/" + held() + "/cancel", ""},
			"POST /api/v1/payments/:id/refunds": {"/api/v1/payments/" + paid.ID + "/refunds", `{"amount":1}`},
			"POST /api/v1/refunds":              {"/api/v1/refunds", `{"paymentId":"` + paid.ID + `","amount":2}`},
			"POST /api/v1/webhook_endpoints":    {"/api/v1/webhook_endpoints", `{"url":"` + s.url + `/x"}`},
			"POST /api/v1/webhooks/:id/retry":   {"/api/v1/webhooks/" + delivery.ID + "/retry", ""},
			"POST /api/v1/webhooks/retry":       {"/api/v1/webhooks/retry", `{"endpoint_id":"` + beside.ID + `"}`},

			"POST /api/v1/webhook_endpoints/:id/enable":        {"/api/v1/webhook_endpoints/" + beside.ID + "/enable", ""},
			"POST /api/v1/webhook_endpoints/:id/test":          {"/api/v1/webhook_endpoints/" + beside.ID + "/test", ""},
			"POST /api/v1/webhook_endpoints/:id/rotate_secret": {"/api/v1/webhook_endpoints/" + beside.ID + "/rotate_secret", ""},
			"POST /api/v1/webhook_endpoints/:id/replay":        {"/api/v1/webhook_endpoints/" + beside.ID + "/replay", ""},
		}
		for _, route := range a.routes {
			if !strings.HasPrefix(route, "POST ") {
				continue
			}
			require.Contains(t, requests, route, "this route needs a request to repeat")
			request := requests[route]
			key := []string{"Idempotency-Key", uuid.NewString()}
			first := shop.post(t, request.path, request.body, key...)
			require.Less(t, first.status, 300, "%s: %s", route, first.body)
			require.Empty(t, first.header.Get("Idempotent-Replayed"))
			for range 2 {
				again := shop.post(t, request.path, request.body, key...)
				require.Equal(t, first.status, again.status, route)
				require.Equal(t, string(first.body), string(again.body), route)
				require.Equal(t, "true", again.header.Get("Idempotent-Replayed"), route)
			}
			other := request.body + " "
			if request.body == "" {
				other = "{}"
			}
			requireProblem(t, shop.post(t, request.path, other, key...), http.StatusUnprocessableEntity, fault.IdempotencyReused, "")
		}
		// One of each, whatever was sent how often.
		require.Len(t, as[page.List[payments.Refund]](t, shop.get(t, "/api/v1/refunds"), http.StatusOK).Data, 2)
		require.Len(t, as[page.List[webhooks.Endpoint]](t, shop.get(t, "/api/v1/webhook_endpoints"), http.StatusOK).Data, 3)
		require.Len(t, as[page.List[payments.Order]](t, shop.get(t, "/api/v1/orders"), http.StatusOK).Data, 1)
		require.Equal(t, 4, count(t, shop))
		eventually(t, func() bool { return shop.delivery(t, delivery.ID).AttemptCount == 2 }, "one resend")
	})

	t.Run("QuotedIsBare", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		first := shop.post(t, path, body, "Idempotency-Key", `a "b" \c`)
		require.Equal(t, http.StatusCreated, first.status)
		again := shop.post(t, path, body, "Idempotency-Key", `"a \"b\" \\c"`)
		require.Equal(t, string(first.body), string(again.body))
		require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
		longest := strings.Repeat(`\"`, 255)
		require.Equal(t, http.StatusCreated, shop.post(t, path, body, "Idempotency-Key", `"`+longest+`"`).status)
		require.Equal(t, 2, count(t, shop))
	})

	t.Run("BelongsToMerchantAndRoute", func(t *testing.T) {
		t.Parallel()

		one, two := a.newCaller(t), a.newCaller(t)
		key := []string{"Idempotency-Key", uuid.NewString()}
		require.Equal(t, http.StatusCreated, one.post(t, path, body, key...).status)
		for _, answer := range []answer{two.post(t, path, body, key...), one.post(t, "/api/v1/orders", body, key...)} {
			require.Equal(t, http.StatusCreated, answer.status)
			require.Empty(t, answer.header.Get("Idempotent-Replayed"))
		}
		require.Equal(t, 1, count(t, one))
		require.Equal(t, 1, count(t, two))
	})

	t.Run("AnotherRecordIsAnotherRequest", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		one, two := shop.paid(t), shop.paid(t)
		key := []string{"Idempotency-Key", uuid.NewString()}
		require.Equal(t, http.StatusCreated, shop.post(t, path+"/"+one.ID+"/refunds", "", key...).status)
		requireProblem(t, shop.post(t, path+"/"+two.ID+"/refunds", "", key...), http.StatusUnprocessableEntity, fault.IdempotencyReused, "")
	})

	t.Run("ABadRequestIsNotRemembered", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		key := []string{"Idempotency-Key", uuid.NewString()}
		for _, route := range []string{path, "/api/v1/orders"} {
			requireProblem(t, shop.post(t, route, `{"amount":0,"currency":"INR"}`, key...), http.StatusBadRequest, fault.InvalidAmount, "amount")
			require.Equal(t, http.StatusCreated, shop.post(t, route, body, key...).status)
		}
		requireProblem(t, a.send(t, http.MethodPost, path, body, key...), http.StatusUnauthorized, fault.CredentialsMissing, "")
	})

	t.Run("ARefusalIsRemembered", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		order := as[payments.Order](t, shop.post(t, "/api/v1/orders", body), http.StatusCreated)
		pay := `{"order_id":"` + order.ID + `"`
		held := shop.settled(t, shop.pay(t, pay+`,"capture":"manual"}`).ID, payments.Authorized)
		key := []string{"Idempotency-Key", uuid.NewString()}
		first := shop.post(t, path, pay+`}`, key...)
		requireProblem(t, first, http.StatusConflict, fault.OrderBusy, "order_id")
		as[payments.Payment](t, shop.post(t, path+"/"+held.ID+"/cancel", ""), http.StatusOK)
		require.Equal(t, payments.Canceled, shop.moved(t, held.ID, payments.Authorized).Status)
		again := shop.post(t, path, pay+`}`, key...)
		require.Equal(t, string(first.body), string(again.body))
		require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
		require.NotEqual(t, first.header.Get("X-Request-Id"), again.header.Get("X-Request-Id"))
		require.Equal(t, http.StatusCreated, shop.post(t, path, pay+`}`, "Idempotency-Key", uuid.NewString()).status)
	})

	t.Run("AtOnce", func(t *testing.T) {
		t.Parallel()

		for name, request := range map[string]struct{ path, body string }{
			"Payments": {path, body}, // gathered into shared transactions
			"Orders":   {"/api/v1/orders", body},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()

				shop := a.newCaller(t)
				key := []string{"Idempotency-Key", uuid.NewString()}
				answers := make([]answer, 50)
				var requests sync.WaitGroup
				for i := range answers {
					requests.Go(func() { answers[i] = shop.post(t, request.path, request.body, key...) })
				}
				requests.Wait()
				var made *answer
				for i := range answers {
					switch got := &answers[i]; got.status {
					case http.StatusCreated:
						if made != nil {
							require.Equal(t, string(made.body), string(got.body))
						}
						made = got
					default:
						requireProblem(t, *got, http.StatusConflict, fault.IdempotencyRunning, "")
						require.Equal(t, "1", got.header.Get("Retry-After"))
					}
				}
				require.NotNil(t, made)
				require.Len(t, as[page.List[map[string]any]](t, shop.get(t, request.path), http.StatusOK).Data, 1)
				require.Equal(t, string(made.body), string(shop.post(t, request.path, request.body, key...).body))
			})
		}
	})

	t.Run("DifferentBodiesAtOnce", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		key := []string{"Idempotency-Key", uuid.NewString()}
		statuses := make([]int, 20)
		var requests sync.WaitGroup
		for i := range statuses {
			requests.Go(func() { statuses[i] = shop.post(t, path, body+strings.Repeat(" ", i), key...).status })
		}
		requests.Wait()
		made := 0
		for _, status := range statuses {
			require.Contains(t, []int{http.StatusCreated, http.StatusConflict, http.StatusUnprocessableEntity}, status)
			if status == http.StatusCreated {
				made++
			}
		}
		require.Equal(t, 1, made)
		require.Equal(t, 1, count(t, shop))
	})

	t.Run("WithoutAKeyEachIsNew", func(t *testing.T) {
		t.Parallel()

		shop := a.newCaller(t)
		for range 2 {
			require.Empty(t, shop.post(t, path, body).header.Get("Idempotent-Replayed"))
		}
		require.Equal(t, 2, count(t, shop))
	})
}

// TestIdempotency_CallerLeaves hangs up while the answer is being made. It is remembered all the same, and
// says of itself what it would have said: other requests have come and gone in the meantime.
func TestIdempotency_CallerLeaves(t *testing.T) {
	t.Parallel()

	var book logBook
	a := newAPI(t, setup{logger: slog.New(slog.NewJSONHandler(&book, nil))})
	const path = "/api/v1/payments"
	order := as[payments.Order](t, a.shop.post(t, "/api/v1/orders", `{"amount":50000,"currency":"INR"}`), http.StatusCreated)
	body := `{"order_id":"` + order.ID + `"}`
	a.shop.pay(t, body)

	lock, err := a.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), "SELECT 1 FROM orders FOR UPDATE")
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url+path, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range map[string]string{
		"Authorization": "Bearer " + a.shop.secret, "Content-Type": "application/json", "Idempotency-Key": "k", "X-Request-Id": "first",
	} {
		request.Header.Set(name, value)
	}
	var caller sync.WaitGroup
	caller.Go(func() {
		response, err := a.transport.RoundTrip(request)
		if err == nil {
			err = response.Body.Close()
		}
		require.ErrorIs(t, err, context.Canceled)
	})
	eventually(t, func() bool {
		var waiting bool
		require.NoError(t, a.pool.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").Scan(&waiting))
		return waiting
	}, "the transaction waits for the order")
	leave()
	caller.Wait()
	eventually(t, func() bool { return len(book.lines(`"request_id":"first"`)) == 1 }, "its request has ended")
	require.Contains(t, book.lines(`"request_id":"first"`)[0], `"level":"INFO"`, "nobody has to be woken for that")
	for range 50 {
		a.shop.get(t, "/api/v1/orders")
	}
	require.NoError(t, lock.Rollback(t.Context()))

	eventually(t, func() bool {
		return a.shop.post(t, path, body, "Idempotency-Key", "k").header.Get("Idempotent-Replayed") != ""
	}, "the answer is remembered")
	remembered := a.shop.post(t, path, body, "Idempotency-Key", "k")
	require.Equal(t, "first", requireProblem(t, remembered, http.StatusConflict, fault.OrderBusy, "order_id").RequestID)
}
