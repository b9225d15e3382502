package pipeline

import (
	"context"
	"errors"
	"iter"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"paygate/db/dbsqlc"
)

// Ask is one question: it calls at most one query that sqlc has compiled, on the db that it is given, and
// keeps what that finds.
type Ask func(db dbsqlc.DBTX) error

// Together asks all questions in one round trip, with what tx holds back. Postgres answers them in their order, each
// by a snapshot of its own, so a lock that one of them takes is held before the next one looks. None of
// them can be made of what another has found. The first error ends it; with no questions it does nothing.
func Together(ctx context.Context, tx pgx.Tx, asks ...Ask) error {
	batch := &pgx.Batch{}
	var results pgx.BatchResults
	var waiting []func() // each lets an Ask go on, to read its answer
	var failure error
	for _, ask := range asks {
		// A coroutine, and not a goroutine: it stands still in its query until all others stand in theirs.
		resume, stop := iter.Pull(func(yield func(query) bool) {
			err := ask(&asker{yield, &results})
			if failure == nil {
				failure = err
			}
		})
		defer stop()
		if asked, ok := resume(); ok {
			batch.Queue(asked.sql, asked.args...)
			waiting = append(waiting, func() { resume() })
		}
		if failure != nil {
			return failure
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	results = tx.SendBatch(ctx, batch)
	for _, answer := range waiting {
		if answer(); failure != nil {
			_ = results.Close() // says the same
			return failure
		}
	}
	return results.Close()
}

type query struct {
	sql  string
	args []any
}

// errNotAsked ends an Ask that stands in its query when another one has failed.
var errNotAsked = errors.New("the query was not asked, for one before has failed")

// asker implements dbsqlc.DBTX for one Ask.
type asker struct {
	yield   func(query) bool
	results *pgx.BatchResults
}

// Exec implements dbsqlc.DBTX.
func (a *asker) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if !a.yield(query{sql, args}) {
		return pgconn.CommandTag{}, errNotAsked
	}
	return (*a.results).Exec()
}

// Query implements dbsqlc.DBTX.
func (a *asker) Query(_ context.Context, sql string, args ...any) (pgx.Rows, error) {
	if !a.yield(query{sql, args}) {
		return nil, errNotAsked
	}
	return (*a.results).Query()
}

// QueryRow implements dbsqlc.DBTX.
func (a *asker) QueryRow(_ context.Context, sql string, args ...any) pgx.Row {
	if !a.yield(query{sql, args}) {
		return failed{errNotAsked}
	}
	return (*a.results).QueryRow()
}
