package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Beginner begins a transaction: a pool, a connection, or (as a savepoint) another transaction.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// InTx runs do in a transaction and commits when it returns nil.
//
// pgx.BeginFunc is not used: it rolls back on the caller's context, and when that is what
// ended, the rollback fails and the pooled connection is thrown away.
func InTx(ctx context.Context, from Beginner, do func(tx pgx.Tx) error) error {
	tx, err := from.Begin(ctx)
	if err != nil {
		return fmt.Errorf("error beginning a transaction: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = tx.Rollback(ctx) // after a commit it does nothing; after a failure the first error counts
	}()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("error committing a transaction: %w", err)
	}
	return nil
}
