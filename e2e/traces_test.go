package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
	traceparent  = "00-" + callersTrace + "-" + callersSpan + "-01"
)

// ask sends a request with headers, given as names and values in turn, and returns the answer.
func ask(t *testing.T, method, url, body string, headers ...string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, answer
}

// A caller's trace goes on through the request, its transaction, its job and the acquirer's answer to the webhook, over two
// processes of ours and to the merchant's server.
func TestOneTraceFromRequestToWebhook(t *testing.T) {
	t.Parallel()

	collected := newCollector(t)
	g := newGateway(t)
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	traced := []string{"OTEL_EXPORTER_OTLP_ENDPOINT", collected.url, "OTEL_BSP_SCHEDULE_DELAY", "50", "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20collector"}
	api, apiURL := g.start(t, "api", traced...)
	worker, _ := g.start(t, "worker", traced...)

	status, body := ask(t, http.MethodPost, apiURL+"/api/v1/payments", `{"amount":50000,"currency":"INR"}`, "Traceparent", traceparent)
	require.Equal(t, http.StatusCreated, status, string(body))
	var made resource
	require.NoError(t, json.Unmarshal(body, &made))
	for _, webhook := range awaitWebhooks(t, receiverURL, "payment.created", "payment.success") {
		parent := webhook.Headers.Get("Traceparent")
		require.Regexp(t, "^00-"+callersTrace+"-[0-9a-f]{16}-01$", parent, webhook.EventType)
		sent := collected.await(t, callersTrace, func(s span) bool { return s.id() == parent[36:52] }, "the span that the webhook names")
		require.Equal(t, "webhook", sent.Name)
		require.Equal(t, "paygate-worker", sent.service)
		require.Equal(t, webhook.EventType, sent.tells("paygate.event_type"))
	}
	named := func(name string) func(span) bool { return func(s span) bool { return s.Name == name } }
	request := collected.await(t, callersTrace, named("POST /api/v1/payments"), "the request")
	require.Equal(t, callersSpan, fmt.Sprintf("%x", request.ParentSpanId))
	require.Equal(t, "paygate-api", request.service)
	intake := collected.await(t, callersTrace, named("transaction payment_intake"), "the transaction")
	require.Equal(t, request.id(), fmt.Sprintf("%x", intake.ParentSpanId))
	stored := collected.await(t, callersTrace, named("PaymentInsertMany"), "a statement of the transaction")
	require.Equal(t, "paygate-api", stored.service)
	collected.await(t, callersTrace, named("gate"), "the question to Redis")
	job := collected.await(t, callersTrace, named("river.work/process_payment"), "the job")
	require.Equal(t, "paygate-worker", job.service)
	require.Equal(t, request.id(), fmt.Sprintf("%x", job.ParentSpanId))
	settled := collected.await(t, callersTrace, named("transaction payment_settle"), "the settlement")
	require.Equal(t, job.id(), fmt.Sprintf("%x", settled.ParentSpanId))

	for p, line := range map[*program]string{api: `"route":"/api/v1/payments"`, worker: `"kind":"process_payment"`} {
		p.says(t, `(?m)^\{.*`+line+`.*"trace_id":"`+callersTrace+`".*\}$`)
	}
	require.Contains(t, collected.sent(), "Authorization: Bearer collector\r\n")
	for _, p := range []*program{api, worker} {
		p.end(t, syscall.SIGTERM)
	}
}

// Requests that share a transaction lead to it each, and it to them; and each payment's webhook is in the trace of its own request,
// however many of them share jobs.
func TestTracesOfRequestsThatShareATransaction(t *testing.T) {
	t.Parallel()

	collected := newCollector(t)
	g := newGateway(t)
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	traced := []string{"OTEL_TRACES_EXPORTER", "otlp", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collected.url + "/v1/traces", "OTEL_BSP_SCHEDULE_DELAY", "50", "RATE_LIMIT", "0"}
	_, apiURL := g.start(t, "api", traced...)

	const requests = 60
	made := make([]resource, requests)
	traceOf := func(n int) string { return fmt.Sprintf("%032x", n+1) }
	var callers sync.WaitGroup
	for n := range requests {
		callers.Go(func() {
			_, body := ask(t, http.MethodPost, apiURL+"/api/v1/payments", `{"amount":50000,"currency":"INR"}`, "Traceparent", "00-"+traceOf(n)+"-"+callersSpan+"-01")
			_ = json.Unmarshal(body, &made[n]) // an answer without an id fails below
		})
	}
	callers.Wait() // for those, too, that failed and have no answer
	traces := make(map[string]string, requests)
	for n, payment := range made {
		traces[payment.ID] = traceOf(n)
	}
	require.Len(t, traces, requests)
	g.start(t, "worker", traced...)
	wait(t, "all webhooks are received", func() (bool, error) { return len(received(t, receiverURL)) == 2*requests, nil })
	for _, webhook := range received(t, receiverURL) {
		var body struct {
			Data struct {
				Payment resource `json:"payment"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal([]byte(webhook.Body), &body))
		require.Equal(t, traces[body.Data.Payment.ID], strings.Split(webhook.Headers.Get("Traceparent"), "-")[1], webhook.EventType)
	}
	shared := 0
	for _, trace := range traces {
		request := collected.await(t, trace, func(s span) bool { return s.Name == "POST /api/v1/payments" }, "the request")
		for _, s := range collected.of(trace) {
			shared += len(s.Links)
		}
		linked := len(request.Links) > 0
		for _, s := range collected.of(trace) {
			linked = linked || s.Name == "transaction payment_intake" && bytes.Equal(s.ParentSpanId, request.SpanId)
		}
		require.True(t, linked, "the request leads to its transaction")
	}
	require.Positive(t, shared, "some shared a transaction")
}

// Without being asked for, nothing is traced: a caller's trace does not travel, and nothing is sent.
func TestNoTracesUnlessAskedFor(t *testing.T) {
	t.Parallel()

	collected := newCollector(t)
	g := newGateway(t)
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	_, apiURL := g.start(t, "api")
	worker, _ := g.start(t, "worker", "OTEL_SDK_DISABLED", "true", "OTEL_EXPORTER_OTLP_ENDPOINT", collected.url)
	status, body := ask(t, http.MethodPost, apiURL+"/api/v1/payments", `{"amount":50000,"currency":"INR"}`, "Traceparent", traceparent)
	require.Equal(t, http.StatusCreated, status, string(body))
	for _, webhook := range awaitWebhooks(t, receiverURL, "payment.created", "payment.success") {
		require.Empty(t, webhook.Headers.Get("Traceparent"))
	}
	worker.end(t, syscall.SIGTERM)
	require.Empty(t, collected.sent())
	require.NotContains(t, worker.output(), "trace")
	var kept int
	require.NoError(t, g.connect(t).QueryRow(t.Context(),
		"SELECT (SELECT count(*) FROM events WHERE traceparent IS NOT NULL) + (SELECT count(*) FROM river_job WHERE metadata ? 'traceparent')").Scan(&kept))
	require.Zero(t, kept)
}

// A collector that is away costs its spans, and nothing else.
func TestCollectorIsAway(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	g.prepare(t, "http://localhost:1")
	api, apiURL := g.start(t, "api", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY", "50", "OTEL_EXPORTER_OTLP_TIMEOUT", "1000")
	payment(t, apiURL)
	api.says(t, `"msg":"traces are lost"`)
	begin := time.Now()
	api.end(t, syscall.SIGTERM)
	require.Less(t, time.Since(begin), 10*time.Second)
}

// Whatever callers and merchants put where it may be seen: no span holds it.
func TestSpansHoldNoSecrets(t *testing.T) {
	t.Parallel()

	collected := newCollector(t)
	g := newGateway(t)
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	traced := []string{"OTEL_EXPORTER_OTLP_ENDPOINT", collected.url, "OTEL_BSP_SCHEDULE_DELAY", "50"}
	api, apiURL := g.start(t, "api", traced...)
	worker, _ := g.start(t, "worker", traced...)

	const (
		number  = "4242424242424242"
		cvc     = "737"
		secret  = "secret_test_xyz789"
		hidden  = "swordfish" // part of all that follows
		inPath  = "swordfish-path"
		inQuery = "swordfish-query"
	)
	bearer := []string{
		"Authorization", "Bearer " + secret, "Traceparent", traceparent, "User-Agent", "swordfish-agent", "X-Forwarded-For", "swordfish-proxy",
		"Tracestate", "vendor=swordfish-state", "Baggage", "card=swordfish-baggage", "X-Request-Id", "swordfish-id",
	}
	v1 := apiURL + "/api/v1"
	for url, wanted := range map[string]int{
		receiverURL + "/hook/" + inPath + "?token=" + inQuery:                      http.StatusCreated,
		"http://127.0.0.1:1/" + inPath + "?token=" + inQuery:                       http.StatusCreated, // where nobody listens
		"http://user:swordfish-password@127.0.0.1/" + inPath + "?token=" + inQuery: http.StatusUnprocessableEntity,
	} {
		status, body := ask(t, http.MethodPost, v1+"/webhook_endpoints", fmt.Sprintf(`{"url":%q,"headers":{"Authorization":"Bearer swordfish-header"}}`, url), bearer...)
		require.Equal(t, wanted, status, string(body))
	}
	card := `{"amount":50000,"currency":"INR","method":"card","card":{"number":"` + number + `","exp_month":12,"exp_year":` + strconv.Itoa(time.Now().Year()+2) + `,"cvc":"` + cvc + `"},"metadata":{"note":"swordfish-note"}}`
	status, body := ask(t, http.MethodPost, v1+"/payments", card, append(bearer, "Idempotency-Key", "swordfish-key")...)
	require.Equal(t, http.StatusCreated, status, string(body))
	var made resource
	require.NoError(t, json.Unmarshal(body, &made))
	ask(t, http.MethodPost, v1+"/payments", card, append(bearer, "Idempotency-Key", "swordfish-key")...)
	ask(t, http.MethodPost, v1+"/payments", card[:70], bearer...)
	ask(t, http.MethodGet, v1+"/payments/"+inPath+"?token="+inQuery, "", bearer...)
	ask(t, http.MethodGet, apiURL+"/"+inPath+"?token="+inQuery, "", bearer...)
	ask(t, "SWORDFISH", v1+"/payments", "", bearer...)
	ask(t, http.MethodGet, v1+"/payments", "", "Authorization", "Bearer swordfish-wrong", "Traceparent", traceparent)
	ask(t, http.MethodPost, v1+"/payments/"+made.ID+"/refunds", `{"reason":"swordfish-reason"}`, bearer...)
	collected.await(t, callersTrace, func(s span) bool {
		return s.tells("paygate.event_type") == "payment.success" && s.tells("error.type") == ""
	}, "a webhook")
	collected.await(t, callersTrace, func(s span) bool { return s.tells("error.type") == "connection_refused" }, "a webhook that did not get through")
	for _, p := range []*program{api, worker} {
		p.end(t, syscall.SIGTERM) // sends the rest
	}

	sent := strings.ToLower(collected.sent())
	require.Contains(t, sent, "post /api/v1/payments")
	for _, trace := range []string{number, number[:12], `"` + cvc, secret, hidden, "whsec_", "select ", "insert into"} {
		require.NotContains(t, sent, trace)
	}
}
