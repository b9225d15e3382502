package payments

import "slices"

// cause is why a payment changes its state.
type cause string

// The causes of changes.
const (
	// causeBegin: a worker takes the payment up, and is about to ask the acquirer.
	causeBegin cause = "begin"
	// causeAnswer: the acquirer says what became of the charge.
	causeAnswer cause = "answer"
	// causeResume: the acquirer says that the customer has acted.
	causeResume cause = "resume"
	// causeCapture: the acquirer answers to a capture that was decided.
	causeCapture cause = "capture"
	// causeCancel: the acquirer answers to a cancellation that was decided, by the merchant or because
	// the payment waited too long.
	causeCancel cause = "cancel"
)

// transition is one change of state that may happen.
type transition struct {
	from, to Status
	cause    cause
}

// transitions is the whole state machine of a payment. What is not here cannot happen: the guards of
// the statements in queries/payments.sql say the same, and a test compares the two by trying
// everything. docs/states.md is drawn from it.
var transitions = []transition{
	{Pending, Processing, causeBegin},

	{Processing, Success, causeAnswer},
	{Processing, Authorized, causeAnswer},
	{Processing, Failed, causeAnswer},
	{Processing, RequiresAction, causeAnswer},

	{RequiresAction, Processing, causeResume},
	// A worker that asks before the news of the customer's step arrives need not wait for it.
	{RequiresAction, Success, causeAnswer},
	{RequiresAction, Authorized, causeAnswer},
	{RequiresAction, Failed, causeAnswer},

	{Authorized, Success, causeCapture},
	{Authorized, Failed, causeCapture}, // the bank let the hold lapse

	{Authorized, Canceled, causeCancel},
	{Authorized, Failed, causeCancel},
	{RequiresAction, Canceled, causeCancel},
	{RequiresAction, Failed, causeCancel},  // the customer failed the bank's check first
	{RequiresAction, Success, causeCancel}, // the customer paid first
}

// may tells whether a payment may go from one state to the other for this cause.
func may(from, to Status, why cause) bool {
	return slices.Contains(transitions, transition{from, to, why})
}

// leaves tells whether the cause can move a payment out of the state at all.
func (c cause) leaves(from Status) bool {
	return slices.ContainsFunc(transitions, func(t transition) bool { return t.from == from && t.cause == c })
}
