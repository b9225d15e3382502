package processor

import (
	"slices"
	"strings"
)

// Outcome is what the simulator makes of an instrument.
type Outcome string

// The outcomes. Those that decline are named by the code that they decline with.
const (
	// OutcomeOrdinary is every instrument without a fixed outcome: the method's success rate decides.
	OutcomeOrdinary Outcome = "ordinary"
	// OutcomeSuccess is approved whatever the rates are.
	OutcomeSuccess Outcome = "success"
	// OutcomeRequiresAction sends the customer to Config.ActionURL first.
	OutcomeRequiresAction Outcome = "requires_action"
	// OutcomeSlow is approved after Config.SlowLatency.
	OutcomeSlow Outcome = "slow"
	// OutcomeTimeoutCharged is approved, and the first answer is lost.
	OutcomeTimeoutCharged Outcome = "timeout_charged"
	// OutcomeTimeoutNotCharged loses the first request; the second is approved.
	OutcomeTimeoutNotCharged Outcome = "timeout_not_charged"
	// OutcomeAnsweredTwice is approved, and announced by Config.Notify as well.
	OutcomeAnsweredTwice Outcome = "answered_twice"
	// OutcomeRefundFails is approved, and refunds of it are declined.
	OutcomeRefundFails Outcome = "refund_fails"
	// OutcomeRefundTimeout is approved; the first answer to each of its refunds is lost.
	OutcomeRefundTimeout Outcome = "refund_timeout"

	OutcomeCardDeclined      Outcome = CodeCardDeclined
	OutcomeInsufficientFunds Outcome = CodeInsufficientFunds
	OutcomeLostCard          Outcome = CodeLostCard
	OutcomeStolenCard        Outcome = CodeStolenCard
	OutcomeExpiredCard       Outcome = CodeExpiredCard
	OutcomeIncorrectCVC      Outcome = CodeIncorrectCVC
	OutcomeProcessingError   Outcome = CodeProcessingError
	OutcomePaymentDeclined   Outcome = CodePaymentDeclined
)

// The codes that the simulator declines with.
const (
	CodeCardDeclined         = "card_declined"
	CodeInsufficientFunds    = "insufficient_funds"
	CodeLostCard             = "lost_card"
	CodeStolenCard           = "stolen_card"
	CodeExpiredCard          = "expired_card"
	CodeIncorrectCVC         = "incorrect_cvc"
	CodeProcessingError      = "processing_error"
	CodePaymentDeclined      = "payment_declined"
	CodeInvalidToken         = "invalid_token"
	CodeAuthenticationFailed = "authentication_failed"

	CodePaymentNotApproved      = "payment_not_approved"
	CodePaymentNotCaptured      = "payment_not_captured"
	CodePaymentCanceled         = "payment_canceled"
	CodeAlreadyCaptured         = "already_captured"
	CodeAmountExceedsAuthorized = "amount_exceeds_authorized"
	CodeAmountExceedsCaptured   = "amount_exceeds_captured"
	CodeRefundFailed            = "refund_failed"
)

var codeMessages = map[string]string{
	CodeCardDeclined:         "The bank declined the card and gave no reason.",
	CodeInsufficientFunds:    "The account does not cover the amount.",
	CodeLostCard:             "The card was reported lost.",
	CodeStolenCard:           "The card was reported stolen.",
	CodeExpiredCard:          "The bank says that the card has expired.",
	CodeIncorrectCVC:         "The card's security code is wrong.",
	CodeProcessingError:      "The bank could not process the payment. It may work later.",
	CodePaymentDeclined:      "The customer's bank declined the payment.",
	CodeInvalidToken:         "The acquirer does not know this card token.",
	CodeAuthenticationFailed: "The customer did not pass the bank's check.",

	CodePaymentNotApproved:      "The payment was not approved.",
	CodePaymentNotCaptured:      "Nothing of the payment was captured.",
	CodePaymentCanceled:         "The payment was canceled.",
	CodeAlreadyCaptured:         "The payment is captured already.",
	CodeAmountExceedsAuthorized: "The amount is more than was authorized.",
	CodeAmountExceedsCaptured:   "The amount is more than is left to refund.",
	CodeRefundFailed:            "The customer's bank did not take the refund.",
}

// TestInstrument is something to pay with whose outcome is fixed.
type TestInstrument struct {
	Method Method
	// Value is the card's number, the UPI address or the bank's code. For UPI, what stands before the @
	// decides and any provider will do.
	Value   string
	Outcome Outcome
	// Description is for the reader of the documents.
	Description string
}

// TestInstruments lists what the simulator knows by heart, for documents and examples. A card works
// with any security code of the right length and any date to come.
func TestInstruments() []TestInstrument { return slices.Clone(testInstruments) }

// The numbers up to 3-D Secure are those that developers know from Stripe's documents, the refund
// that fails as well; the other faults have no known numbers and were given some.
var testInstruments = []TestInstrument{
	{MethodCard, "4242424242424242", OutcomeSuccess, "Visa, succeeds"},
	{MethodCard, "5555555555554444", OutcomeSuccess, "Mastercard, succeeds"},
	{MethodCard, "2223003122003222", OutcomeSuccess, "Mastercard of the 2-series, succeeds"},
	{MethodCard, "378282246310005", OutcomeSuccess, "American Express (four-digit security code), succeeds"},
	{MethodCard, "6074300000000002", OutcomeSuccess, "RuPay, succeeds"},
	{MethodCard, "6011111111111117", OutcomeSuccess, "Discover, succeeds"},
	{MethodCard, "3056930009020004", OutcomeSuccess, "Diners Club, succeeds"},
	{MethodCard, "3566002020360505", OutcomeSuccess, "JCB, succeeds"},
	{MethodCard, "4000000000000002", OutcomeCardDeclined, "Declined without a reason"},
	{MethodCard, "4000000000009995", OutcomeInsufficientFunds, "Declined: insufficient funds"},
	{MethodCard, "4000000000009987", OutcomeLostCard, "Declined: reported lost"},
	{MethodCard, "4000000000009979", OutcomeStolenCard, "Declined: reported stolen"},
	{MethodCard, "4000000000000069", OutcomeExpiredCard, "Declined: expired"},
	{MethodCard, "4000000000000127", OutcomeIncorrectCVC, "Declined: wrong security code"},
	{MethodCard, "4000000000000119", OutcomeProcessingError, "Declined: processing error"},
	{MethodCard, "4000002760003184", OutcomeRequiresAction, "3-D Secure: the customer has to approve first"},
	{MethodCard, "4000000000005126", OutcomeRefundFails, "Succeeds; its refunds fail"},
	{MethodCard, "4000000000001000", OutcomeSlow, "Succeeds after a long while"},
	{MethodCard, "4000000000001018", OutcomeTimeoutCharged, "The acquirer does not answer, but the customer is charged"},
	{MethodCard, "4000000000001026", OutcomeTimeoutNotCharged, "The acquirer does not answer, and the customer is not charged until it is asked again"},
	{MethodCard, "4000000000001034", OutcomeAnsweredTwice, "Succeeds, and the answer arrives twice"},
	{MethodCard, "4000000000001042", OutcomeRefundTimeout, "Succeeds; the acquirer does not answer when it refunds"},

	{MethodUPI, "success@upi", OutcomeSuccess, "Succeeds"},
	{MethodUPI, "failure@upi", OutcomePaymentDeclined, "Declined"},
	{MethodUPI, "insufficient-funds@upi", OutcomeInsufficientFunds, "Declined: insufficient funds"},
	{MethodUPI, "slow@upi", OutcomeSlow, "Succeeds after a long while"},
	{MethodUPI, "timeout-charged@upi", OutcomeTimeoutCharged, "The acquirer does not answer, but the customer is charged"},
	{MethodUPI, "timeout@upi", OutcomeTimeoutNotCharged, "The acquirer does not answer, and the customer is not charged until it is asked again"},
	{MethodUPI, "twice@upi", OutcomeAnsweredTwice, "Succeeds, and the answer arrives twice"},
	{MethodUPI, "refund-fails@upi", OutcomeRefundFails, "Succeeds; its refunds fail"},
	{MethodUPI, "refund-timeout@upi", OutcomeRefundTimeout, "Succeeds; the acquirer does not answer when it refunds"},

	{MethodNetbanking, "SUCCESS", OutcomeSuccess, "Succeeds"},
	{MethodNetbanking, "FAILURE", OutcomePaymentDeclined, "Declined"},
	{MethodNetbanking, "REDIRECT", OutcomeRequiresAction, "The customer has to approve at the bank first"},
}

// outcomeOf finds the outcome of a value that TestInstrument.Value describes.
func outcomeOf(method Method, value string) Outcome {
	if outcome, fixed := fixedOutcomes[instrumentKey(method, value)]; fixed {
		return outcome
	}
	return OutcomeOrdinary
}

var fixedOutcomes = func() map[string]Outcome {
	out := make(map[string]Outcome, len(testInstruments))
	for _, t := range testInstruments {
		out[instrumentKey(t.Method, t.Value)] = t.Outcome
	}
	return out
}()

// instrumentKey keeps of a value what decides.
func instrumentKey(method Method, value string) string {
	if method == MethodUPI {
		name, _, _ := strings.Cut(value, "@")
		value = strings.ToLower(name)
	}
	return string(method) + ":" + value
}
