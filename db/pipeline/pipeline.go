// Package pipeline runs a transaction in as few round trips as it can.
//
// A statement whose result nobody reads is held back, and sent together with the next one whose result
// somebody does. BEGIN goes with the first statement and COMMIT with the last ones. Each round trip costs
// both sides a wake-up, on a busy machine a tenth of a millisecond; whoever waits for the transaction
// waits for all of them.
//
// What is held back fails later than it was asked for: with the next statement, or as an error of Commit.
// The transaction fails either way. Its arguments must stay as they are until then.
//
// Which results are read stands in the first line of a statement that sqlc has compiled: `-- name:
// EventInsertMany :exec`. All other statements are sent at once, but for those asked through Unread. Several
// whose results are read share a round trip by Together, and River's jobs are held back by Driver.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
)

// Over begins pipelined transactions on connections of pool.
func Over(pool *pgxpool.Pool) db.Beginner { return beginner{pool} }

type beginner struct{ pool *pgxpool.Pool }

func (b beginner) Begin(ctx context.Context) (pgx.Tx, error) {
	conn, err := b.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	t := &transaction{conn: conn, held: &pgx.Batch{}}
	t.held.Queue("begin")
	return t, nil
}

// errUnsupported is what nobody has needed yet.
var errUnsupported = errors.New("a pipelined transaction has no savepoints, large objects or statements prepared by hand")

// transaction implements pgx.Tx.
type transaction struct {
	conn *pgxpool.Conn // nil when the transaction has ended
	held *pgx.Batch
}

// unread tells whether sqlc's caller ignores what a statement returns.
func unread(sql string) bool {
	name, isNamed := strings.CutPrefix(sql, "-- name: ")
	line, _, _ := strings.Cut(name, "\n")
	return isNamed && strings.HasSuffix(line, " :exec")
}

// Exec implements pgx.Tx.
func (t *transaction) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if t.conn == nil {
		return pgconn.CommandTag{}, pgx.ErrTxClosed
	}
	if unread(sql) {
		return pgconn.CommandTag{}, t.hold(sql, args)
	}
	results, err := t.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	return tag, orElse(err, results.Close())
}

// Query implements pgx.Tx.
func (t *transaction) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if t.conn == nil {
		return nil, pgx.ErrTxClosed
	}
	if t.held.Len() == 0 {
		return t.conn.Query(ctx, sql, args...)
	}
	results, err := t.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close() // says the same
		return nil, err
	}
	return &lastRows{Rows: rows, results: results}, nil
}

// QueryRow implements pgx.Tx.
func (t *transaction) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if t.conn == nil {
		return failed{pgx.ErrTxClosed}
	}
	if t.held.Len() == 0 {
		return t.conn.QueryRow(ctx, sql, args...)
	}
	results, err := t.send(ctx, sql, args)
	if err != nil {
		return failed{err}
	}
	return &lastRow{results}
}

// CopyFrom implements pgx.Tx.
func (t *transaction) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, from pgx.CopyFromSource) (int64, error) {
	if t.conn == nil {
		return 0, pgx.ErrTxClosed
	}
	if err := t.flush(ctx); err != nil {
		return 0, err
	}
	return t.conn.CopyFrom(ctx, table, columns, from)
}

// SendBatch implements pgx.Tx.
func (t *transaction) SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults {
	if t.conn == nil {
		return failed{pgx.ErrTxClosed}
	}
	results, err := t.sendBatch(ctx, batch)
	if err != nil {
		return failed{err}
	}
	return results
}

// Commit implements pgx.Tx. An error that proves that COMMIT was not carried out is, for pgconn.SafeToRetry,
// safe; or it is one that Postgres has reported.
func (t *transaction) Commit(ctx context.Context) error {
	if t.conn == nil {
		return pgx.ErrTxClosed
	}
	results, err := t.send(ctx, "commit", nil)
	if err != nil {
		_ = t.Rollback(ctx) // pgx closes a connection that would not roll back
		return err
	}
	tag, err := results.Exec()
	err = orElse(err, results.Close())
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	t.release()
	return err
}

// Rollback implements pgx.Tx.
func (t *transaction) Rollback(ctx context.Context) error {
	if t.conn == nil {
		return pgx.ErrTxClosed
	}
	defer t.release()
	if t.conn.Conn().PgConn().TxStatus() == 'I' {
		return nil // BEGIN was not sent
	}
	if _, err := t.conn.Exec(ctx, "rollback"); err != nil {
		return errors.Join(err, t.conn.Conn().Close(ctx))
	}
	return nil
}

func (t *transaction) release() {
	t.conn.Release() // throws away a connection that is not sound, or still in a transaction
	t.conn = nil
}

// Conn implements pgx.Tx.
func (t *transaction) Conn() *pgx.Conn {
	if t.conn == nil {
		return nil
	}
	return t.conn.Conn()
}

// Begin implements pgx.Tx.
func (t *transaction) Begin(context.Context) (pgx.Tx, error) { return nil, errUnsupported }

// Prepare implements pgx.Tx.
func (t *transaction) Prepare(context.Context, string, string) (*pgconn.StatementDescription, error) {
	return nil, errUnsupported
}

// LargeObjects implements pgx.Tx.
func (t *transaction) LargeObjects() pgx.LargeObjects { panic(errUnsupported) }

// flush sends what is held back.
func (t *transaction) flush(ctx context.Context) error {
	if t.held.Len() == 0 {
		return nil
	}
	batch := t.held
	t.held = &pgx.Batch{}
	return t.conn.SendBatch(ctx, batch).Close()
}

// hold keeps a statement for later.
func (t *transaction) hold(sql string, args []any) error {
	if t.conn == nil {
		return pgx.ErrTxClosed
	}
	t.held.Queue(sql, args...)
	return nil
}

// send sends what is held back and one more statement, and reads up to the answer to that.
func (t *transaction) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	batch := &pgx.Batch{}
	batch.Queue(sql, args...)
	return t.sendBatch(ctx, batch)
}

// sendBatch sends what is held back and more, and reads up to the answers to that.
func (t *transaction) sendBatch(ctx context.Context, more *pgx.Batch) (pgx.BatchResults, error) {
	batch, before := t.held, t.held.Len()
	t.held = &pgx.Batch{}
	batch.QueuedQueries = append(batch.QueuedQueries, more.QueuedQueries...)
	results := t.conn.SendBatch(ctx, batch)
	for range before {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // says the same
			return nil, fmt.Errorf("error of a statement before: %w", err)
		}
	}
	return results, nil
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// lastRows are those of the last statement of a batch, which is over when they are.
type lastRows struct {
	pgx.Rows

	results pgx.BatchResults
	err     error
}

func (r *lastRows) Close() {
	r.Rows.Close()
	r.err = r.results.Close()
}

func (r *lastRows) Err() error { return orElse(r.Rows.Err(), r.err) }

// lastRow is lastRows of one.
type lastRow struct{ results pgx.BatchResults }

func (r *lastRow) Scan(dest ...any) error {
	err := r.results.QueryRow().Scan(dest...)
	return orElse(err, r.results.Close())
}

// failed is the answer to what could not be sent.
type failed struct{ err error }

func (f failed) Scan(...any) error                { return f.err }
func (f failed) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, f.err }
func (f failed) Query() (pgx.Rows, error)         { return nil, f.err }
func (f failed) QueryRow() pgx.Row                { return f }
func (f failed) Close() error                     { return f.err }
func (f failed) Tx() pgx.Tx                       { return nil }
