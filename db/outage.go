package db

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"

	"paygate/fault"
)

// PublicError is what a caller may see of err: the public error inside it, or an internal one. A database
// that is away, full or busy is no defect of ours: the caller is told so, and that trying again is the right thing to do.
func PublicError(err error) *fault.Error {
	if fault.CodeOf(err) != fault.Internal {
		return fault.From(err)
	}
	switch outageOf(err) {
	case nothingDone:
		return fault.New(fault.Unavailable, "The database does not answer. Nothing was done; try again in a second.").After(time.Second).Because(err)
	case notKnown:
		return fault.New(fault.Unavailable, "The database stopped answering, and whether this was done is not known. Ask for it before trying again, or try again with the same Idempotency-Key.").
			After(time.Second).Because(err)
	case none:
	}
	return fault.From(err)
}

// outage is what an error says about the database.
type outage int

const (
	none outage = iota
	// nothingDone: it cannot serve, and what was asked is not done.
	nothingDone
	// notKnown: it went away while it was asked; a COMMIT may have been carried out.
	notKnown
)

func outageOf(err error) outage {
	// First, since what the server said when it refused a connection is inside.
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return nothingDone
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch code := refused.Code; {
		case pgerrcode.IsInsufficientResources(code), // disk full, out of memory, no connection left
			pgerrcode.IsSystemError(code),            // input/output error
			code == pgerrcode.ReadOnlySQLTransaction, // it has become a standby
			code == pgerrcode.SerializationFailure,   // and these two: others were first
			code == pgerrcode.DeadlockDetected,       //
			code == pgerrcode.LockNotAvailable,       // the bound on a wait for others
			code == pgerrcode.QueryCanceled,          // the bound on a statement
			code == pgerrcode.CannotConnectNow:       // it is starting or stopping
			return nothingDone
		case code == pgerrcode.AdminShutdown, code == pgerrcode.CrashShutdown, code == pgerrcode.IdleInTransactionSessionTimeout:
			return notKnown
		}
		return none
	}
	if pgconn.SafeToRetry(err) {
		return nothingDone
	}
	_, network := errors.AsType[net.Error](err)
	if network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded) {
		return notKnown
	}
	return none
}
