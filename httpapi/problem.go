package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"paygate/db"
	"paygate/fault"
	"paygate/wire"
)

const (
	typeJSON    = "application/json"
	typeProblem = "application/problem+json" // RFC 9457
)

// statuses is the one place where a domain error becomes an HTTP status.
var statuses = map[fault.Code]int{
	fault.MalformedJSON:        http.StatusBadRequest,
	fault.DuplicateField:       http.StatusBadRequest,
	fault.UnknownField:         http.StatusBadRequest,
	fault.MissingField:         http.StatusBadRequest,
	fault.InvalidType:          http.StatusBadRequest,
	fault.InvalidValue:         http.StatusBadRequest,
	fault.InvalidAmount:        http.StatusBadRequest,
	fault.UnknownCurrency:      http.StatusBadRequest,
	fault.InvalidCard:          http.StatusBadRequest,
	fault.ExpiredCard:          http.StatusBadRequest,
	fault.InvalidVPA:           http.StatusBadRequest,
	fault.UnknownBank:          http.StatusBadRequest,
	fault.InvalidCursor:        http.StatusBadRequest,
	fault.InvalidParameter:     http.StatusBadRequest,
	fault.InvalidIdempotency:   http.StatusBadRequest,
	fault.OrderMismatch:        http.StatusBadRequest,
	fault.CredentialsMissing:   http.StatusUnauthorized,
	fault.CredentialsInvalid:   http.StatusUnauthorized,
	fault.Forbidden:            http.StatusForbidden,
	fault.NotFound:             http.StatusNotFound,
	fault.RouteNotFound:        http.StatusNotFound,
	fault.MethodNotAllowed:     http.StatusMethodNotAllowed,
	fault.OrderPaid:            http.StatusConflict,
	fault.OrderBusy:            http.StatusConflict,
	fault.PaymentNotRefundable: http.StatusConflict,
	fault.PaymentNotCapturable: http.StatusConflict,
	fault.PaymentNotCancelable: http.StatusConflict,
	fault.EndpointDisabled:     http.StatusConflict,
	fault.IdempotencyRunning:   http.StatusConflict,
	fault.BodyTooLarge:         http.StatusRequestEntityTooLarge,
	fault.UnsupportedMediaType: http.StatusUnsupportedMediaType,
	fault.IdempotencyReused:    http.StatusUnprocessableEntity,
	fault.RefundTooLarge:       http.StatusUnprocessableEntity,
	fault.CaptureTooLarge:      http.StatusUnprocessableEntity,
	fault.URLRefused:           http.StatusUnprocessableEntity,
	fault.RateLimited:          http.StatusTooManyRequests,
	fault.Internal:             http.StatusInternalServerError,
	fault.Overloaded:           http.StatusServiceUnavailable,
	fault.Unavailable:          http.StatusServiceUnavailable,
}

func statusOf(code fault.Code) int {
	if status, known := statuses[code]; known {
		return status
	}
	return http.StatusInternalServerError
}

// problem is the body of every error (RFC 9457), with what a client needs beside it.
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

// origin is what a problem says of its request. It outlives the request: an answer may still be rendered, to be
// remembered, when its caller has left and Gin has given the request's context to another one.
type origin struct{ instance, requestID string }

func originOf(c *gin.Context) origin {
	return origin{instance: c.Request.URL.EscapedPath(), requestID: requestID(c)}
}

// problem gives the status and body of an error. What is none of our public errors shows
// as an internal one, without a word of its text.
func (o origin) problem(err error) (status int, body []byte) {
	public := db.PublicError(err)
	status = statusOf(public.Code)
	return status, encode(problem{
		Type: "/docs/errors#" + string(public.Code), Title: http.StatusText(status), Status: status, Detail: public.Message,
		Instance: o.instance, Code: public.Code, Param: public.Param, RequestID: o.requestID,
	})
}

// encode renders one of our own resources. All of what they hold was checked on its way in, so
// a failure is a defect: it panics, and undoes the transaction that it happens in.
func encode(resource any) []byte {
	body, err := wire.Encode(resource)
	if err != nil {
		panic(err)
	}
	return body
}
