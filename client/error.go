package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Error is what the gateway refused, and why (RFC 9457). Branch on Code; show Detail to yourself; give RequestID to
// whoever runs the gateway.
type Error struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Param     string `json:"param"`
	RequestID string `json:"request_id"`
	// RetryAfter is how long the gateway asks to wait; zero when it does not say.
	RetryAfter time.Duration `json:"-"`
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%d %s: %s (request %s)", e.Status, e.Code, e.Detail, e.RequestID)
}

// Temporary tells whether the same request may get another answer later: its first sending still runs, a limit is
// reached, or something is broken on the gateway's side.
func (e *Error) Temporary() bool {
	return e.Code == "idempotency_in_progress" || e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError
}

// AsError returns the gateway's refusal in err's chain.
func AsError(err error) (*Error, bool) { return errors.AsType[*Error](err) }

func newError(response *http.Response, body []byte) *Error {
	refused := &Error{}
	if json.Unmarshal(body, refused) != nil || refused.Code == "" { // a proxy's page, not the gateway's answer
		refused = &Error{Title: http.StatusText(response.StatusCode), Detail: "the answer is not a problem document"}
	}
	refused.Status, refused.RetryAfter = response.StatusCode, retryAfter(response.Header)
	if refused.RequestID == "" {
		refused.RequestID = response.Header.Get("X-Request-Id")
	}
	return refused
}
