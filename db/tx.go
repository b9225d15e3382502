package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"paygate/fault"
)

// Beginner begins a transaction: a pool, a connection, or (as a savepoint) another transaction.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

const (
	// maxRepeats of a transaction that failed for a reason that lies not in it.
	maxRepeats = 3
	// backoff bounds the random pause before the first repeat; it doubles with each.
	backoff = 5 * time.Millisecond
	// rollbackTimeout bounds a rollback, which may start when the caller's time is up.
	rollbackTimeout = 5 * time.Second
)

// InTx runs do in a transaction and commits when it returns nil.
//
// A transaction that met another one (serialization, deadlock), or lost its connection before COMMIT was sent,
// has done nothing and is begun again, at most three times: do must have no effect outside tx. One that lost its
// connection at COMMIT may have been committed, and is never repeated; its error is unavailable, and says that
// the outcome is not known. A savepoint is never repeated, since its transaction is lost as well.
//
// pgx.BeginFunc is not used: it rolls back on the caller's context, and when that is what
// ended, the rollback fails and the pooled connection is thrown away.
func InTx(ctx context.Context, from Beginner, do func(tx pgx.Tx) error) error {
	_, nested := from.(pgx.Tx)
	for repeat := 0; ; repeat++ {
		again, err := inTx(ctx, from, do)
		if !again || nested || repeat == maxRepeats || ctx.Err() != nil {
			return err
		}
		select {
		case <-time.After(rand.N(backoff << repeat)): //nolint:gosec // two that collided must part, not be unpredictable
		case <-ctx.Done():
			return err
		}
	}
}

// inTx tries once. again says that nothing was done, for a reason that the next try may not meet.
func inTx(ctx context.Context, from Beginner, do func(tx pgx.Tx) error) (again bool, err error) {
	tx, err := from.Begin(ctx)
	if err != nil {
		return Broken(err), fmt.Errorf("error beginning a transaction: %w", err)
	}
	conn := tx.Conn() // of a pool's transaction it is not known any more when that has ended
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(ctx) // after a commit it does nothing; after a failure the first error counts
	}()
	if err := do(tx); err != nil {
		return collided(err) || conn != nil && conn.IsClosed(), err
	}
	err = tx.Commit(ctx)
	if err == nil {
		return false, nil
	}
	err = fmt.Errorf("error committing a transaction: %w", err)
	_, answered := errors.AsType[*pgconn.PgError](err)
	if !answered && !pgconn.SafeToRetry(err) && !errors.Is(err, pgx.ErrTxCommitRollback) {
		return false, fault.New(fault.Unavailable, "The outcome is not known. Ask for it before trying again, or try again with the same Idempotency-Key.").
			After(time.Second).Because(err)
	}
	return collided(err) || pgconn.SafeToRetry(err), err
}

// collided tells whether a transaction failed because of another one.
func collided(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pgErr.Code == pgerrcode.SerializationFailure || pgErr.Code == pgerrcode.DeadlockDetected)
}
