package checkout

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"paygate/db"
	"paygate/fault"
	"paygate/wire"
)

// problem is the body of every error (RFC 9457), in the form that the API gives it.
type problem struct {
	Type      string     `json:"type"`
	Title     string     `json:"title"`
	Status    int        `json:"status"`
	Detail    string     `json:"detail"`
	Instance  string     `json:"instance"`
	Code      fault.Code `json:"code"`
	Param     string     `json:"param,omitzero"`
	RequestID string     `json:"request_id"`
}

// statusOf maps what can happen here; what was asked wrongly is the rest.
func statusOf(code fault.Code) int {
	switch code { //nolint:exhaustive // most codes are of one kind, or never come up here
	case fault.CredentialsMissing, fault.CredentialsInvalid:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound, fault.RouteNotFound:
		return http.StatusNotFound
	case fault.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case fault.OrderPaid, fault.OrderBusy, fault.IdempotencyRunning:
		return http.StatusConflict
	case fault.BodyTooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.UnsupportedMediaType:
		return http.StatusUnsupportedMediaType
	case fault.IdempotencyReused:
		return http.StatusUnprocessableEntity
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Overloaded, fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

func renderProblem(c *gin.Context, err error) (status int, body []byte) {
	public := db.PublicError(err)
	status = statusOf(public.Code)
	return status, encode(problem{
		Type: "/docs/errors#" + string(public.Code), Title: http.StatusText(status), Status: status, Detail: public.Message,
		Instance: c.Request.URL.EscapedPath(), Code: public.Code, Param: public.Param, RequestID: requestID(c),
	})
}

// encode renders one of our own resources; a failure is a defect.
func encode(resource any) []byte {
	body, err := wire.Encode(resource)
	if err != nil {
		panic(err)
	}
	return body
}

// refuse answers with an error; what is our own failure goes into the log.
func refuse(c *gin.Context, err error) {
	public := db.PublicError(err)
	c.Set(keyCode, public.Code)
	if public.RetryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(int((public.RetryAfter+time.Second-1)/time.Second)))
	}
	status, body := renderProblem(c, err)
	if status >= http.StatusInternalServerError {
		_ = c.Error(err) // the canonical log line takes it from there
	}
	c.Header("Cache-Control", "no-store")
	c.Data(status, "application/problem+json", body)
}

// recovered answers a panic like any failure of ours, with the stack in the log alone.
func (s *Server) recovered(c *gin.Context, value any) {
	refuse(c, fmt.Errorf("panic: %v\n%s", value, debug.Stack()))
	c.Abort()
}
