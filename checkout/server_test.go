package checkout_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/checkout"
	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/db/dbtest"
	"paygate/idempotency"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/merchants"
	"paygate/payments"
	"paygate/processor"
)

const shopOrigin = "https://shop.example"

// testBundle is a checkout, two merchants, and nobody who works on payments but the test itself.
type testBundle struct {
	pool        *pgxpool.Pool
	payments    *payments.Service
	storefronts *merchants.Storefronts
	server      *checkout.Server

	mine, other       uuid.UUID
	myOrder, hisOrder string
}

const (
	myKey  = "key_test_mine"
	hisKey = "key_test_his"
)

func setup(t *testing.T) *testBundle {
	t.Helper()
	ctx, logger := t.Context(), slog.New(slog.DiscardHandler)
	b := &testBundle{pool: dbtest.Pool(t), mine: uuid.New(), other: uuid.New()}
	keys := keyring.Development()
	queue, err := jobs.NewInserter(b.pool, logger)
	require.NoError(t, err)
	bank, err := processor.NewSimulator(b.pool, processor.Config{
		Logger: logger, Notify: func(ctx context.Context, reference string) error { return b.payments.Resume(ctx, reference) },
	})
	require.NoError(t, err)
	b.payments = payments.New(payments.Options{DB: b.pool, Acquirer: bank, Queue: queue, Now: time.Now})
	fingerprints, err := idempotency.LoadFingerprinter(ctx, b.pool, keys)
	require.NoError(t, err)
	b.storefronts = &merchants.Storefronts{DB: b.pool, Keyring: keys, Now: time.Now}
	b.server = checkout.New(checkout.Options{
		DB: b.pool, Payments: b.payments, Keys: &merchants.Keys{DB: b.pool, Now: time.Now}, Storefronts: b.storefronts,
		Fingerprints: fingerprints, Logger: logger, Actions: bank,
	})
	t.Cleanup(func() {
		b.server.Close()
		require.NoError(t, b.payments.Close(context.WithoutCancel(ctx)))
		require.NoError(t, bank.Close(context.WithoutCancel(ctx)))
	})
	for id, key := range map[uuid.UUID]string{b.mine: myKey, b.other: hisKey} {
		require.NoError(t, dbsqlc.New().MerchantUpsert(ctx, b.pool, &dbsqlc.MerchantUpsertParams{ID: id, Name: "Shop " + key, Email: key + "@example.com", CreatedAt: time.Now()}))
		require.NoError(t, dbsqlc.New().APIKeyUpsert(ctx, b.pool, &dbsqlc.APIKeyUpsertParams{
			ID: key, MerchantID: id, SecretHash: merchants.HashSecret("secret of " + key), CreatedAt: time.Now(),
		}))
	}
	b.myOrder, b.hisOrder = b.order(t, b.mine), b.order(t, b.other)
	require.NoError(t, b.storefronts.AddOrigin(ctx, b.mine, shopOrigin))
	return b
}

func (b *testBundle) order(t *testing.T, merchant uuid.UUID) string {
	t.Helper()
	var order *payments.Order
	require.NoError(t, db.InTx(t.Context(), b.pool, func(tx pgx.Tx) (err error) {
		order, err = b.payments.CreateOrder(t.Context(), tx, payments.OrderParams{MerchantID: merchant, Amount: 50000, Currency: "INR"})
		return err
	}))
	return order.ID
}

// do sends a request; headers come in pairs.
func (b *testBundle) do(t *testing.T, method, path, body string, headers ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, "http://pay.example"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	b.server.ServeHTTP(recorder, request)
	response := recorder.Result()
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// pay sends the page's request to pay under an attempt.
func (b *testBundle) pay(t *testing.T, order, key, attempt, body string, headers ...string) (int, map[string]any) {
	t.Helper()
	response := b.do(t, http.MethodPost, "/pay/"+order+"/payments", body, append([]string{
		"X-Api-Key", key, "Idempotency-Key", attempt, "Content-Type", "application/json",
	}, headers...)...)
	return response.StatusCode, object(t, response)
}

func (b *testBundle) attempt(t *testing.T, order, key, attempt, query string) (int, map[string]any) {
	t.Helper()
	response := b.do(t, http.MethodGet, "/pay/"+order+"/payments/"+attempt+query, "", "X-Api-Key", key)
	return response.StatusCode, object(t, response)
}

func object(t *testing.T, response *http.Response) map[string]any {
	t.Helper()
	var value map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&value))
	return value
}

const payByUPI = `{"method":"upi","vpa":"someone@upi"}`

func TestScript(t *testing.T) {
	t.Parallel()
	b := setup(t)

	t.Run("Stable", func(t *testing.T) {
		t.Parallel()
		response := b.do(t, http.MethodGet, "/checkout.js", "", "Accept-Encoding", "gzip", "Origin", "https://anybody.example")
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.Equal(t, "*", response.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "cross-origin", response.Header.Get("Cross-Origin-Resource-Policy"))
		require.Contains(t, response.Header.Get("Cache-Control"), "max-age=300")
		require.Equal(t, "gzip", response.Header.Get("Content-Encoding"))
		packed, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.LessOrEqual(t, len(packed), 6<<10)
		reader, err := gzip.NewReader(strings.NewReader(string(packed)))
		require.NoError(t, err)
		text, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.Contains(t, string(text), "PaymentGateway")

		again := b.do(t, http.MethodGet, "/checkout.js", "", "If-None-Match", response.Header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, again.StatusCode)
	})

	t.Run("Immutable", func(t *testing.T) {
		t.Parallel()
		response := b.do(t, http.MethodGet, "/pay/"+b.myOrder+"?key="+myKey, "")
		page, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		asset := regexp.MustCompile(`/assets/pay\.[0-9a-f]{12}\.js`).FindString(string(page))
		require.NotEmpty(t, asset)
		require.Contains(t, b.do(t, http.MethodGet, asset, "").Header.Get("Cache-Control"), "immutable")
	})
}

func TestPageFraming(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		query     string
		status    int
		ancestors string
	}{
		"Alone":           {"", http.StatusOK, "frame-ancestors 'none';"},
		"Registered":      {"&embedded=1&origin=" + url.QueryEscape(shopOrigin), http.StatusOK, "frame-ancestors " + shopOrigin + ";"},
		"OtherSite":       {"&embedded=1&origin=" + url.QueryEscape("https://evil.example"), http.StatusForbidden, "frame-ancestors *;"},
		"NoOrigin":        {"&embedded=1", http.StatusForbidden, "frame-ancestors *;"},
		"LoopbackNotDev":  {"&embedded=1&origin=" + url.QueryEscape("http://localhost:5000"), http.StatusForbidden, "frame-ancestors *;"},
		"InjectedPolicy":  {"&embedded=1&origin=" + url.QueryEscape("https://a.example; script-src *"), http.StatusForbidden, "frame-ancestors *;"},
		"OriginWithPath":  {"&embedded=1&origin=" + url.QueryEscape(shopOrigin+"/x"), http.StatusForbidden, "frame-ancestors *;"},
		"OriginLookalike": {"&embedded=1&origin=" + url.QueryEscape("https://shop.example.evil.example"), http.StatusForbidden, "frame-ancestors *;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := b.do(t, http.MethodGet, "/pay/"+b.myOrder+"?key="+myKey+test.query, "")
			require.Equal(t, test.status, response.StatusCode)
			policy := response.Header.Get("Content-Security-Policy")
			require.Contains(t, policy, test.ancestors)
			require.Contains(t, policy, "default-src 'none'; script-src 'self'; style-src 'self'")
			require.NotContains(t, policy, "unsafe")
			require.NotContains(t, policy, "script-src *")
			require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
			require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
			require.Equal(t, "no-referrer", response.Header.Get("Referrer-Policy"))
			page, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NotContains(t, string(page), "style=")
			require.NotRegexp(t, `<script>|<script type="module">| on[a-z]+=`, string(page))
			require.Equal(t, test.status == http.StatusOK, strings.Contains(string(page), b.myOrder), "an error page shows nothing of the order")
		})
	}
}

func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	status, paid := b.pay(t, b.myOrder, myKey, "my-attempt", payByUPI)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "pending", paid["status"])

	for _, order := range []string{b.hisOrder, "order_nothing", "pay_x", "order_%00", "order_x'--", "order_" + strings.Repeat("a", 200)} {
		require.Equal(t, http.StatusNotFound, b.do(t, http.MethodGet, "/pay/"+order+"?key="+myKey, "").StatusCode, order)
		require.Equal(t, http.StatusNotFound, b.do(t, http.MethodGet, "/pay/"+order+"/state", "", "X-Api-Key", myKey).StatusCode, order)
		status, _ := b.pay(t, order, myKey, "another", payByUPI)
		require.Equal(t, http.StatusNotFound, status, order)
		status, _ = b.attempt(t, order, myKey, "my-attempt", "")
		require.Equal(t, http.StatusNotFound, status, order)
	}
	// His key with my attempt, on either order; and my key with an attempt that is none.
	for _, try := range [][3]string{{b.hisOrder, hisKey, "my-attempt"}, {b.myOrder, hisKey, "my-attempt"}, {b.myOrder, myKey, "forged"}, {b.myOrder, myKey, paid["payment_id"].(string)}} {
		status, _ := b.attempt(t, try[0], try[1], try[2], "")
		require.Equal(t, http.StatusNotFound, status, try)
	}
	for _, key := range []string{"", "key_none", "secret of key_test_mine"} {
		status, _ := b.attempt(t, b.myOrder, key, "my-attempt", "")
		require.Equal(t, http.StatusUnauthorized, status)
	}

	state := object(t, b.do(t, http.MethodGet, "/pay/"+b.myOrder+"/state", "", "X-Api-Key", myKey))
	require.ElementsMatch(t, []string{"id", "amount", "currency", "exponent", "status", "payable"}, keysOf(state), "the public part and no more")
}

func keysOf(value map[string]any) []string {
	var keys []string
	for key := range value {
		keys = append(keys, key)
	}
	return keys
}

func TestPayingOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, first := b.pay(t, b.myOrder, myKey, "a", payByUPI)
	status, again := b.pay(t, b.myOrder, myKey, "a", payByUPI)
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, first, again)
	status, problem := b.pay(t, b.myOrder, myKey, "a", `{"method":"upi","vpa":"other@upi"}`)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, "idempotency_key_reused", problem["code"])
	status, problem = b.pay(t, b.myOrder, myKey, "b", payByUPI)
	require.Equal(t, http.StatusConflict, status)
	require.Equal(t, "order_payment_in_progress", problem["code"])
	status, problem = b.pay(t, b.myOrder, myKey, "", payByUPI)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, "Idempotency-Key", problem["param"])
	for body, code := range map[string]string{
		`{"method":"upi","vpa":"x@upi","amount":1}`:                                                       "unknown_field",
		`{"method":"card","card":{"number":"4242424242424241","exp_month":12,"exp_year":40,"cvc":"123"}}`: "invalid_card",
		`{"vpa":"x@upi"}`: "missing_field",
		`{`:               "malformed_json",
	} {
		_, problem = b.pay(t, b.myOrder, myKey, "c", body)
		require.Equal(t, code, problem["code"], body)
		require.NotContains(t, problem["detail"], "4242")
	}
}

func TestOtherSitesCannotPay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		status, problem := b.pay(t, b.myOrder, myKey, "a", payByUPI, headers...)
		require.Equal(t, http.StatusForbidden, status, headers)
		require.Equal(t, "forbidden", problem["code"])
	}
	status, _ := b.pay(t, b.myOrder, myKey, "a", payByUPI, "Sec-Fetch-Site", "same-origin", "Origin", "http://pay.example")
	require.Equal(t, http.StatusCreated, status)
	require.Empty(t, b.do(t, http.MethodOptions, "/pay/"+b.myOrder+"/payments", "", "Origin", shopOrigin).Header.Get("Access-Control-Allow-Origin"))
}

func TestNews(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, paid := b.pay(t, b.myOrder, myKey, "a", payByUPI)
	require.Nil(t, paid["signature"])
	query := "?after=" + url.QueryEscape(paid["updated_at"].(string))
	answered := make(chan map[string]any, 1)
	go func() {
		_, now := b.attempt(t, b.myOrder, myKey, "a", query)
		answered <- now
	}()
	select {
	case <-answered:
		require.Fail(t, "the question was answered without news")
	case <-time.After(300 * time.Millisecond):
	}
	require.NoError(t, b.payments.Process(t.Context(), paid["payment_id"].(string)))
	<-answered // processing or success, whichever was seen first
	_, now := b.attempt(t, b.myOrder, myKey, "a", "")
	require.Equal(t, "success", now["status"])
	secret, err := b.storefronts.CheckoutSecret(t.Context(), b.mine)
	require.NoError(t, err)
	require.Equal(t, merchants.SignCheckout(secret, b.myOrder, paid["payment_id"].(string)), now["signature"])
	state := object(t, b.do(t, http.MethodGet, "/pay/"+b.myOrder+"/state", "", "X-Api-Key", myKey))
	require.Equal(t, false, state["payable"])
}

func TestApproval(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, paid := b.pay(t, b.myOrder, myKey, "a", `{"method":"netbanking","bank":"REDIRECT"}`)
	id := paid["payment_id"].(string)
	require.NoError(t, b.payments.Process(t.Context(), id))
	_, now := b.attempt(t, b.myOrder, myKey, "a", "")
	require.Equal(t, "requires_action", now["status"])
	path := now["action_url"].(string)
	require.Equal(t, checkout.ActionPath+id, path)

	response := b.do(t, http.MethodGet, path, "")
	page, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(page), "INR 500.00")
	require.Contains(t, response.Header.Get("Content-Security-Policy"), "frame-ancestors 'self' "+shopOrigin)
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	require.Equal(t, http.StatusForbidden, b.do(t, http.MethodPost, path, "decision=approve", append(form, "Sec-Fetch-Site", "cross-site")...).StatusCode)
	require.Equal(t, http.StatusBadRequest, b.do(t, http.MethodPost, path, "decision=maybe", form...).StatusCode)
	require.Equal(t, http.StatusOK, b.do(t, http.MethodPost, path, "decision=approve", form...).StatusCode)
	require.NoError(t, b.payments.Process(t.Context(), id))
	_, now = b.attempt(t, b.myOrder, myKey, "a", "")
	require.Equal(t, "success", now["status"])
	require.Equal(t, http.StatusNotFound, b.do(t, http.MethodGet, checkout.ActionPath+"pay_nothing", "").StatusCode)
}

func TestCloseEndsWaiting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, paid := b.pay(t, b.myOrder, myKey, "a", payByUPI)
	query := "?after=" + url.QueryEscape(paid["updated_at"].(string))
	answered := make(chan int, 1)
	go func() {
		status, _ := b.attempt(t, b.myOrder, myKey, "a", query)
		answered <- status
	}()
	b.server.Close()
	require.Equal(t, http.StatusOK, <-answered)
}

// Whoever has the public key and an order can try cards, but not many.
func TestCardTesting(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const declined = `{"method":"upi","vpa":"failure@upi"}`
	var first map[string]any
	for i := range 20 {
		status, made := b.pay(t, b.myOrder, myKey, fmt.Sprintf("attempt-%d", i), declined)
		require.Equal(t, http.StatusCreated, status, made)
		require.NoError(t, b.payments.Process(t.Context(), made["payment_id"].(string)))
		if i == 0 {
			first = made
		}
	}
	status, problem := b.pay(t, b.myOrder, myKey, "one-more", payByUPI)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "rate_limited", problem["code"])

	status, again := b.pay(t, b.myOrder, myKey, "attempt-0", declined)
	require.Equal(t, http.StatusCreated, status, "what arrived before gets its answer")
	require.Equal(t, first, again)
	status, _ = b.pay(t, b.order(t, b.mine), myKey, "another-order", payByUPI)
	require.Equal(t, http.StatusCreated, status)
}

// A new secret signs from its time on, the one before until then, and the newest of two that are announced is meant.
func TestCheckoutSecretRotation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	clock := time.Now()
	storefronts := &merchants.Storefronts{DB: b.pool, Keyring: keyring.Development(), Now: func() time.Time { return clock }}
	signs := func(secret string) {
		t.Helper()
		signature, err := storefronts.Sign(t.Context(), b.mine, "order_1", "pay_1")
		require.NoError(t, err)
		require.Equal(t, merchants.SignCheckout(secret, "order_1", "pay_1"), signature)
	}
	first, err := storefronts.CheckoutSecret(t.Context(), b.mine)
	require.NoError(t, err)
	given, err := storefronts.RotateCheckoutSecret(t.Context(), b.mine, clock.Add(time.Hour))
	require.NoError(t, err)
	second, err := storefronts.RotateCheckoutSecret(t.Context(), b.mine, clock.Add(2*time.Hour))
	require.NoError(t, err)
	require.NotEqual(t, given, second)
	clock = clock.Add(90 * time.Minute)
	signs(first)
	clock = clock.Add(time.Hour)
	signs(second)
	third, err := storefronts.RotateCheckoutSecret(t.Context(), b.mine, clock.Add(time.Hour))
	require.NoError(t, err)
	signs(second)
	clock = clock.Add(time.Hour)
	signs(third)
	theirs, err := storefronts.RotateCheckoutSecret(t.Context(), b.other, clock)
	require.NoError(t, err, "one who had none")
	require.NotEqual(t, third, theirs)
	signs(third)
}

func TestBranding(t *testing.T) {
	t.Parallel()
	b := setup(t)
	page := func(query string) (string, *http.Response) {
		response := b.do(t, http.MethodGet, "/pay/"+b.myOrder+"?key="+myKey+query, "")
		require.Equal(t, http.StatusOK, response.StatusCode)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return string(text), response
	}
	plain, _ := page("")
	require.Contains(t, plain, `"merchant":"Shop key_test_mine"`)
	require.Contains(t, plain, `"accent":"","logo":""`)

	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, image.NewGray(image.Rect(0, 0, 8, 8))))
	require.NoError(t, b.storefronts.SetBranding(t.Context(), b.mine, "Asha & Sons </script>", "#AA0011"))
	require.NoError(t, b.storefronts.SetLogo(t.Context(), b.mine, file.Bytes()))
	branded, _ := page("")
	require.Contains(t, branded, `"accent":"#aa0011"`)
	require.NotContains(t, branded, "Sons </script>")
	require.Contains(t, branded, "<title>Asha &amp; Sons &lt;/script&gt;</title>")
	asked, _ := page("&accent=00ff00")
	require.Contains(t, asked, `"accent":"00ff00"`, "what the shop's script asks for comes first")

	_, rest, found := strings.Cut(branded, `"logo":"`)
	require.True(t, found)
	path, _, _ := strings.Cut(rest, `"`)
	logo := b.do(t, http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, logo.StatusCode)
	require.Equal(t, "image/png", logo.Header.Get("Content-Type"))
	require.Equal(t, "nosniff", logo.Header.Get("X-Content-Type-Options"))
	require.Contains(t, logo.Header.Get("Cache-Control"), "immutable")
	served, err := io.ReadAll(logo.Body)
	require.NoError(t, err)
	require.Equal(t, file.Bytes(), served)
	for _, other := range []string{"/logo/", "/logo/x", "/logo/" + strings.Repeat("0", 64)} {
		require.Equal(t, http.StatusNotFound, b.do(t, http.MethodGet, other, "").StatusCode, other)
	}

	response := b.do(t, http.MethodGet, "/pay/"+b.hisOrder+"?key="+hisKey, "")
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), `"accent":"","logo":""`, "another merchant's page is as it was")
	require.NoError(t, b.storefronts.SetLogo(t.Context(), b.mine, nil))
	require.Equal(t, http.StatusNotFound, b.do(t, http.MethodGet, path, "").StatusCode)
}
