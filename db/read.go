package db

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5/pgconn"
)

// Broken tells whether err is that of a connection that broke, or was ended by its server, while another one may
// work: a pool holds connections of a Postgres that was restarted. What was being done may have been done.
func Broken(err error) bool {
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pgErr.Code {
		case pgerrcode.AdminShutdown, pgerrcode.CrashShutdown, pgerrcode.CannotConnectNow, pgerrcode.IdleSessionTimeout:
			return true
		}
		return pgerrcode.IsConnectionException(pgErr.Code)
	}
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

// readTries is how often Read reads at most: under load a restart of Postgres breaks several of a pool's
// connections.
const readTries = 3

// Read reads, and reads again when the connection broke. It is for what changes nothing.
func Read[T any](ctx context.Context, read func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		value, err := read()
		if err == nil || try == readTries || !Broken(err) || ctx.Err() != nil {
			return value, err
		}
	}
}
