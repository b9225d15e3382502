package contract

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck_GoodExchangesPass(t *testing.T) {
	t.Parallel()
	list := func(item string) string { return `{"object":"list","data":[` + item + `],"has_more":false}` }
	manyOnes := `{"number":"4242 4242 4242 4242","exp_month":12,"exp_year":2030,"cvc":"123"}`
	for name, good := range map[string]func(t *testing.T) *exchange{
		"payment": func(*testing.T) *exchange { return created() },
		"payment by card": func(t *testing.T) *exchange {
			e := created()
			e.body = `{"order_id":"order_xyz","method":"card","card":` + manyOnes + `}`
			e.set(t, map[string]any{
				"order_id": "order_xyz", "method": "card", "card_brand": "visa", "card_last4": "4242", "card_exp_month": 12, "card_exp_year": 2030,
			})
			return e
		},
		"replay": func(*testing.T) *exchange { e := created(); e.resHeader.Set("Idempotent-Replayed", "true"); return e },
		"nulls for what is left out": func(*testing.T) *exchange {
			e := created()
			e.body = `{"amount":50000,"currency":"inr","order_id":null,"method":null,"card":null,"vpa":null,"bank":null,"capture":null}`
			return e
		},
		"one payment":   func(*testing.T) *exchange { return fetched("/api/v1/payments/pay_1", payment) },
		"payments":      func(*testing.T) *exchange { return fetched("/api/v1/payments?limit=1&status=pending", list(payment)) },
		"no deliveries": func(*testing.T) *exchange { return fetched("/api/v1/webhooks/logs", list("")) },
		"times in any zone": func(*testing.T) *exchange {
			return fetched("/api/v1/payments?created_after=2026-11-23T00:00:00%2B05:30", list(""))
		},
		"endpoint": func(*testing.T) *exchange { return fetched("/api/v1/webhook_endpoints/we_1", endpoint) },
		"health":   func(*testing.T) *exchange { return fetched("/health", `{"status":"ok"}`) },
		"file": func(*testing.T) *exchange {
			e := fetched("/api/v1/balance/transactions?currency=inr", "id,created_at\r\n")
			e.resHeader.Set("Content-Type", "text/csv; charset=utf-8; header=present")
			e.resHeader.Set("Content-Disposition", `attachment; filename="balance-transactions.csv"`)
			return e
		},
		"limited": func(*testing.T) *exchange {
			e := refused(429, "rate_limited")
			e.resHeader.Set("Retry-After", "1")
			return e
		},
		"bad request refused": func(*testing.T) *exchange { e := refused(400, "invalid_amount"); e.body = `{"amount":10.5}`; return e },
		"replayed refusal of another request id": func(t *testing.T) *exchange {
			e := refused(409, "order_already_paid")
			e.resHeader.Set("Idempotent-Replayed", "true")
			e.set(t, map[string]any{"request_id": "req_0", "param": "order_id"})
			return e
		},
		"refund without a body": func(*testing.T) *exchange {
			e := created()
			e.target, e.body, e.header = "/api/v1/payments/pay_1/refunds", "", http.Header{}
			e.resBody = `{"id":"rfnd_1","object":"refund","payment_id":"pay_1","amount":10,"currency":"INR","status":"pending","reason":null,` +
				`"failure_code":null,"failure_message":null,"metadata":{},"created_at":"2026-11-23T09:00:00.123Z","updated_at":"2026-11-23T09:00:00.123Z"}`
			return e
		},
		"deleted": func(*testing.T) *exchange {
			e := fetched("/api/v1/webhook_endpoints/we_1", "")
			e.method, e.status = http.MethodDelete, http.StatusNoContent
			e.resHeader.Del("Content-Type")
			return e
		},
		"unknown path": func(t *testing.T) *exchange {
			return refused(404, "route_not_found").moved(t, http.MethodGet, "/api/v1/nothing?x=1")
		},
		"unknown method": func(t *testing.T) *exchange {
			e := refused(405, "method_not_allowed").moved(t, http.MethodPut, "/api/v1/webhook_endpoints/we_1")
			e.resHeader.Set("Allow", "PATCH, GET, DELETE")
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, good(t).check(t))
		})
	}
}

func TestCheck_Response(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bad  func(t *testing.T, e *exchange)
		want string
	}{
		"undocumented field": {
			func(t *testing.T, e *exchange) { e.set(t, map[string]any{"card_token": "tok_1"}) }, "additional properties 'card_token' not allowed",
		},
		"missing field":       {func(t *testing.T, e *exchange) { e.set(t, map[string]any{"vpa": absent}) }, "missing property 'vpa'"},
		"wrong type":          {func(t *testing.T, e *exchange) { e.set(t, map[string]any{"amount": "50000"}) }, "at '/amount': got string, want integer"},
		"fraction":            {func(t *testing.T, e *exchange) { e.set(t, map[string]any{"amount": 10.5}) }, "at '/amount'"},
		"unknown state":       {func(t *testing.T, e *exchange) { e.set(t, map[string]any{"status": "captured"}) }, "at '/status'"},
		"failure of a living": {func(t *testing.T, e *exchange) { e.set(t, map[string]any{"failure_code": "x"}) }, "at '/failure_code'"},
		"time without milliseconds": {
			func(t *testing.T, e *exchange) { e.set(t, map[string]any{"created_at": "2026-11-23T09:00:00Z"}) }, "at '/created_at'",
		},
		"time that is none": {
			func(t *testing.T, e *exchange) { e.set(t, map[string]any{"created_at": "2026-13-23T09:00:00.000Z"}) }, "is not valid date-time",
		},
		"null metadata":      {func(t *testing.T, e *exchange) { e.set(t, map[string]any{"metadata": nil}) }, "at '/metadata': got null, want object"},
		"duplicate member":   {func(_ *testing.T, e *exchange) { e.resBody = `{"id":"pay_0",` + payment[1:] }, "is not strict JSON"},
		"trailing text":      {func(_ *testing.T, e *exchange) { e.resBody += "x" }, "is not JSON"},
		"no body":            {func(_ *testing.T, e *exchange) { e.resBody = "" }, "response body is empty"},
		"wrong status":       {func(_ *testing.T, e *exchange) { e.status = 200 }, "status 200 is not documented for POST /api/v1/payments"},
		"wrong content type": {func(_ *testing.T, e *exchange) { e.resHeader.Set("Content-Type", "text/html") }, "Content-Type text/html is not documented"},
		"no content type":    {func(_ *testing.T, e *exchange) { e.resHeader.Del("Content-Type") }, `Content-Type ""`},
		"wrong charset": {
			func(_ *testing.T, e *exchange) { e.resHeader.Set("Content-Type", "application/json; charset=latin1") }, "other than charset=utf-8",
		},
		"missing header":      {func(_ *testing.T, e *exchange) { e.resHeader.Del("X-Request-Id") }, "response header X-Request-Id is missing"},
		"malformed header":    {func(_ *testing.T, e *exchange) { e.resHeader.Set("Ratelimit", "100") }, "response header Ratelimit: at ''"},
		"header twice":        {func(_ *testing.T, e *exchange) { e.resHeader.Add("X-Request-Id", "req_2") }, "X-Request-Id is given more than once"},
		"undocumented header": {func(_ *testing.T, e *exchange) { e.resHeader.Set("X-Powered-By", "Go") }, "X-Powered-By is not documented"},
		"cookie":              {func(_ *testing.T, e *exchange) { e.resHeader.Set("Set-Cookie", "a=b") }, "Set-Cookie is not documented"},
		"replay of nothing": {
			func(_ *testing.T, e *exchange) {
				e.resHeader.Set("Idempotent-Replayed", "true")
				e.header.Del("Idempotency-Key")
			}, "has no Idempotency-Key",
		},
		"secret shown again": {
			func(t *testing.T, e *exchange) {
				*e = *fetched("/api/v1/webhook_endpoints/we_1", endpoint)
				e.set(t, map[string]any{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
			}, "at '/secret'",
		},
		"body of nothing": {
			func(_ *testing.T, e *exchange) {
				*e = *fetched("/api/v1/webhook_endpoints/we_1", "{}")
				e.method, e.status = http.MethodDelete, http.StatusNoContent
			}, "has a body or a Content-Type, and none is documented",
		},
		"static path before variable": {
			func(_ *testing.T, e *exchange) { *e = *fetched("/api/v1/webhooks/logs", `{}`) }, "missing properties 'object', 'data', 'has_more'",
		},
		"undocumented path answered": {
			func(_ *testing.T, e *exchange) { e.target += "/" }, "the path is not documented, so this must be 404",
		},
		"undocumented method answered": {
			func(_ *testing.T, e *exchange) { e.method = http.MethodPut }, "documented with GET, POST only, so this must be 405",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := created()
			test.bad(t, e)
			require.Contains(t, e.check(t), test.want)
		})
	}
}

func TestCheck_AcceptedRequest(t *testing.T) {
	t.Parallel()
	card := `{"number":"4242424242424242","exp_month":12,"exp_year":2030,"cvc":"123"}`
	for name, test := range map[string]struct {
		bad  func(e *exchange)
		want string
	}{
		"unknown field":    {func(e *exchange) { e.body = `{"amount":1,"currency":"INR","sum":1}` }, "'sum' not allowed"},
		"fraction":         {func(e *exchange) { e.body = `{"amount":10.5,"currency":"INR"}` }, "at '/amount'"},
		"text":             {func(e *exchange) { e.body = `{"amount":"100","currency":"INR"}` }, "at '/amount'"},
		"zero":             {func(e *exchange) { e.body = `{"amount":0,"currency":"INR"}` }, "at '/amount'"},
		"overflow":         {func(e *exchange) { e.body = `{"amount":9223372036854775808,"currency":"INR"}` }, "at '/amount'"},
		"no amount":        {func(e *exchange) { e.body = `{"currency":"INR"}` }, "missing property 'amount'"},
		"duplicate member": {func(e *exchange) { e.body = `{"amount":1,"amount":1,"currency":"INR"}` }, "is not strict JSON"},
		"number in meta":   {func(e *exchange) { e.body = `{"amount":1,"currency":"INR","metadata":{"a":1}}` }, "at '/metadata/a'"},
		"card, no method":  {func(e *exchange) { e.body = `{"amount":1,"currency":"INR","card":` + card + `}` }, "at '/card'"},
		"method, no card":  {func(e *exchange) { e.body = `{"amount":1,"currency":"INR","method":"card"}` }, "missing property 'card'"},
		"unknown bank":     {func(e *exchange) { e.body = `{"amount":1,"currency":"INR","method":"netbanking","bank":"NOPE"}` }, "at '/bank'"},
		"null amount":      {func(e *exchange) { e.body = `{"amount":null,"currency":"INR"}` }, "at '/amount'"},
		"card and vpa": {func(e *exchange) {
			e.body = `{"amount":1,"currency":"INR","method":"upi","vpa":"a1@b1","card":` + card + `}`
		}, "at '/card'"},
		"month twice": {func(e *exchange) {
			e.body = `{"amount":1,"currency":"INR","method":"card","card":` + card[:len(card)-1] + `,"expiry_month":1}}`
		}, "oneOf"},
		"both payment ids":  {func(e *exchange) { e.target = "/api/v1/refunds"; e.body = `{"payment_id":"pay_1","paymentId":"pay_1"}` }, "oneOf"},
		"no body":           {func(e *exchange) { e.body = "" }, "the request body is missing"},
		"form":              {func(e *exchange) { e.header.Set("Content-Type", "application/x-www-form-urlencoded") }, "is not documented"},
		"key twice":         {func(e *exchange) { e.header.Add("Idempotency-Key", "k2") }, "Idempotency-Key is given more than once"},
		"empty key":         {func(e *exchange) { e.header.Set("Idempotency-Key", "") }, "Idempotency-Key: at ''"},
		"unknown parameter": {func(e *exchange) { *e = *fetched("/api/v1/payments?lmit=1", "{}") }, "the query parameter lmit is not documented"},
		"limit too small":   {func(e *exchange) { *e = *fetched("/api/v1/payments?limit=0", "{}") }, "limit: at ''"},
		"limit no number":   {func(e *exchange) { *e = *fetched("/api/v1/payments?limit=ten", "{}") }, `"ten" is not an integer`},
		"limit twice":       {func(e *exchange) { *e = *fetched("/api/v1/payments?limit=1&limit=2", "{}") }, "limit is given more than once"},
		"unknown filter":    {func(e *exchange) { *e = *fetched("/api/v1/payments?status=done", "{}") }, "status: at ''"},
		"no time":           {func(e *exchange) { *e = *fetched("/api/v1/payments?created_after=today", "{}") }, "is not valid date-time"},
		"malformed id":      {func(e *exchange) { *e = *fetched("/api/v1/payments/order_1", payment) }, "the path parameter id: at ''"},
		"body on GET":       {func(e *exchange) { *e = *fetched("/api/v1/payments/pay_1", payment); e.body = "{}" }, "none is documented"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := created()
			test.bad(e)
			report := e.check(t)
			require.Contains(t, report, "accepted although ")
			require.Contains(t, report, test.want)
		})
	}
}

func TestCheck_Problem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bad  func(t *testing.T) *exchange
		want string
	}{
		"not a problem": {
			func(*testing.T) *exchange {
				e := refused(400, "invalid_amount")
				e.resHeader.Set("Content-Type", mediaJSON)
				return e
			}, "Content-Type application/json is not documented",
		},
		"unknown code":         {func(*testing.T) *exchange { return refused(400, "bad_amount") }, "at '/code'"},
		"code of other status": {func(*testing.T) *exchange { return refused(400, "not_found") }, "the documented status of not_found is 404, not 400"},
		"code of other operation": {
			func(t *testing.T) *exchange {
				return refused(409, "order_already_paid").moved(t, http.MethodPost, "/api/v1/refunds")
			},
			"at '/code'",
		},
		"undocumented status": {func(*testing.T) *exchange { return refused(402, "invalid_card") }, "status 402 is not documented"},
		"status that differs": {
			func(t *testing.T) *exchange {
				e := refused(400, "invalid_amount")
				e.set(t, map[string]any{"status": 422})
				return e
			},
			"problem: status is 422, not 400",
		},
		"type that differs": {
			func(t *testing.T) *exchange {
				e := refused(400, "invalid_amount")
				e.set(t, map[string]any{"type": "/docs/errors#invalid_card"})
				return e
			}, "problem: type is",
		},
		"instance that differs": {
			func(t *testing.T) *exchange {
				e := refused(400, "invalid_amount")
				e.set(t, map[string]any{"instance": "/api/v1/orders"})
				return e
			}, "problem: instance is /api/v1/orders, not /api/v1/payments",
		},
		"request id that differs": {
			func(t *testing.T) *exchange {
				e := refused(400, "invalid_amount")
				e.set(t, map[string]any{"request_id": "req_2"})
				return e
			},
			"problem: request_id is req_2, not req_1",
		},
		"param of nothing": {
			func(t *testing.T) *exchange {
				e := refused(400, "invalid_amount")
				e.set(t, map[string]any{"param": nil})
				return e
			}, "at '/param'",
		},
		"internals": {
			func(t *testing.T) *exchange {
				e := refused(500, "internal")
				e.set(t, map[string]any{"stack": "main.go:1"})
				return e
			}, "'stack' not allowed",
		},
		"limited without Retry-After": {func(*testing.T) *exchange { return refused(429, "rate_limited") }, "Retry-After is missing"},
		"running without Retry-After": {
			func(*testing.T) *exchange { return refused(409, "idempotency_in_progress") }, "Retry-After is missing, which idempotency_in_progress always has",
		},
		"unauthorized without challenge": {func(*testing.T) *exchange { return refused(401, "credentials_missing") }, "Www-Authenticate is missing"},
		"unknown path with the code of a record": {
			func(t *testing.T) *exchange {
				return refused(404, "not_found").moved(t, http.MethodGet, "/api/v1/nothing")
			},
			"at '/code'",
		},
		"wrong method without Allow": {
			func(t *testing.T) *exchange {
				return refused(405, "method_not_allowed").moved(t, http.MethodPut, "/api/v1/payments")
			},
			"response header Allow is missing",
		},
		"wrong method with another Allow": {
			func(t *testing.T) *exchange {
				e := refused(405, "method_not_allowed").moved(t, http.MethodPut, "/api/v1/payments")
				e.resHeader.Set("Allow", "GET")
				return e
			}, `response header Allow is "GET", and "GET, POST" is documented`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, test.bad(t).check(t), test.want)
		})
	}
}

// A HEAD request is answered without a body, which is then not missed.
func TestCheck_Head(t *testing.T) {
	t.Parallel()
	e := refused(405, "method_not_allowed")
	e.method, e.body, e.resBody = http.MethodHead, "", ""
	e.resHeader.Set("Allow", "GET, POST")
	require.Empty(t, e.check(t))
}

func TestSpec_Routes(t *testing.T) {
	t.Parallel()
	spec := Load(t)
	require.Contains(t, spec.Operations(), "GET /api/v1/webhooks/{id}")

	var routes []string
	for _, op := range spec.operations {
		path := op.path
		if len(op.parameters) > 0 && op.parameters[0].in == "path" {
			path = ginPath(path)
		}
		routes = append(routes, op.method+" "+path)
	}
	var reports recorder
	spec.CheckRoutes(&reports, routes)
	require.Empty(t, reports.text())

	spec.CheckRoutes(&reports, append(routes[1:], "GET /api/v1/nothing/:id"))
	require.Len(t, reports.reports, 2)
	require.Contains(t, reports.reports[0], spec.operations[0].name()+" is documented and not routed")
	require.Contains(t, reports.reports[1], "GET /api/v1/nothing/{id} is routed and not documented")
}

func ginPath(path string) string {
	var out []byte
	for i := range len(path) {
		switch path[i] {
		case '{':
			out = append(out, ':')
		case '}':
		default:
			out = append(out, path[i])
		}
	}
	return string(out)
}

func BenchmarkCheck(b *testing.B) {
	spec := Load(b)
	items := ""
	for i := range 20 {
		if i > 0 {
			items += ","
		}
		items += payment
	}
	for name, e := range map[string]*exchange{
		"payment":             created(),
		"page of 20 payments": fetched("/api/v1/payments?limit=20", `{"object":"list","data":[`+items+`],"has_more":true}`),
	} {
		b.Run(name, func(b *testing.B) {
			req, err := http.NewRequestWithContext(b.Context(), e.method, "http://localhost:8000"+e.target, nil)
			require.NoError(b, err)
			req.Header = e.header
			res := &http.Response{StatusCode: e.status, Header: e.resHeader}
			reqBody, resBody := []byte(e.body), []byte(e.resBody)
			for b.Loop() {
				spec.Check(b, req, reqBody, res, resBody)
			}
		})
	}
}
