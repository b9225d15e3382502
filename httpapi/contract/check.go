package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Check holds one exchange against the document and reports all departures as one
// error. The response must be documented: its status, every header, the content type,
// the body's schema, and for a problem the agreement of its members with each other
// and with the request. The request is checked too when the answer is 2xx: a bad
// request may be bad, an accepted one may not.
//
// What no path or method of the document matches must be answered by a 404 or 405
// problem. A HEAD response has no body to check.
func (s *Spec) Check(t TB, req *http.Request, reqBody []byte, res *http.Response, resBody []byte) {
	t.Helper()
	found := s.departures(req, reqBody, res, resBody)
	if len(found) == 0 {
		return
	}
	t.Errorf("contract: %s %s → %d departs from openapi.yaml:\n  - %s\nrequest body: %s\nresponse body: %s",
		req.Method, req.URL.RequestURI(), res.StatusCode, strings.Join(found, "\n  - "), excerpt(reqBody), excerpt(resBody))
}

func (s *Spec) departures(req *http.Request, reqBody []byte, res *http.Response, resBody []byte) []string {
	op, variables, allowed := s.match(req.Method, req.URL)
	var documented *response
	switch {
	case op != nil:
		documented = op.responses[res.StatusCode]
	case len(allowed) == 0 && res.StatusCode == http.StatusNotFound:
		documented = s.routeNotFound
	case len(allowed) > 0 && res.StatusCode == http.StatusMethodNotAllowed:
		documented = s.methodNotAllowed
	}
	if documented == nil {
		return []string{undocumentedStatus(op, allowed, res.StatusCode)}
	}

	found := documented.departures(req, res, resBody)
	found = append(found, s.problemDepartures(req, res, resBody)...)
	if len(allowed) > 0 {
		found = append(found, allowDepartures(res.Header, allowed)...)
	}
	if res.Header.Get("Idempotent-Replayed") != "" && req.Header.Get("Idempotency-Key") == "" {
		found = append(found, "response header Idempotent-Replayed: the request has no Idempotency-Key")
	}
	if op != nil && res.StatusCode >= 200 && res.StatusCode < 300 {
		for _, departure := range op.requestDepartures(req, reqBody, variables) {
			found = append(found, "accepted although "+departure)
		}
	}
	return found
}

func undocumentedStatus(op *operation, allowed []string, status int) string {
	switch {
	case op != nil:
		return fmt.Sprintf("status %d is not documented for %s", status, op.name())
	case len(allowed) > 0:
		return fmt.Sprintf("status %d: the path is documented with %s only, so this must be 405", status, strings.Join(allowed, ", "))
	default:
		return fmt.Sprintf("status %d: the path is not documented, so this must be 404", status)
	}
}

// match finds the operation for a request and the values of its path's variables. When
// there is none, allowed lists the methods that the path has.
func (s *Spec) match(method string, u *url.URL) (op *operation, variables map[string]string, allowed []string) {
	segments := strings.Split(u.EscapedPath(), "/")
	for _, candidate := range s.operations {
		values, ok := candidate.matchPath(segments)
		if !ok {
			continue
		}
		if candidate.method != method {
			allowed = append(allowed, candidate.method)
			continue
		}
		// A path without variables wins: /webhooks/logs is no /webhooks/{id}.
		if op == nil || len(values) < len(variables) {
			op, variables = candidate, values
		}
	}
	if op != nil {
		return op, variables, nil
	}
	slices.Sort(allowed)
	return nil, nil, slices.Compact(allowed)
}

func (o *operation) matchPath(segments []string) (map[string]string, bool) {
	if len(segments) != len(o.segments) {
		return nil, false
	}
	values := make(map[string]string)
	for i, want := range o.segments {
		have := segments[i]
		if strings.HasPrefix(want, "{") {
			text, err := url.PathUnescape(have)
			if err != nil || text == "" {
				return nil, false
			}
			values[strings.Trim(want, "{}")] = text
			continue
		}
		if have != want {
			return nil, false
		}
	}
	return values, true
}

// excerpt keeps a report readable.
func excerpt(body []byte) string {
	const most = 2000
	if len(body) == 0 {
		return "none"
	}
	if len(body) <= most {
		return string(body)
	}
	return fmt.Sprintf("%s… (%d bytes)", body[:most], len(body))
}
