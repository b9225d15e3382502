package contract

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exchange is a request and its answer, to be changed by a test case.
type exchange struct {
	method, target string
	header         http.Header
	body           string

	status    int
	resHeader http.Header
	resBody   string
}

func (e *exchange) check(t *testing.T) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), e.method, "http://localhost:8000"+e.target, strings.NewReader(e.body))
	require.NoError(t, err)
	req.Header = e.header
	var reports recorder
	Load(t).Check(&reports, req, []byte(e.body), &http.Response{StatusCode: e.status, Header: e.resHeader}, []byte(e.resBody))
	return reports.text()
}

// set changes members of the JSON answer; nil takes one away.
func (e *exchange) set(t *testing.T, members map[string]any) {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(e.resBody), &object))
	for name, value := range members {
		if value == absent {
			delete(object, name)
			continue
		}
		object[name] = value
	}
	text, err := json.Marshal(object)
	require.NoError(t, err)
	e.resBody = string(text)
}

// absent stands for a member that is not there; nil is null.
const absent = "\x00absent"

const (
	payment = `{"id":"pay_1","object":"payment","amount":50000,"currency":"INR","status":"pending","order_id":null,"method":null,` +
		`"capture":"automatic","amount_captured":0,"amount_refunded":0,"card_brand":null,"card_last4":null,"card_exp_month":null,` +
		`"card_exp_year":null,"vpa":null,"bank":null,"failure_code":null,"failure_message":null,"next_action":null,"metadata":{},` +
		`"created_at":"2026-11-23T09:00:00.123Z","updated_at":"2026-11-23T09:00:00.123Z"}`
	endpoint = `{"id":"we_1","object":"webhook_endpoint","url":"https://shop.example/hooks","description":null,"event_types":["*"],` +
		`"status":"enabled","disabled_reason":null,"header_names":[],"rate_limit":null,"failing_since":null,"created_at":"2026-11-23T08:00:00.000Z","updated_at":"2026-11-23T08:00:00.000Z"}`
)

// created is POST /payments as it should go.
func created() *exchange {
	return &exchange{
		method:    http.MethodPost,
		target:    "/api/v1/payments",
		header:    http.Header{"Content-Type": {mediaJSON}, "Idempotency-Key": {"key_test_123"}},
		body:      `{"amount": 50000, "currency": "INR"}`,
		status:    http.StatusCreated,
		resHeader: http.Header{"Content-Type": {"application/json; charset=utf-8"}, "X-Request-Id": {"req_1"}, "Date": {"now"}},
		resBody:   payment,
	}
}

// fetched is a GET answered with 200 as it should be.
func fetched(target, body string) *exchange {
	return &exchange{
		method:    http.MethodGet,
		target:    target,
		header:    http.Header{},
		status:    http.StatusOK,
		resHeader: http.Header{"Content-Type": {mediaJSON}, "X-Request-Id": {"req_1"}},
		resBody:   body,
	}
}

// refused is a POST /payments answered with a problem as it should be.
func refused(status int, code string) *exchange {
	e := created()
	e.status = status
	e.resHeader = http.Header{"Content-Type": {mediaProblem}, "X-Request-Id": {"req_1"}}
	text, _ := json.Marshal(map[string]any{
		"type": "/docs/errors#" + code, "title": "No", "status": status, "detail": "No.",
		"instance": "/api/v1/payments", "code": code, "request_id": "req_1",
	})
	e.resBody = string(text)
	return e
}

// moved changes the method and the target of a refusal, in the problem as well.
func (e *exchange) moved(t *testing.T, method, target string) *exchange {
	t.Helper()
	e.method, e.target = method, target
	path, _, _ := strings.Cut(target, "?")
	e.set(t, map[string]any{"instance": path})
	return e
}
