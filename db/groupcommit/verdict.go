package groupcommit

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// verdict is what became of a transaction, and what to do about it.
type verdict int

const (
	committed verdict = iota
	// unknown: COMMIT was sent, and no answer came that can be believed.
	unknown
	// again: rolled back for a reason that lies in no item.
	again
	// halve: rolled back for a reason that may lie in one item.
	halve
	// hopeless: rolled back, and neither repeating nor halving will help.
	hopeless
)

// afterBegin judges a Begin that failed. BEGIN changes nothing, so that even a lost
// answer is safe to repeat: a pool may hold a connection that the server has closed.
// Not to get a new connection, though, means that there is no server.
func afterBegin(ctx context.Context, err error) verdict {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || ctx.Err() != nil {
		return hopeless
	}
	return again
}

// afterApply judges an error from Apply. COMMIT was not sent, so nothing was written,
// whatever state the connection is in.
func afterApply(ctx context.Context, tx pgx.Tx, err error) verdict {
	if ctx.Err() != nil {
		return hopeless
	}
	// The connection is asked, not the error, which Apply may have replaced.
	if conn := tx.Conn(); conn != nil && conn.IsClosed() {
		return again
	}
	return byCode(err)
}

// afterCommit judges what Commit returned.
//
// Postgres reports ERROR only before the commit record is written; from there on it
// panics instead. FATAL comes from outside (an administrator, a shutdown) at a moment
// that cannot be told, so it proves nothing. Neither does a broken connection, unless
// COMMIT did not leave this process.
func afterCommit(ctx context.Context, err error) verdict {
	if err == nil {
		return committed
	}
	pgErr, isPgErr := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(err, pgx.ErrTxCommitRollback): // Apply hid the failure of a statement
		return halve
	case isPgErr && severity(pgErr) == "ERROR":
		return byCode(err)
	case pgconn.SafeToRetry(err) && ctx.Err() != nil:
		return hopeless
	case pgconn.SafeToRetry(err):
		return again
	default:
		return unknown
	}
}

// byCode judges an error that came while the connection was sound.
func byCode(err error) verdict {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return halve
	}
	switch code := pgErr.Code; {
	case code == pgerrcode.SerializationFailure, code == pgerrcode.DeadlockDetected:
		return again
	case code == pgerrcode.ReadOnlySQLTransaction, // the server has become a standby
		pgerrcode.IsInsufficientResources(code), // disk full, out of memory
		pgerrcode.IsSystemError(code):           // input/output error
		return hopeless
	default:
		return halve
	}
}

// severity is the untranslated one, which servers before 9.6 do not send.
func severity(err *pgconn.PgError) string {
	if err.SeverityUnlocalized != "" {
		return err.SeverityUnlocalized
	}
	return strings.ToUpper(err.Severity)
}
