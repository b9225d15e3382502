package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/page"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

// lockedBuffer takes a log that many goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// The numbers of cards pay, fail, are refused, repeated and garbled, through the real API with everything
// behind it. Then nothing that is kept or said holds one: no column of any table of any schema (jobs and
// their errors, events, remembered answers, the acquirer's books), no log down to the last detail, nothing in
// Redis, and no answer.
func TestNumbersOfCardsAreNowhere(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	a := newAPI(t, setup{workers: true, logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))})
	var said bytes.Buffer
	ask := func(body string, header ...string) answer {
		got := a.shop.post(t, "/api/v1/payments", body, header...)
		fmt.Fprintln(&said, got.header, string(got.body))
		return got
	}

	numbers := []string{"4242424242424241", "4929939187355598", "1234567812345670"} // one mistyped, one ordinary, one of no brand
	var ids []string
	for i, instrument := range processor.TestInstruments() {
		if instrument.Method != processor.MethodCard {
			continue
		}
		numbers = append(numbers, instrument.Value)
		body := cardPayment(instrument.Value, 2)
		key := fmt.Sprintf("key-%d", i)
		got := as[payments.Payment](t, ask(body, "Idempotency-Key", key), http.StatusCreated)
		ids = append(ids, got.ID)
		require.Equal(t, http.StatusCreated, ask(body, "Idempotency-Key", key).status)
	}
	for i, number := range numbers {
		key := fmt.Sprintf("bad-%d", i)
		ask(cardPayment(number, -1), "Idempotency-Key", key)                                          // expired
		ask(cardPayment(number, 2), "Idempotency-Key", key)                                           // another body
		ask(cardPayment(number[:4]+" "+number[4:], 2))                                                // as people write it
		ask(strings.Replace(cardPayment(number, 2), `"123"`, `"12"`, 1))                              // a short code
		ask(strings.Replace(cardPayment(number, 2), `"`+number+`"`, number, 1))                       // no string
		ask(strings.Replace(cardPayment(number, 2), `{"amount"`, `{"pan":"`+number+`","amount"`, 1))  // an unknown field
		ask(cardPayment(number, 2)[:60])                                                              // cut off
		ask(strings.Replace(cardPayment(number, 2), `"card":{`, `"card":{"number":"`+number+`",`, 1)) // twice
		got := a.send(t, http.MethodPost, "/api/v1/payments", cardPayment(number, 2), "Authorization", "Bearer secret_test_wrong")
		require.Equal(t, http.StatusUnauthorized, got.status)
	}
	a.acquirer.SetDown(true)
	require.Equal(t, http.StatusServiceUnavailable, ask(cardPayment(numbers[1], 2)).status)
	a.acquirer.SetDown(false)
	for _, id := range ids {
		var payment payments.Payment
		eventually(t, func() bool {
			payment = as[payments.Payment](t, a.shop.get(t, "/api/v1/payments/"+id), http.StatusOK)
			return payment.Status != payments.Pending && payment.Status != payments.Processing
		}, "payment %s comes to rest", id)
		if payment.Status == payments.Success {
			a.shop.post(t, "/api/v1/payments/"+id+"/refunds", `{}`)
		}
	}

	kept := map[string]string{"the answers": said.String(), "the log": log.String()}
	maps.Copy(kept, tables(t, a))
	for name, text := range redisContent(t, a) {
		kept["redis "+name] = text
	}
	require.Greater(t, len(kept), 10)
	require.Contains(t, kept["public.payments"], ids[0], "the search sees what is there")
	require.Contains(t, kept["the log"], "payments")
	for _, number := range numbers {
		for _, trace := range []string{
			number, number[:len(number)-2], number[:4] + " " + number[4:],
			hex.EncodeToString([]byte(number)), // as Postgres writes bytes
		} {
			for name, text := range kept {
				require.NotContains(t, text, trace, "%s holds a card number (%s)", name, trace)
			}
		}
	}
	for name, text := range kept {
		require.False(t, strings.Contains(text, `"cvc":"`) || strings.Contains(text, hex.EncodeToString([]byte(`"cvc":"`))), "%s holds a security code", name)
	}
}

// cardPayment is a request to pay by card, which expires in some years from now.
func cardPayment(number string, years int) string {
	cvc := "123"
	if strings.HasPrefix(number, "37") {
		cvc = "1234"
	}
	return fmt.Sprintf(`{"amount":50000,"currency":"INR","method":"card","card":{"number":"%s","exp_month":12,"exp_year":%d,"cvc":"%s"}}`,
		number, time.Now().Year()+years, cvc)
}

// tables reads every row of every table as text.
func tables(t *testing.T, a *api) map[string]string {
	t.Helper()
	rows, err := a.pool.Query(t.Context(), `
		SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	out := make(map[string]string, len(names))
	for _, name := range names {
		var text string
		require.NoError(t, a.pool.QueryRow(t.Context(), "SELECT coalesce(string_agg(r::text, E'\\n'), '') FROM "+name+" AS r").Scan(&text))
		out[name] = text
	}
	return out
}

// redisContent reads every key with its value.
func redisContent(t *testing.T, a *api) map[string]string {
	t.Helper()
	out := make(map[string]string)
	keys, err := a.redis.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		kind, err := a.redis.Type(t.Context(), key).Result()
		require.NoError(t, err)
		var value any
		switch kind {
		case "string":
			value, err = a.redis.Get(t.Context(), key).Result()
		case "hash":
			value, err = a.redis.HGetAll(t.Context(), key).Result()
		default:
			require.Fail(t, "a kind of value that this test does not read", kind)
		}
		require.NoError(t, err)
		out[key] = fmt.Sprint(value)
	}
	return out
}

// Secrets of every kind come by, right ones and wrong ones. Then none of them stands where somebody reads who should not know it: in
// the log at its most detailed, in a table, in what a job carries, in Redis, in an answer to anything but the request that
// is for showing it.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	a := newAPI(t, setup{workers: true, logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))})
	s := newSink(t)
	const (
		password = "header-value-mellon"
		wrong    = "secret_test_wrong_swordfish"
		mistyped = "secret_test_in_the_wrong_place"
		token    = "token-in-a-query-sesame"
	)
	created := as[webhooks.Endpoint](t, a.shop.post(t, "/api/v1/webhook_endpoints", `{"url":"`+s.url+`/hooks","headers":{"Authorization":"Bearer `+password+`"}}`), http.StatusCreated)
	rotated := as[webhooks.Endpoint](t, a.shop.post(t, "/api/v1/webhook_endpoints/"+created.ID+"/rotate_secret", `{"overlap_seconds":3600}`), http.StatusOK)
	require.NotEqual(t, created.Secret, rotated.Secret)
	shown := string(a.shop.get(t, "/api/v1/webhook_endpoints/"+created.ID+"/secret").body)
	secrets := []string{a.shop.secret, created.Secret, rotated.Secret, password, wrong, mistyped, token}
	for _, secret := range []string{created.Secret, rotated.Secret, password} {
		require.Contains(t, shown, secret, "the one place where it is shown")
	}

	var said bytes.Buffer
	ask := func(method, path, body string, header ...string) {
		got := a.send(t, method, path, body, header...)
		fmt.Fprintln(&said, got.header, string(got.body))
	}
	for _, header := range [][]string{
		{"Authorization", "Bearer " + a.shop.secret},
		{"Authorization", "Bearer " + wrong},
		{"Authorization", mistyped},
		{"Authorization", basic(a.shop.key, a.shop.secret)},
		{"Authorization", basic(a.shop.key, wrong)},
		{"X-Api-Key", a.shop.key, "X-Api-Secret", a.shop.secret},
		{"X-Api-Key", mistyped},
		{"X-Api-Secret", wrong},
		{"Authorization", "Bearer " + a.shop.secret, "X-Request-Id", "Bearer " + wrong},
		{"Cookie", "paygate_session=" + wrong},
	} {
		ask(http.MethodGet, "/api/v1/payments", "", header...)
		ask(http.MethodPost, "/api/v1/payments", `{"amount":50000,"currency":"INR"}`, append(header, "Idempotency-Key", "k-"+header[0])...)
		ask(http.MethodGet, "/api/v1/webhook_endpoints/"+created.ID, "", header...)
		ask(http.MethodGet, "/nowhere?access_token="+token, "", header...)
		ask(http.MethodGet, "/api/v1/payments?token="+token, "", header...)
	}
	paid := a.shop.paid(t)
	eventually(t, func() bool {
		return slices.ContainsFunc(s.received("/hooks"), func(h hook) bool { return h.header.Get("Authorization") == "Bearer "+password })
	}, "the webhook arrives with its header")
	a.shop.post(t, "/api/v1/webhook_endpoints/"+created.ID+"/test", `{}`)
	for _, path := range []string{"/api/v1/webhooks/logs", "/api/v1/events", "/api/v1/webhook_endpoints"} {
		fmt.Fprintln(&said, string(a.shop.get(t, path).body))
	}
	for _, delivery := range as[page.List[webhooks.Delivery]](t, a.shop.get(t, "/api/v1/webhooks/logs"), http.StatusOK).Data {
		fmt.Fprintln(&said, string(a.shop.get(t, "/api/v1/webhooks/"+delivery.ID).body))
	}

	kept := map[string]string{"the answers": said.String(), "the log": log.String()}
	maps.Copy(kept, tables(t, a))
	for name, text := range redisContent(t, a) {
		kept["redis "+name] = text
	}
	require.Contains(t, kept["public.river_job"], paid.ID, "the search sees what jobs carry")
	require.Contains(t, kept["public.webhook_endpoints"], created.ID)
	require.Contains(t, kept["the log"], "/api/v1/payments")
	for _, secret := range secrets {
		traces := []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret))}
		if raw, found := strings.CutPrefix(secret, "whsec_"); found {
			traces = append(traces, raw)
		}
		for name, text := range kept {
			for _, trace := range traces {
				require.NotContains(t, text, trace, "%s holds a secret", name)
			}
		}
	}
	require.NotContains(t, kept["the log"], strings.TrimPrefix(basic(a.shop.key, a.shop.secret), "Basic "))
}
