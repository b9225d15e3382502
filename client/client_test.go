package client

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/client/api"
	"paygate/webhooks/signature"
)

// asked is what a gateway was asked.
type asked struct{ method, uri, key, authorization, body string }

// gateway gives one answer after the other; beyond them it is broken.
func gateway(t *testing.T, answers ...http.HandlerFunc) (*Client, func() []asked) {
	t.Helper()
	var mu sync.Mutex
	var seen []asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		answer := problem(http.StatusInternalServerError, "internal")
		if n := len(seen); n < len(answers) {
			answer = answers[n]
		}
		seen = append(seen, asked{r.Method, r.URL.RequestURI(), r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), string(body)})
		mu.Unlock()
		if err == nil {
			answer(w, r)
		}
	}))
	t.Cleanup(server.Close)
	c, err := New(server.URL, "secret", Options{Pause: time.Nanosecond})
	require.NoError(t, err)
	return c, func() []asked {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func problem(status int, code string) http.HandlerFunc {
	return answer(status, fmt.Sprintf(`{"status":%d,"code":%q,"detail":"It is so.","param":"amount","request_id":"req_1"}`, status, code))
}

// breaksOff promises more than it sends.
func breaksOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "{")
}

func create(t *testing.T, c *Client, key string) (*api.Payment, error) {
	t.Helper()
	amount, currency := int64(1), "INR"
	return c.CreatePayment(t.Context(), key, api.PaymentCreate{Amount: &amount, Currency: &currency})
}

func TestRetries(t *testing.T) {
	t.Parallel()
	c, seen := gateway(t, breaksOff, problem(http.StatusServiceUnavailable, "unavailable"),
		problem(http.StatusConflict, "idempotency_in_progress"), answer(http.StatusCreated, `{"id":"pay_1"}`))

	payment, err := create(t, c, "")
	require.NoError(t, err)
	require.Equal(t, "pay_1", payment.ID)
	all := seen()
	require.Len(t, all, 4)
	require.NotEmpty(t, all[0].key)
	for _, one := range all {
		require.Equal(t, asked{http.MethodPost, "/api/v1/payments", all[0].key, "Bearer secret", `{"amount":1,"currency":"INR"}`}, one)
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	c, seen := gateway(t)

	_, err := create(t, c, "mine")
	refused, ok := AsError(err)
	require.True(t, ok)
	require.Equal(t, "internal", refused.Code)
	require.Len(t, seen(), 4)
	require.Equal(t, "mine", seen()[3].key)
}

func TestWhatIsNotRepeated(t *testing.T) {
	t.Parallel()

	t.Run("a refusal", func(t *testing.T) {
		t.Parallel()
		c, seen := gateway(t, problem(http.StatusUnprocessableEntity, "refund_exceeds_available"))
		_, err := c.Refund(t.Context(), "", api.RefundCreate{})
		refused, ok := AsError(err)
		require.True(t, ok)
		require.Equal(t, Error{Status: 422, Code: "refund_exceeds_available", Detail: "It is so.", Param: "amount", RequestID: "req_1"}, *refused)
		require.Len(t, seen(), 1)
	})

	t.Run("a POST without a key", func(t *testing.T) {
		t.Parallel()
		c, seen := gateway(t)
		_, err := c.API.CreateOrderWithResponse(t.Context(), nil, api.OrderCreate{})
		require.Error(t, err)
		require.Len(t, seen(), 1)
	})

	t.Run("another's answer", func(t *testing.T) {
		t.Parallel()
		c, _ := gateway(t, answer(http.StatusForbidden, "<html>"))
		_, err := c.Balance(t.Context())
		refused, ok := AsError(err)
		require.True(t, ok)
		require.Equal(t, 403, refused.Status)
		require.Empty(t, refused.Code)
	})
}

func TestRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()

	require.Equal(t, 7*time.Second, pauseAfter(&Error{RetryAfter: 7 * time.Second}, time.Second))
	require.Equal(t, longestPause, pauseAfter(&Error{RetryAfter: time.Hour}, time.Second))
	for range 100 {
		require.InDelta(t, 0.75, pauseAfter(io.ErrUnexpectedEOF, time.Second).Seconds(), 0.25)
	}
	require.Equal(t, 3*time.Second, retryAfter(http.Header{"Retry-After": {"3"}}))
	require.Zero(t, retryAfter(http.Header{"Retry-After": {"-3"}}))
	require.Zero(t, retryAfter(http.Header{"Retry-After": {"soon"}}))
}

func TestLists(t *testing.T) {
	t.Parallel()
	c, seen := gateway(t,
		answer(http.StatusOK, `{"data":[{"id":"pay_3"},{"id":"pay_2"}],"has_more":true}`),
		answer(http.StatusOK, `{"data":[{"id":"pay_1"}],"has_more":false}`),
		answer(http.StatusOK, `{"data":[{"id":"evt_2"},{"id":"evt_1"}],"has_more":true}`),
		answer(http.StatusUnauthorized, `{"status":401,"code":"credentials_invalid"}`))

	status := api.PaymentStatus("success")
	params := &api.ListPaymentsParams{Status: &status}
	var ids []string
	for payment, err := range c.Payments(t.Context(), params) {
		require.NoError(t, err)
		ids = append(ids, payment.ID)
	}
	require.Equal(t, []string{"pay_3", "pay_2", "pay_1"}, ids)
	require.Equal(t, "/api/v1/payments?status=success", seen()[0].uri)
	require.Equal(t, "/api/v1/payments?starting_after=pay_2&status=success", seen()[1].uri)
	require.Nil(t, params.StartingAfter, "the caller's own are left alone")

	for event, err := range c.Events(t.Context(), nil) {
		require.NoError(t, err)
		require.Equal(t, "evt_2", event.ID)
		break
	}
	require.Len(t, seen(), 3, "no page is asked for in vain")

	for _, err := range c.Refunds(t.Context(), nil) {
		require.ErrorContains(t, err, "credentials_invalid")
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	secret, body := signature.GenerateSecret(), []byte(`{"id":"evt_1","type":"payment.success","data":{"payment":{"id":"pay_1"}}}`)
	header := http.Header{}
	require.NoError(t, signature.Sign(header, "evt_1", time.Now(), body, secret))

	old := signature.GenerateSecret()
	webhooks, err := NewWebhooks(old.Reveal(), secret.Reveal())
	require.NoError(t, err)
	event, err := webhooks.Verify(header, body)
	require.NoError(t, err)
	require.Equal(t, "evt_1", event.ID)
	data, err := event.Data.AsPaymentData()
	require.NoError(t, err)
	require.Equal(t, "pay_1", data.Payment.ID)

	_, err = webhooks.Verify(header, append(body, ' '))
	require.ErrorIs(t, err, signature.ErrNoMatch)
	_, err = NewWebhooks("whsec_")
	require.Error(t, err)
}
