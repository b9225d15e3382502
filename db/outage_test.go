package db_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/fault"
)

func TestPublicError(t *testing.T) {
	t.Parallel()
	refusal := fault.New(fault.NotFound, "There is no such thing.")
	for name, tt := range map[string]struct {
		err  error
		code fault.Code
	}{
		"Refusal":            {refusal, fault.NotFound},
		"DiskFull":           {&pgconn.PgError{Code: pgerrcode.DiskFull}, fault.Unavailable},
		"NoConnections":      {&pgconn.PgError{Code: pgerrcode.TooManyConnections}, fault.Unavailable},
		"Standby":            {&pgconn.PgError{Code: pgerrcode.ReadOnlySQLTransaction}, fault.Unavailable},
		"Starting":           {&pgconn.PgError{Code: pgerrcode.CannotConnectNow}, fault.Unavailable},
		"Stopping":           {&pgconn.PgError{Code: pgerrcode.AdminShutdown}, fault.Unavailable},
		"Crashed":            {&pgconn.PgError{Code: pgerrcode.CrashShutdown}, fault.Unavailable},
		"LineReset":          {&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, fault.Unavailable},
		"LineClosed":         {io.ErrUnexpectedEOF, fault.Unavailable},
		"TooSlow":            {context.DeadlineExceeded, fault.Unavailable},
		"CallerLeft":         {context.Canceled, fault.Internal},
		"UniqueViolation":    {&pgconn.PgError{Code: pgerrcode.UniqueViolation}, fault.Internal},
		"DivisionByZero":     {&pgconn.PgError{Code: pgerrcode.DivisionByZero}, fault.Internal},
		"NoRows":             {pgx.ErrNoRows, fault.Internal},
		"SomethingElse":      {errors.New("a defect"), fault.Internal},
		"InternalWithOutage": {fault.New(fault.Internal, "It failed.").Because(io.EOF), fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			public := db.PublicError(fmt.Errorf("error doing something: %w", tt.err))
			require.Equal(t, tt.code, public.Code)
			if tt.code == fault.Unavailable {
				require.Equal(t, time.Second, public.RetryAfter)
				require.ErrorIs(t, public, tt.err, "the log shows why")
			}
		})
	}
}

// A database that takes no connections says so with a code that by itself would be a defect of ours.
func TestPublicErrorOfRefusedConnection(t *testing.T) {
	t.Parallel()
	config := dbtest.Pool(t).Config().ConnConfig.Copy()
	config.Database = "there_is_none"
	_, err := pgx.ConnectConfig(t.Context(), config)
	require.Error(t, err)
	require.Equal(t, fault.Unavailable, db.PublicError(err).Code)
}

// What a statement says whose session is ended by an administrator, or whose connection is closed under it.
func TestPublicErrorOfLostSession(t *testing.T) {
	t.Parallel()
	pool := dbtest.Pool(t)
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = pool.Exec(t.Context(), "SELECT pg_terminate_backend($1)", conn.Conn().PgConn().PID())
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "SELECT 1")
	require.Error(t, err)
	require.Equal(t, fault.Unavailable, db.PublicError(err).Code)
	_, err = conn.Exec(t.Context(), "SELECT 1")
	require.Error(t, err)
	require.Equal(t, fault.Unavailable, db.PublicError(err).Code, "the connection is closed")
}
