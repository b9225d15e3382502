// Package processor is the gateway's only door to the bank: the Acquirer interface, checks of what a
// customer pays with, and a Simulator that stands in for a bank and keeps books of its own.
//
// Money is lost or doubled between two systems when one of them guesses what the other did. So
// every operation carries a reference that the caller has stored before the call, and an acquirer
// that stays silent has left the operation unknown, never failed: the caller looks the reference up.
package processor

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Acquirer moves the money. An adapter for a real one has to keep these promises, which
// package acquirertest checks:
//
//   - A reference names one operation for ever. The same request under the same reference is
//     executed once, however often and however concurrently it arrives, and always gets the same
//     answer, save that requires_action later becomes approved or declined.
//   - Another operation, payment, amount or currency under a known reference is ErrRejected.
//   - It never captures more than was authorized, and only once; never refunds more than was
//     captured in total; never cancels what is captured. What asks for it is declined.
//   - A declined operation is a Result, not an error. An error is ErrNoAnswer, ErrUnavailable or
//     ErrRejected; one that is none of these counts as ErrNoAnswer.
//   - A context that ends while the request is under way is ErrNoAnswer, unless it is certain that
//     nothing was executed.
//
// Amounts are in minor units of Currency. All methods may be called concurrently.
type Acquirer interface {
	// Tokenize exchanges a card for a token, so that nothing behind the API ever holds a number. A card
	// that cannot be charged is a *fault.Error, invalid_card or expired_card, whose Param is the member
	// at fault (card.number, card.exp_month, card.exp_year, card.cvc) and whose text holds nothing
	// of the card. A token may be charged any number of times.
	Tokenize(ctx context.Context, card Card) (CardToken, error)

	// Authorize asks for the money: held for a later Capture, or with AuthorizeRequest.Capture taken at
	// once. Where the customer has to act first the Result is requires_action with an ActionURL;
	// asking again, or Lookup, tells how that ended.
	Authorize(ctx context.Context, req AuthorizeRequest) (Result, error)

	// Capture takes held money, all or part of it. What it leaves is released: there is one approved
	// capture for a payment.
	Capture(ctx context.Context, req CaptureRequest) (Result, error)

	// Cancel releases held money, or ends a payment that still waits for the customer.
	Cancel(ctx context.Context, req CancelRequest) (Result, error)

	// Refund gives captured money back, all or part of it, in as many refunds as fit.
	Refund(ctx context.Context, req RefundRequest) (Result, error)

	// Lookup tells what became of an operation, without executing anything. StatusNotFound says that it
	// has not happened so far. It can still happen while a request is on its way, so the caller
	// must not write the operation off: it repeats the request, under the same reference.
	Lookup(ctx context.Context, reference string) (Result, error)
}

// What an Acquirer fails with; compare with errors.Is.
var (
	// ErrNoAnswer leaves it open whether the operation was executed. Only Lookup, or the same request
	// again, can tell.
	ErrNoAnswer = errors.New("the acquirer gave no answer: the operation may or may not have happened")

	// ErrUnavailable says that the request surely changed nothing. It may be repeated at any time.
	ErrUnavailable = errors.New("the acquirer is unavailable: the operation was not executed")

	// ErrRejected says that the request contradicts itself or an earlier one under its reference. It
	// changed nothing and never will; repeating it is pointless. It means a defect on our side.
	ErrRejected = errors.New("the acquirer rejected the request")
)

// Method is how the customer pays.
type Method string

// The methods; MethodUnspecified is what an API caller means who names only an amount.
const (
	MethodUnspecified Method = ""
	MethodCard        Method = "card"
	MethodUPI         Method = "upi"
	MethodNetbanking  Method = "netbanking"
)

// Status is what became of an operation.
type Status string

// The statuses of a Result.
const (
	// StatusApproved and StatusDeclined are final.
	StatusApproved Status = "approved"
	StatusDeclined Status = "declined"
	// StatusRequiresAction waits for the customer, at Result.ActionURL.
	StatusRequiresAction Status = "requires_action"
	// StatusNotFound is the acquirer knowing no such operation, or for a capture, cancel or refund no
	// such payment. Nothing is booked, so a later answer may differ.
	StatusNotFound Status = "not_found"
)

// AuthorizeRequest asks for money.
type AuthorizeRequest struct {
	// Reference is the id of the payment.
	Reference string
	Amount    int64
	Currency  string
	// Capture takes the money at once (a sale) instead of holding it.
	Capture bool
	// Method decides which of the next three is needed; MethodUnspecified needs none.
	Method Method
	Token  string
	VPA    string
	Bank   string
}

// CaptureRequest takes held money.
type CaptureRequest struct {
	Reference string
	// PaymentReference is the Reference of the AuthorizeRequest.
	PaymentReference string
	Amount           int64
}

// CancelRequest releases held money.
type CancelRequest struct {
	Reference        string
	PaymentReference string
}

// RefundRequest gives captured money back.
type RefundRequest struct {
	// Reference is the id of the refund.
	Reference        string
	PaymentReference string
	Amount           int64
}

// Result is an acquirer's answer.
type Result struct {
	Status Status
	// Code says why an operation was declined, in words that a program can compare; else empty.
	Code string
	// Message says the same in a sentence that a merchant may read; else empty.
	Message string
	// ActionURL is where to send the customer when Status is StatusRequiresAction; else empty.
	ActionURL string
	// Amount of the operation in minor units; zero when Status is StatusNotFound.
	Amount int64
}

// maxReferenceLength is generous; our ids are half as long.
const maxReferenceLength = 128

func (r AuthorizeRequest) validate() error {
	if err := validateOperation(r.Reference, r.Reference, r.Amount); err != nil {
		return err
	}
	if len(r.Currency) != 3 || strings.Trim(r.Currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return fmt.Errorf("%w: %q is no currency", ErrRejected, r.Currency)
	}
	var instrument string
	switch r.Method {
	case MethodUnspecified:
		return nil
	case MethodCard:
		instrument = r.Token
	case MethodUPI:
		instrument = r.VPA
	case MethodNetbanking:
		instrument = r.Bank
	default:
		return fmt.Errorf("%w: unknown method %q", ErrRejected, r.Method)
	}
	if instrument == "" {
		return fmt.Errorf("%w: method %q without its instrument", ErrRejected, r.Method)
	}
	return nil
}

func validateOperation(reference, paymentReference string, amount int64) error {
	switch {
	case reference == "" || len(reference) > maxReferenceLength:
		return fmt.Errorf("%w: the reference must have 1 to %d bytes", ErrRejected, maxReferenceLength)
	case paymentReference == "" || len(paymentReference) > maxReferenceLength:
		return fmt.Errorf("%w: the payment's reference must have 1 to %d bytes", ErrRejected, maxReferenceLength)
	case amount <= 0:
		return fmt.Errorf("%w: the amount must be positive", ErrRejected)
	}
	return nil
}
