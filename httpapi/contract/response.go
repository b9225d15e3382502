package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// transportHeaders belong to HTTP rather than to the API and need no documentation.
// Set-Cookie is not among them: the API keeps no sessions.
var transportHeaders = []string{
	"Cache-Control",
	"Connection",
	"Content-Length",
	"Content-Security-Policy",
	"Content-Type",
	"Date",
	"Referrer-Policy",
	"Strict-Transport-Security",
	"Vary",
	"X-Content-Type-Options",
}

// departures tells in what an answer departs from the documented response.
func (r *response) departures(req *http.Request, res *http.Response, body []byte) []string {
	return append(r.headerDepartures(res.Header), r.bodyDepartures(req, res, body)...)
}

func (r *response) headerDepartures(have http.Header) []string {
	var found []string
	for name, h := range r.headers {
		values := have.Values(name)
		switch {
		case len(values) == 0 && h.required:
			found = append(found, "response header "+name+" is missing")
		case len(values) > 1:
			found = append(found, "response header "+name+" is given more than once")
		case len(values) == 1:
			for _, departure := range h.value.validate(values[0]) {
				found = append(found, "response header "+name+": "+departure)
			}
		}
	}
	for name := range have {
		if r.headers[name] == nil && !slices.Contains(transportHeaders, name) && !strings.HasPrefix(name, "Access-Control-") {
			found = append(found, "response header "+name+" is not documented")
		}
	}
	slices.Sort(found)
	return found
}

func (r *response) bodyDepartures(req *http.Request, res *http.Response, body []byte) []string {
	if req.Method == http.MethodHead {
		return nil
	}
	contentType := res.Header.Get("Content-Type")
	if len(r.content) == 0 {
		if len(body) > 0 || contentType != "" {
			return []string{"the response has a body or a Content-Type, and none is documented"}
		}
		return nil
	}
	media, err := mediaType(contentType)
	if err != nil {
		return []string{"response " + err.Error()}
	}
	schema, ok := r.content[media]
	if !ok {
		return []string{"response Content-Type " + media + " is not documented"}
	}
	if schema == nil {
		return nil
	}
	value, err := decode(body)
	if err != nil {
		return []string{"response body " + err.Error()}
	}
	var found []string
	for _, departure := range validate(schema, value) {
		found = append(found, "response body "+departure)
	}
	return found
}

// problemDepartures checks what a schema cannot: that the members of a problem agree
// with the status, the catalogue, the headers and the request. It says nothing about
// what is no problem; the schema has done that.
func (s *Spec) problemDepartures(req *http.Request, res *http.Response, body []byte) []string {
	if media, err := mediaType(res.Header.Get("Content-Type")); err != nil || media != mediaProblem {
		return nil
	}
	var problem struct {
		Type      string `json:"type"`
		Status    int    `json:"status"`
		Instance  string `json:"instance"`
		Code      string `json:"code"`
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(body, &problem); err != nil {
		return nil
	}
	entry, known := s.codes[problem.Code]
	if !known {
		return nil
	}
	var found []string
	differ := func(member string, have, want any) {
		if have != want {
			found = append(found, fmt.Sprintf("problem: %s is %v, not %v", member, have, want))
		}
	}
	differ("status", problem.Status, res.StatusCode)
	differ("the documented status of "+problem.Code, entry.Status, res.StatusCode)
	differ("type", problem.Type, "/docs/errors#"+problem.Code)
	differ("instance", problem.Instance, req.URL.EscapedPath())
	// A replay is the first answer byte for byte, the first request's id included.
	if res.Header.Get("Idempotent-Replayed") == "" {
		differ("request_id", problem.RequestID, res.Header.Get("X-Request-Id"))
	}
	if entry.RetryAfter && res.Header.Get("Retry-After") == "" {
		found = append(found, "response header Retry-After is missing, which "+problem.Code+" always has")
	}
	return found
}

// allowDepartures compares the header Allow, in any order, with what is documented.
func allowDepartures(have http.Header, want []string) []string {
	var allow []string
	for method := range strings.SplitSeq(have.Get("Allow"), ",") {
		allow = append(allow, strings.TrimSpace(method))
	}
	slices.Sort(allow)
	if slices.Equal(allow, want) {
		return nil
	}
	return []string{fmt.Sprintf("response header Allow is %q, and %q is documented", strings.Join(allow, ", "), strings.Join(want, ", "))}
}
