package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/db/ids"
	"paygate/fault"
	"paygate/page"
	"paygate/payments"
	"paygate/webhooks"
)

// problem is an error as it is answered. That its members agree with each other and with the request is
// checked for every exchange by package contract.
type problem struct {
	Status    int        `json:"status"`
	Detail    string     `json:"detail"`
	Code      fault.Code `json:"code"`
	Param     string     `json:"param"`
	RequestID string     `json:"request_id"`
}

// internals is what no answer may hold: SQL and its errors, Go's types, files and packages.
var internals = regexp.MustCompile(`(?i)sqlstate|\bpgx|postgres|redis\b|\bselect\b.*\bfrom\b|insert into|constraint|violates|\.go\b|goroutine|panic` +
	`|nil pointer|\bu?int(8|16|32|64)\b|\bstruct\b|\*?(httpapi|payments|webhooks|merchants|idempotency|wire|fault|jsontext|pgconn)\.[A-Z]|0xc0|unmarshal`)

// requireProblem checks an error that a caller has to understand.
func requireProblem(t *testing.T, got answer, status int, code fault.Code, param string) problem {
	t.Helper()
	require.Equal(t, status, got.status, "%s", got.body)
	require.Equal(t, "application/problem+json", got.header.Get("Content-Type"))
	var p problem
	require.NoError(t, json.Unmarshal(got.body, &p))
	require.Equal(t, code, p.Code, "%s", got.body)
	require.Equal(t, param, p.Param, "%s", got.body)
	require.NotEmpty(t, p.RequestID)
	require.NotRegexp(t, internals, p.Detail)
	return p
}

// misuse is a request that is refused with 400, unless it says otherwise.
type misuse struct {
	name   string
	method string // the route's when empty
	path   string // the route's, with the shop's own record, when empty
	body   string
	header []string
	status int
	code   fault.Code
	param  string
}

// records are one of each kind that a merchant owns.
type records map[ids.Prefix]string

func makeRecords(t *testing.T, c *caller, s *sink, path string) records {
	t.Helper()
	order := as[payments.Order](t, c.post(t, "/api/v1/orders", `{"amount":50000,"currency":"INR"}`), http.StatusCreated)
	endpoint := c.subscribe(t, s, path)
	payment := c.paid(t)
	refund := as[payments.Refund](t, c.post(t, "/api/v1/refunds", `{"paymentId":"`+payment.ID+`","amount":1}`), http.StatusCreated)
	event := as[page.List[webhooks.EventView]](t, c.get(t, "/api/v1/events?limit=1"), http.StatusOK).Data[0]
	delivery := as[page.List[webhooks.Delivery]](t, c.get(t, "/api/v1/webhooks/logs?limit=1"), http.StatusOK).Data[0]
	transfer := as[page.List[payments.BalanceTransaction]](t, c.get(t, "/api/v1/balance/transactions?limit=1"), http.StatusOK).Data[0]
	task := as[webhooks.Task](t, c.post(t, "/api/v1/webhook_endpoints/"+endpoint.ID+"/replay", ``), http.StatusAccepted)
	return records{
		ids.Order: order.ID, ids.Payment: payment.ID, ids.Refund: refund.ID,
		ids.Event: event.ID, ids.Endpoint: endpoint.ID, ids.Delivery: delivery.ID, ids.Transfer: transfer.ID, ids.Task: task.ID,
	}
}

// TestMisuse sends what nobody should to every route, and wants to be told what is wrong.
func TestMisuse(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{workers: true})
	s := newSink(t)
	mine, others := makeRecords(t, a.shop, s, "/mine"), makeRecords(t, a.other, s, "/others")

	documented := misusedRoutes()
	for route := range documented {
		require.Contains(t, a.routes, route, "a route that is gone")
	}
	t.Run("Routes", func(t *testing.T) {
		for _, route := range a.routes {
			require.Contains(t, documented, route, "this route needs its cases of misuse")
			facts := documented[route]
			method, pattern, _ := strings.Cut(route, " ")
			path := strings.Replace(pattern, ":id", mine[facts.id], 1)
			t.Run(strings.ReplaceAll(route, "/", "|"), func(t *testing.T) {
				t.Parallel()
				for _, m := range facts.cases(t, a.routes, method, pattern, mine, others) {
					t.Run(m.name, func(t *testing.T) {
						t.Parallel()
						m.against(t, a.shop, method, path)
					})
				}
			})
		}
	})

	for _, c := range []*caller{a.shop, a.other} {
		require.Len(t, as[page.List[payments.Order]](t, c.get(t, "/api/v1/orders"), http.StatusOK).Data, 1)
		paid := as[page.List[payments.Payment]](t, c.get(t, "/api/v1/payments"), http.StatusOK).Data
		require.Len(t, paid, 1)
		require.EqualValues(t, 1, paid[0].AmountRefunded)
		endpoints := as[page.List[webhooks.Endpoint]](t, c.get(t, "/api/v1/webhook_endpoints"), http.StatusOK).Data
		require.Len(t, endpoints, 1)
		require.Equal(t, webhooks.EndpointEnabled, endpoints[0].Status)
		require.Nil(t, endpoints[0].Description)
	}
}

// against sends the request to a route and checks what is answered.
func (m misuse) against(t *testing.T, c *caller, method, path string) {
	t.Helper()
	switch {
	case m.path == "":
	case strings.HasPrefix(m.path, "?"):
		path += m.path
	default:
		path = m.path
	}
	if m.method != "" {
		method = m.method
	}
	status := http.StatusBadRequest
	if m.status != 0 {
		status = m.status
	}
	requireProblem(t, c.send(t, method, path, m.body, m.header...), status, m.code, m.param)
}

// cases are all that is sent to one route.
func (r misusedRoute) cases(t *testing.T, routes []string, method, pattern string, mine, others records) []misuse {
	t.Helper()
	var all []misuse
	for _, other := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if other != r.shadow && !slices.Contains(routes, other+" "+pattern) {
			all = append(all, misuse{name: "Method" + other, method: other, status: http.StatusMethodNotAllowed, code: fault.MethodNotAllowed})
		}
	}
	if r.public {
		return all
	}
	all = append(all,
		misuse{name: "QueryUnknown", path: "?verbose=1", body: r.body, code: fault.InvalidParameter, param: "verbose"},
		misuse{name: "QueryNotUTF8", path: "?%FF%00=1", body: r.body, code: fault.InvalidParameter, param: "\uFFFD\x00"},
		misuse{name: "QueryBrokenEscape", path: "?limit=%zz", body: r.body, code: fault.InvalidParameter},
		misuse{name: "QuerySemicolon", path: "?limit=1;status=paid", body: r.body, code: fault.InvalidParameter},
	)
	if r.id != "" {
		all = append(all, r.idCases(pattern, others)...)
	}
	if r.list != "" {
		all = append(all, r.listCases(mine, others)...)
	}
	if r.body != "" {
		all = append(all, r.bodyCases(t, others)...)
	}
	if method == http.MethodPost {
		all = append(all, r.keyCases()...)
	}
	for _, q := range r.query {
		name, value, _ := strings.Cut(q, "=")
		all = append(all, misuse{name: "Query" + name + value, path: "?" + q, code: fault.InvalidParameter, param: name})
	}
	return all
}

func (r misusedRoute) idCases(pattern string, others records) []misuse {
	var all []misuse
	for name, id := range map[string]string{
		"OtherMerchants": others[r.id],
		"Unknown":        freshID(r.id),
		"WrongPrefix":    "thing_" + strings.TrimPrefix(freshID(r.id), string(r.id)),
		"NoPrefix":       "1",
		"PrefixAlone":    string(r.id),
		"UpperPrefix":    strings.ToUpper(string(r.id)) + "1",
		"NUL":            string(r.id) + "%00",
		"NULAlone":       "%00",
		"Long":           string(r.id) + strings.Repeat("a", 300),
		"Unicode":        string(r.id) + "%E2%82%AC%F0%9F%98%80",
		"NotUTF8":        string(r.id) + "%FF%C0%80",
		"EncodedSlash":   string(r.id) + "a%2Fcapture",
		"Traversal":      "..%2F..%2Fhealth",
		"SQL":            string(r.id) + url.PathEscape("' OR '1'='1"),
		"Space":          string(r.id) + "a%20b",
		"LineBreak":      string(r.id) + "a%0D%0Ab",
		"Wildcard":       string(r.id) + "%25",
		"Colon":          ":id",
		"Undefined":      "undefined",
	} {
		all = append(all, misuse{
			name: "ID" + name, path: strings.Replace(pattern, ":id", id, 1), body: r.body,
			status: http.StatusNotFound, code: fault.NotFound,
		})
	}
	return all
}

func (r misusedRoute) listCases(mine, others records) []misuse {
	var all []misuse
	for _, limit := range []string{"0", "-1", "101", "1.5", "ten", "", "%2B5", "0x10", "05", "1e1", "%205", "9223372036854775808", "5&limit=6"} {
		all = append(all, misuse{name: "Limit" + limit, path: "?limit=" + limit, code: fault.InvalidParameter, param: "limit"})
	}
	for _, param := range []string{"starting_after", "ending_before"} {
		for name, cursor := range map[string]string{
			"Empty": "", "Malformed": "1", "OtherKind": "thing_1", "NUL": string(r.list) + "%00", "NotUTF8": string(r.list) + "%FF",
			"Long": string(r.list) + strings.Repeat("a", 300),
		} {
			all = append(all, misuse{name: param + name, path: "?" + param + "=" + cursor, code: fault.InvalidParameter, param: param})
		}
		all = append(all,
			misuse{name: param + "Unknown", path: "?" + param + "=" + freshID(r.list), code: fault.InvalidCursor, param: param},
			misuse{name: param + "OtherMerchants", path: "?" + param + "=" + others[r.list], code: fault.InvalidCursor, param: param},
		)
	}
	own := mine[r.list]
	return append(all, misuse{
		name: "CursorsBoth", path: "?starting_after=" + own + "&ending_before=" + own, code: fault.InvalidCursor, param: "ending_before",
	})
}

func (r misusedRoute) keyCases() []misuse {
	var all []misuse
	for name, key := range map[string]string{
		"Empty": " ", "EmptyQuoted": `""`, "Long": strings.Repeat("k", 256), "LongQuoted": `"` + strings.Repeat("k", 256) + `"`,
		"NotASCII": "clé", "NotUTF8": "\xff", "Tab": "a\tb", "Unclosed": `"abc`, "AfterQuote": `"abc"d`, "Escape": `"a\bc"`, "EscapeAtEnd": `"abc\`,
	} {
		all = append(all, misuse{
			name: "Key" + name, body: r.body, header: []string{"Idempotency-Key", key}, code: fault.InvalidIdempotency, param: "Idempotency-Key",
		})
	}
	return append(all, misuse{
		name: "KeyTwice", body: r.body, header: []string{"Idempotency-Key", "a", "Idempotency-Key", "b"},
		code: fault.InvalidIdempotency, param: "Idempotency-Key",
	})
}

func (r misusedRoute) bodyCases(t *testing.T, others records) []misuse {
	t.Helper()
	member := r.fields[0].name
	large := strings.Repeat(" ", 2<<20) + r.body
	all := []misuse{
		{name: "BodyNotJSON", body: `amount=50000&currency=INR`, code: fault.MalformedJSON},
		{name: "BodyTruncated", body: r.body[:len(r.body)-1], code: fault.MalformedJSON},
		{name: "BodyArray", body: "[" + r.body + "]", code: fault.MalformedJSON},
		{name: "BodyString", body: `"` + member + `"`, code: fault.MalformedJSON},
		{name: "BodyNumber", body: `50000`, code: fault.MalformedJSON},
		{name: "BodyNull", body: `null`, code: fault.MalformedJSON},
		{name: "BodyBlank", body: " \n", code: fault.MalformedJSON},
		{name: "BodyTwice", body: r.body + r.body, code: fault.MalformedJSON},
		{name: "BodyNotUTF8", body: "{\"" + member + "\":\"\xff\"}", code: fault.MalformedJSON},
		{name: "BodyByteOrderMark", body: "\ufeff" + r.body, code: fault.MalformedJSON},
		{name: "BodyRawNUL", body: "{\"" + member + "\":\"\x00\"}", code: fault.MalformedJSON},
		{name: "BodyLoneSurrogate", body: `{"` + member + `":"\ud800"}`, code: fault.MalformedJSON},
		{name: "BodyDeep", body: `{"` + member + `":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}`, code: fault.MalformedJSON},
		{name: "BodyComment", body: r.body + "// paid", code: fault.MalformedJSON},
		{name: "BodyNUL", body: `{"` + member + `":"\u0000"}`, code: fault.InvalidValue, param: member},
		{name: "BodyNULName", body: `{"\u0000":1}`, code: fault.InvalidValue},
		{name: "BodyUnknownField", body: `{"nonsense":1}`, code: fault.UnknownField, param: "nonsense"},
		{name: "BodyOtherCase", body: `{"` + strings.ToUpper(member) + `":1}`, code: fault.UnknownField, param: strings.ToUpper(member)},
		{name: "BodyDuplicate", body: `{"` + member + `":1,"` + member + `":1}`, code: fault.DuplicateField, param: member},
		{name: "BodyDuplicateUnknown", body: `{"nonsense":1,"nonsense":1}`, code: fault.DuplicateField, param: "nonsense"},
		{name: "BodyLarge", body: large, status: http.StatusRequestEntityTooLarge, code: fault.BodyTooLarge},
	}
	if !r.bodyOptional {
		all = append(all, misuse{name: "BodyEmpty", header: []string{"Content-Type", "application/json"}, code: fault.MalformedJSON})
	}
	for _, contentType := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "application/json; charset", "json", "*/*",
	} {
		all = append(all, misuse{
			name: "ContentType" + contentType, body: r.body, header: []string{"Content-Type", contentType},
			status: http.StatusUnsupportedMediaType, code: fault.UnsupportedMediaType, param: "Content-Type",
		})
	}
	for _, f := range r.fields {
		base := r.body
		if f.in != "" {
			base = f.in
		}
		for i, bad := range f.values {
			m := misuse{
				name: fmt.Sprintf("Field%s%d", f.name, i), body: with(t, base, f.name, strings.ReplaceAll(bad.value, "OTHERS", others[f.others])),
				status: bad.status, code: bad.code, param: bad.param,
			}
			if m.param == "" {
				m.param = f.name
			}
			all = append(all, m)
		}
	}
	return all
}

// with sets a member of a JSON object, given by its path, to a value; without a value it takes it out.
func with(t *testing.T, object, path, value string) string {
	t.Helper()
	members := make(map[string]json.RawMessage)
	require.NoError(t, json.Unmarshal([]byte(object), &members))
	name, rest, nested := strings.Cut(path, ".")
	switch {
	case nested:
		members[name] = json.RawMessage(with(t, string(members[name]), rest, value))
	case value == "":
		delete(members, name)
	default:
		members[name] = json.RawMessage(value)
	}
	out, err := json.Marshal(members)
	require.NoError(t, err)
	return string(out)
}
