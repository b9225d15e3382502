// Package fault is the one error type that crosses package borders towards a
// caller of Paygate: a stable code, a sentence that says how to mend it, and the
// field at fault. It knows nothing of HTTP; httpapi maps a code to a status.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Code is the stable, documented name of a failure. Clients branch on it, so a
// code is never renamed or reused.
type Code string

// The codes, grouped by what a caller can do about them.
const (
	// The request itself has to change.
	MalformedJSON        Code = "malformed_json"
	DuplicateField       Code = "duplicate_field"
	UnknownField         Code = "unknown_field"
	MissingField         Code = "missing_field"
	InvalidType          Code = "invalid_type"
	InvalidValue         Code = "invalid_value"
	InvalidAmount        Code = "invalid_amount"
	UnknownCurrency      Code = "unknown_currency"
	InvalidCard          Code = "invalid_card"
	ExpiredCard          Code = "expired_card"
	InvalidVPA           Code = "invalid_vpa"
	UnknownBank          Code = "unknown_bank"
	InvalidCursor        Code = "invalid_cursor"
	InvalidParameter     Code = "invalid_parameter"
	InvalidIdempotency   Code = "invalid_idempotency_key"
	BodyTooLarge         Code = "body_too_large"
	UnsupportedMediaType Code = "unsupported_media_type"
	RouteNotFound        Code = "route_not_found"
	MethodNotAllowed     Code = "method_not_allowed"

	// The caller is not who it must be.
	CredentialsMissing Code = "credentials_missing"
	CredentialsInvalid Code = "credentials_invalid"
	Forbidden          Code = "forbidden"

	// The state of things forbids it.
	NotFound             Code = "not_found"
	OrderPaid            Code = "order_already_paid"
	OrderBusy            Code = "order_payment_in_progress"
	OrderMismatch        Code = "order_mismatch"
	PaymentNotRefundable Code = "payment_not_refundable"
	PaymentNotCapturable Code = "payment_not_capturable"
	PaymentNotCancelable Code = "payment_not_cancelable"
	RefundTooLarge       Code = "refund_exceeds_available"
	CaptureTooLarge      Code = "capture_exceeds_authorized"
	EndpointDisabled     Code = "endpoint_disabled"
	URLRefused           Code = "url_refused"
	IdempotencyReused    Code = "idempotency_key_reused"
	IdempotencyRunning   Code = "idempotency_in_progress"

	// Try again later.
	RateLimited Code = "rate_limited"
	Overloaded  Code = "overloaded"
	Unavailable Code = "unavailable"

	// Ours alone; the text never leaves the log.
	Internal Code = "internal"
)

// Error is a failure that may be shown to the caller as it is.
type Error struct {
	Code Code
	// Message is public: it names what is wrong and how to mend it.
	Message string
	// Param is the field, query parameter or header at fault, in the form the
	// caller wrote it (`card.number`, `limit`); empty when no single one is.
	Param string
	// RetryAfter tells when trying again makes sense; zero when it does not.
	RetryAfter time.Duration

	cause error
}

// New returns an Error with a public message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// On returns an Error about one field of the request.
func On(code Code, param, format string, args ...any) *Error {
	return &Error{Code: code, Param: param, Message: fmt.Sprintf(format, args...)}
}

// Because keeps the internal reason for the log; it is never shown.
func (e *Error) Because(cause error) *Error {
	out := *e
	out.cause = cause
	return &out
}

// After says when to try again.
func (e *Error) After(d time.Duration) *Error {
	out := *e
	out.RetryAfter = d
	return &out
}

// Error is for logs: it includes the cause.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Message
	if e.Param != "" {
		text += " (" + e.Param + ")"
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap gives the internal reason to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, fault.New(code, "")) compare by code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Code == e.Code
}

// From returns the public error inside err. Anything that is none of ours is an
// internal failure, whose text stays out of the answer.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return New(Internal, "Something failed on our side. The request id identifies it in our logs.").Because(err)
}

// CodeOf is the code of err, Internal for one that is none of ours, and empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return From(err).Code
}
