package httpapi_test

import (
	"net/http"
	"strings"

	"paygate/db/ids"
	"paygate/fault"
)

// misusedRoute is what the table of misuse knows of a route.
type misusedRoute struct {
	// public routes need no key and look at nothing but the path.
	public bool
	// id is the kind of record in the path.
	id ids.Prefix
	// list is the kind of record that the route lists.
	list ids.Prefix
	// query holds parameters that are wrong, each with itself at fault.
	query []string
	// body is one that the route takes; empty for a route without one.
	body         string
	bodyOptional bool
	// shadow is a method that a route with an id in this place answers.
	shadow string
	// fields are wrong one at a time, in an otherwise good body. The first one's name serves for the cases
	// that any route with a body shares.
	fields []misusedField
}

type misusedField struct {
	// name is the member's path.
	name string
	// in is another good body for it than the route's.
	in string
	// others is the kind of the other merchant's record that OTHERS stands for in values.
	others ids.Prefix
	values []misusedValue
}

type misusedValue struct {
	// value is JSON; empty leaves the member out.
	value string
	code  fault.Code
	// param is the member's path when empty.
	param  string
	status int // 400 when zero
}

// bad lists values that are refused for one reason.
func bad(code fault.Code, values ...string) []misusedValue {
	all := make([]misusedValue, len(values))
	for i, value := range values {
		all[i] = misusedValue{value: value, code: code}
	}
	return all
}

func join(lists ...[]misusedValue) []misusedValue {
	var all []misusedValue
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func quoted(text string, times int) string { return `"` + strings.Repeat(text, times) + `"` }

// misusedRoutes says for each route what can be wrong with a request.
func misusedRoutes() map[string]misusedRoute {
	missing := bad(fault.MissingField, "", "null")
	amount := join(
		bad(fault.InvalidType, `10.5`, `"100"`, `1e3`, `50000.0`, `true`, `[]`, `{}`),
		bad(fault.InvalidAmount, `-5`, `0`, `1000000000001`, `9007199254740991`),
		bad(fault.InvalidValue, `9223372036854775808`, `-9223372036854775809`, `9007199254740992`, `100000000000000000000000000000`),
	)
	currency := join(
		bad(fault.UnknownCurrency, `"NOPE"`, `"XXX"`, `"IN"`, `"INRR"`, `" INR"`, `"₹"`, `"ınr"`, `"uſd"`),
		bad(fault.InvalidType, `5`, `["INR"]`),
	)
	manyKeys := `{"k0":"v"`
	for i := range 50 {
		manyKeys += `,"n` + strings.Repeat("x", i) + `":"v"`
	}
	metadata := join(
		bad(fault.InvalidType, `"cart"`, `[]`, `5`),
		bad(fault.InvalidValue, manyKeys+`}`),
		[]misusedValue{
			{value: `{"a":1}`, code: fault.InvalidType, param: "metadata.a"},
			{value: `{"a":null}`, code: fault.InvalidType, param: "metadata.a"},
			{value: `{"a":{"b":"c"}}`, code: fault.InvalidType, param: "metadata.a"},
			{value: `{"a":"\u0000"}`, code: fault.InvalidValue, param: "metadata.a"},
			{value: `{"\u0000":"a"}`, code: fault.InvalidValue, param: "metadata"},
			{value: `{"a":` + quoted("é", 513) + `}`, code: fault.InvalidValue, param: "metadata.a"},
			{value: `{` + quoted("k", 65) + `:"a"}`, code: fault.InvalidValue, param: "metadata." + strings.Repeat("k", 65)},
			{value: `{"":"a"}`, code: fault.InvalidValue, param: "metadata."},
		},
	)
	reason := join(bad(fault.InvalidType, `5`, `{}`), bad(fault.InvalidValue, quoted("é", 256)))
	refundFields := []misusedField{{name: "amount", values: amount}, {name: "reason", values: reason}, {name: "metadata", values: metadata}}
	webhookURL := join(
		bad(fault.InvalidType, `5`, `["https://example.com"]`),
		[]misusedValue{{value: quoted("https://example.com/", 103), code: fault.URLRefused, status: http.StatusUnprocessableEntity}},
		refusedURLs(
			``, `shop`, `/webhooks`, `//example.com/webhooks`, `https://`, `https:///x`, `https://:443/`, `mailto:shop@example.com`, `ftp://93.184.216.34/`,
			`javascript:alert(1)`, `https://93.184.216.34:99999/`, `https://93.184.216.34:0/`, `https://93.184.216.34:x/`, `https://user:secret@93.184.216.34/`,
			`https://user@93.184.216.34/`, `https://93.184.216.34/#here`, `https://10.0.0.1/`, `https://192.168.1.1/`, `https://169.254.169.254/latest/meta-data`,
			`https://[::1]/`, `https://[fd00::1]/`, `https://[::ffff:10.0.0.1]/`, `https://0.0.0.0/`, `https://93.184.216.34/\u0007`, `https://93.184.216.34/a b`,
		),
	)
	eventTypes := join(
		bad(fault.InvalidType, `"payment.success"`, `5`, `{}`),
		bad(fault.InvalidValue, `[]`, `["nope"]`, `["payment"]`, `["payment."]`, `["pay*"]`, `["*.success"]`, `["payment.s*"]`, `["**"]`, `[""]`, `["payment.success","nope"]`),
		[]misusedValue{{value: `[5]`, code: fault.InvalidType, param: "event_types.0"}},
	)
	description := join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, quoted("é", 256)))
	headers := join(
		bad(fault.InvalidType, `5`, `["X-Key"]`),
		[]misusedValue{
			{value: `{"X-Key":5}`, code: fault.InvalidType, param: "headers.X-Key"},
			{value: `{"X-Key":""}`, code: fault.InvalidValue, param: "headers.X-Key"},
			{value: `{"X-Key":" a"}`, code: fault.InvalidValue, param: "headers.X-Key"},
			{value: `{"X-Key":"a\r\nHost: b"}`, code: fault.InvalidValue, param: "headers.X-Key"},
			{value: `{"X-Key":"é"}`, code: fault.InvalidValue, param: "headers.X-Key"},
			{value: `{"X-Key":` + quoted("a", 1025) + `}`, code: fault.InvalidValue, param: "headers.X-Key"},
			{value: `{"X Key":"a"}`, code: fault.InvalidValue, param: "headers.X Key"},
			{value: `{"x-key":"a","X-Key":"b"}`, code: fault.InvalidValue, param: "headers.x-key"},
			{value: `{"host":"a"}`, code: fault.InvalidValue, param: "headers.host"},
			{value: `{"Content-Length":"5"}`, code: fault.InvalidValue, param: "headers.Content-Length"},
			{value: `{"transfer-encoding":"chunked"}`, code: fault.InvalidValue, param: "headers.transfer-encoding"},
			{value: `{"Webhook-Id":"a"}`, code: fault.InvalidValue, param: "headers.Webhook-Id"},
			{value: `{"x-webhook-signature":"a"}`, code: fault.InvalidValue, param: "headers.x-webhook-signature"},
			{value: `{"X-Forwarded-For":"10.0.0.1"}`, code: fault.InvalidValue, param: "headers.X-Forwarded-For"},
		},
	)
	rateLimit := join(bad(fault.InvalidType, `"5"`, `1.5`), bad(fault.InvalidValue, `0`, `-1`, `1001`, `2147483648`))
	taskRange := []misusedField{
		{name: "event_type", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"payment.*"`, `""`))},
		{name: "created_after", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"yesterday"`, `""`, `"2026-11-23"`))},
		{name: "created_before", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"0000-01-01T00:00:00Z"`))},
	}
	createdRange := []string{
		"created_after=yesterday", "created_after=", "created_after=2026-11-23", "created_after=2026-13-01T00:00:00Z", "created_after=2026-11-23T09:00:00",
		"created_before=1795424401", "created_before=0000-01-01T00:00:00Z", "created_before=2026-11-23T00:00:00+05:30", // the + is a space
	}
	const card = `{"amount":50000,"currency":"INR","method":"card","card":{"number":"4242424242424242","exp_month":12,"exp_year":2049,"cvc":"123"}}`
	const olderCard = `{"amount":50000,"currency":"INR","method":"card","card":{"number":"4242424242424242","expiry_month":"12","expiry_year":"49","cvv":"123"}}`
	const v1 = "/api/v1"
	return map[string]misusedRoute{
		"GET /health":       {public: true},
		"GET /health/ready": {public: true},
		"GET /openapi.yaml": {public: true},

		"POST " + v1 + "/orders": {
			body: `{"amount":50000,"currency":"INR"}`,
			fields: []misusedField{
				{name: "amount", values: join(missing, amount)},
				{name: "currency", values: join(missing, currency, bad(fault.UnknownCurrency, `""`))},
				{name: "receipt", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, quoted("é", 129), `"\u0000"`))},
				{name: "reusable", values: bad(fault.InvalidType, `"true"`, `1`)},
				{name: "metadata", values: metadata},
			},
		},
		"GET " + v1 + "/orders":     {list: ids.Order, query: []string{"status=PAID", "status=", "status=paid&status=paid"}},
		"GET " + v1 + "/orders/:id": {id: ids.Order},

		"POST " + v1 + "/payments": {
			body: `{"amount":50000,"currency":"INR"}`,
			fields: []misusedField{
				{name: "amount", values: join(missing, amount)},
				{name: "currency", values: join(missing, currency, bad(fault.InvalidValue, `""`))},
				{name: "metadata", values: metadata},
				{name: "order_id", in: `{}`, others: ids.Order, values: join(
					bad(fault.InvalidType, `5`),
					bad(fault.InvalidValue, `""`, `"1"`, `"pay_1"`, `"order_"`, `"order_%"`, quoted("order_a", 20)),
					[]misusedValue{
						{value: `"order_nope"`, code: fault.NotFound, status: http.StatusNotFound},
						{value: `"OTHERS"`, code: fault.NotFound, status: http.StatusNotFound},
						{value: `null`, code: fault.MissingField, param: "amount"},
					},
				)},
				{name: "method", values: join(
					bad(fault.InvalidType, `5`, `["card"]`),
					bad(fault.InvalidValue, `"cash"`, `"CARD"`, `""`),
					[]misusedValue{
						{value: `"card"`, code: fault.MissingField, param: "card"},
						{value: `"upi"`, code: fault.MissingField, param: "vpa"},
						{value: `"netbanking"`, code: fault.MissingField, param: "bank"},
					},
				)},
				{name: "card", values: join(bad(fault.InvalidType, `"4242424242424242"`, `4242424242424242`), []misusedValue{
					{value: `{}`, code: fault.MissingField, param: "card.exp_month"},
					{value: `{"number":"4242424242424242","exp_month":12,"exp_year":2030,"cvc":"123"}`, code: fault.InvalidValue},
					{value: `{"number":"4242424242424242","pin":"1234"}`, code: fault.UnknownField, param: "card.pin"},
				})},
				{name: "card.number", in: card, values: join(missing, bad(fault.InvalidType, `4242424242424242`), bad(fault.InvalidCard,
					`""`, `"4242424242424241"`, `"4242"`, `"42424242424242424242"`, `"4242-4242-4242-424X"`, `"0000000000000000"`, `"４２４２４２４２４２４２４２４２"`))},
				{name: "card.exp_month", in: card, values: join(missing,
					bad(fault.InvalidType, `"December"`, `""`, `12.5`, `"+4"`, `" 4"`, `"012"`, `"-1"`, `true`), bad(fault.InvalidCard, `0`, `13`, `"00"`, `-1`, `99999`))},
				{name: "card.exp_year", in: card, values: join(missing,
					bad(fault.InvalidType, `"next"`, `"0030"`, `"20300"`), bad(fault.InvalidCard, `20300`, `1999`, `203`, `9999`), bad(fault.ExpiredCard, `2020`, `20`, `"20"`))},
				{name: "card.cvc", in: card, values: join(missing, bad(fault.InvalidType, `123`), bad(fault.InvalidCard, `""`, `"12"`, `"1234"`, `"12a"`))},
				{name: "card.holder_name", in: card, values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"\u0000"`))},
				{name: "card.expiry_month", in: card, values: bad(fault.InvalidValue, `12`)}, // beside exp_month
				{name: "card.cvv", in: card, values: bad(fault.InvalidValue, `"123"`)},
				{name: "card.expiry_month", in: olderCard, values: bad(fault.InvalidCard, `13`)},
				{name: "card.expiry_year", in: olderCard, values: bad(fault.ExpiredCard, `"20"`)},
				{name: "card.cvv", in: olderCard, values: bad(fault.InvalidCard, `"12"`)},
				{name: "vpa", in: `{"amount":50000,"currency":"INR","method":"upi"}`, values: bad(fault.InvalidVPA,
					`"success"`, `"@upi"`, `"a@upi"`, `"success@"`, `"shop@example.com"`, `"succ ess@upi"`, `"success@upi\n"`, `"süccess@upi"`)},
				{name: "bank", in: `{"amount":50000,"currency":"INR","method":"netbanking"}`, values: bad(fault.UnknownBank, `"hdfc"`, `"NOPE"`)},
				{name: "vpa", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"success@upi"`, `""`))},
				{name: "bank", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"HDFC"`, `""`))},
				{name: "capture", values: join(bad(fault.InvalidType, `false`), bad(fault.InvalidValue, `"later"`, `""`))},
			},
		},
		"GET " + v1 + "/payments": {list: ids.Payment, query: append([]string{
			"status=done", "status=", "method=cash", "method=", "order_id=1", "order_id=pay_1", "order_id=order_%00", "order_id=",
		}, createdRange...)},
		"GET " + v1 + "/payments/:id": {id: ids.Payment},
		"POST " + v1 + "/payments/:id/capture": {
			id: ids.Payment, body: `{"amount":1}`, bodyOptional: true,
			fields: []misusedField{{name: "amount", values: amount}},
		},
		"POST " + v1 + "/payments/:id/cancel": {
			id: ids.Payment, body: `{}`, bodyOptional: true,
			fields: []misusedField{{name: "amount", values: bad(fault.UnknownField, `1`)}},
		},
		"POST " + v1 + "/payments/:id/refunds": {id: ids.Payment, body: `{"amount":1}`, bodyOptional: true, fields: refundFields},

		"POST " + v1 + "/refunds": {
			body: `{"payment_id":"pay_nope","amount":1}`,
			fields: append([]misusedField{
				{name: "payment_id", others: ids.Payment, values: join(
					missing,
					bad(fault.InvalidType, `5`),
					bad(fault.InvalidValue, `""`, `"1"`, `"order_1"`, `"pay_"`, `"pay_'"`),
					[]misusedValue{
						{value: `"pay_nope"`, code: fault.NotFound, status: http.StatusNotFound},
						{value: `"OTHERS"`, code: fault.NotFound, status: http.StatusNotFound},
					},
				)},
				{name: "paymentId", in: `{}`, others: ids.Payment, values: join(
					bad(fault.InvalidType, `5`),
					bad(fault.InvalidValue, `""`, `"1"`, `"order_1"`),
					[]misusedValue{
						{value: `"pay_nope"`, code: fault.NotFound, status: http.StatusNotFound},
						{value: `"OTHERS"`, code: fault.NotFound, status: http.StatusNotFound},
						{value: `null`, code: fault.MissingField, param: "payment_id"},
					},
				)},
				{name: "paymentId", values: bad(fault.InvalidValue, `"pay_nope"`)},
			}, refundFields...),
		},
		"GET " + v1 + "/refunds":     {list: ids.Refund, query: []string{"status=done", "status=", "payment_id=1", "payment_id=order_1", "payment_id="}},
		"GET " + v1 + "/refunds/:id": {id: ids.Refund},

		"GET " + v1 + "/balance": {},
		"GET " + v1 + "/balance/transactions": {list: ids.Transfer, query: append([]string{
			"type=payment", "type=", "currency=NOPE", "currency=", "payment_id=1", "payment_id=",
		}, createdRange...)},

		"GET " + v1 + "/events":     {list: ids.Event, query: []string{"type=payment", "type=", "type=payment.*", "payment_id=1", "payment_id="}},
		"GET " + v1 + "/events/:id": {id: ids.Event},

		"POST " + v1 + "/webhook_endpoints": {
			body: `{"url":"https://93.184.216.34/webhooks"}`,
			fields: []misusedField{
				{name: "url", values: join(missing, webhookURL)},
				{name: "event_types", values: eventTypes},
				{name: "description", values: description},
				{name: "headers", values: headers},
				{name: "rate_limit", values: rateLimit},
			},
		},
		"GET " + v1 + "/webhook_endpoints":     {list: ids.Endpoint},
		"GET " + v1 + "/webhook_endpoints/:id": {id: ids.Endpoint},
		"PATCH " + v1 + "/webhook_endpoints/:id": {
			id: ids.Endpoint, body: `{"description":"Shop"}`,
			fields: []misusedField{
				{name: "url", values: webhookURL},
				{name: "event_types", values: eventTypes},
				{name: "description", values: description},
				{name: "headers", values: headers},
				{name: "rate_limit", values: rateLimit},
				{name: "status", values: join(bad(fault.InvalidType, `true`), bad(fault.InvalidValue, `""`, `"deleted"`, `"Enabled"`))},
			},
		},
		"DELETE " + v1 + "/webhook_endpoints/:id": {id: ids.Endpoint},
		"POST " + v1 + "/webhook_endpoints/:id/enable": {
			id: ids.Endpoint, body: `{}`, bodyOptional: true,
			fields: []misusedField{{name: "force", values: bad(fault.UnknownField, `true`)}},
		},
		"POST " + v1 + "/webhook_endpoints/:id/test": {
			id: ids.Endpoint, body: `{}`, bodyOptional: true,
			fields: []misusedField{{name: "force", values: bad(fault.UnknownField, `true`)}},
		},
		"POST " + v1 + "/webhook_endpoints/:id/rotate_secret": {
			id: ids.Endpoint, body: `{"overlap_seconds":0}`, bodyOptional: true,
			fields: []misusedField{{name: "overlap_seconds", values: join(bad(fault.InvalidType, `"5"`), bad(fault.InvalidValue, `-1`, `604801`))}},
		},
		"GET " + v1 + "/webhook_endpoints/:id/secret":  {id: ids.Endpoint},
		"POST " + v1 + "/webhook_endpoints/:id/replay": {id: ids.Endpoint, body: `{}`, bodyOptional: true, fields: taskRange},
		"POST " + v1 + "/webhooks/retry": {
			body: `{}`, bodyOptional: true, shadow: http.MethodGet,
			fields: append([]misusedField{
				{name: "status", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"pending"`, `""`))},
				{name: "endpoint_id", others: ids.Endpoint, values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"1"`, `""`), []misusedValue{
					{value: `"OTHERS"`, code: fault.NotFound, status: http.StatusNotFound},
				})},
				{name: "payment_id", values: join(bad(fault.InvalidType, `5`), bad(fault.InvalidValue, `"1"`))},
			}, taskRange...),
		},
		"GET " + v1 + "/webhooks/tasks/:id": {id: ids.Task},

		"GET " + v1 + "/webhooks/logs": {list: ids.Delivery, query: append([]string{
			"status=failed", "status=", "event_type=payment.*", "event_type=", "endpoint_id=1", "endpoint_id=", "payment_id=1",
		}, createdRange...)},
		"GET " + v1 + "/webhooks/:id": {id: ids.Delivery},
		"POST " + v1 + "/webhooks/:id/retry": {
			id: ids.Delivery, body: `{}`, bodyOptional: true,
			fields: []misusedField{{name: "force", values: bad(fault.UnknownField, `true`)}},
		},
	}
}

func refusedURLs(urls ...string) []misusedValue {
	all := make([]misusedValue, len(urls))
	for i, url := range urls {
		all[i] = misusedValue{value: `"` + url + `"`, code: fault.URLRefused, status: http.StatusUnprocessableEntity}
	}
	return all
}
