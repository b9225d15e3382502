package pipeline

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"paygate/db/dbsqlc"
)

// Unread is tx for a statement that returns rows which nobody needs to see here: it is held back like those that
// return none, and finds nothing.
func Unread(tx pgx.Tx) dbsqlc.DBTX {
	if t, ok := tx.(*transaction); ok {
		return unreadStatements{t}
	}
	return tx
}

type unreadStatements struct{ tx *transaction }

// Exec implements dbsqlc.DBTX.
func (u unreadStatements) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return pgconn.CommandTag{}, u.tx.hold(sql, args)
}

// Query implements dbsqlc.DBTX.
func (u unreadStatements) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	return noRows{}, u.tx.hold(sql, args)
}

// QueryRow implements dbsqlc.DBTX.
func (u unreadStatements) QueryRow(_ context.Context, sql string, args ...any) pgx.Row {
	if err := u.tx.hold(sql, args); err != nil {
		return failed{err}
	}
	return failed{pgx.ErrNoRows}
}

// noRows implements as much of pgx.Rows as one needs who finds none.
type noRows struct{ pgx.Rows }

func (noRows) Close()     {}
func (noRows) Err() error { return nil }
func (noRows) Next() bool { return false }
