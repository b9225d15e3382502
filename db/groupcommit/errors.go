package groupcommit

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"paygate/fault"
)

// The reasons that a caller may have to tell apart, for errors.Is. What Do returns is
// a *fault.Error around them, fit to be shown.
var (
	// ErrClosed: the group is shutting down; the item was not applied.
	ErrClosed = errors.New("group is closed")
	// ErrFull: MaxQueue items are waiting already; the item was not applied.
	ErrFull = errors.New("queue is full")
	// ErrUnknown: the item may have been committed or not. It comes with its cause,
	// the context's error or the connection's.
	ErrUnknown = errors.New("outcome is unknown")
)

// PanicError is a panic in Apply or AfterCommit.
type PanicError struct {
	Value any
	// Stack is the panicking goroutine's, as of debug.Stack.
	Stack []byte
}

func newPanicError(value any) *PanicError {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// Error includes the stack: it is for logs, which see the text alone.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Unwrap gives the value to errors.Is and errors.As when it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// errGoexit is what a test's FailNow inside Apply, say, amounts to.
var errGoexit = errors.New("apply ended its goroutine")

// errTooLong is what left says of an item that has waited for MaxWait.
var errTooLong = errors.New("it waited too long")

// unknown is for an item that was taken, and whose outcome its caller will not learn here.
func (g *Group[In, Out]) unknown(cause error) error {
	return fault.New(fault.Unavailable, "The outcome is not known. Ask for it before trying again, or try again with the same Idempotency-Key.").
		After(time.Second).
		Because(named(g.opts.Name, fmt.Errorf("%w: %w", ErrUnknown, cause)))
}

// left is for an item that was never taken.
func (g *Group[In, Out]) left(cause error) error {
	return fault.New(fault.Overloaded, "The request waited too long and was not begun. Try again in a second.").
		After(time.Second).
		Because(named(g.opts.Name, fmt.Errorf("error waiting for a transaction: %w", cause)))
}

// unavailable is for items that were rolled back for a reason that lies in no item.
func (g *Group[In, Out]) unavailable(cause error) error {
	return fault.New(fault.Unavailable, "The database did not take the request, and nothing of it was done. Try again in a second.").
		After(time.Second).
		Because(named(g.opts.Name, cause))
}

func named(name string, err error) error {
	if name == "" {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}
