package pipeline_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
	"paygate/db/pipeline"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// Statements as sqlc writes them.
const (
	insert = "-- name: ItemInsert :exec\nINSERT INTO item (n) VALUES ($1)"
	count  = "-- name: ItemCount :one\nSELECT count(*) FROM item"
	list   = "-- name: ItemList :many\nSELECT n FROM item ORDER BY n"
	remove = "-- name: ItemRemove :execrows\nDELETE FROM item WHERE n = $1"
)

// testBundle is a table, a pool of one connection to it, and the way there.
type testBundle struct {
	pool  *pgxpool.Pool
	begin db.Beginner
	way
}

// way is to the server and back.
type way struct {
	sent *atomic.Int64 // how often something was sent
	cut  *atomic.Bool  // nothing comes back
}

func setup(t *testing.T) *testBundle {
	t.Helper()
	config, err := pgxpool.ParseConfig(dbtest.URL(t))
	require.NoError(t, err)
	b := &testBundle{way: way{new(atomic.Int64), new(atomic.Bool)}}
	config.MaxConns = 1
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return watched{conn, b.way}, err
	}
	b.pool, err = pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(b.pool.Close)
	_, err = b.pool.Exec(t.Context(), "CREATE TABLE item (n int PRIMARY KEY CHECK (n > 0), late int UNIQUE DEFERRABLE INITIALLY DEFERRED DEFAULT NULL)")
	require.NoError(t, err)
	b.begin = pipeline.Over(b.pool)
	return b
}

type watched struct {
	net.Conn
	way
}

func (c watched) Write(p []byte) (int, error) {
	c.sent.Add(1)
	return c.Conn.Write(p)
}

func (c watched) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.cut.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *testBundle) tx(t *testing.T) pgx.Tx {
	t.Helper()
	tx, err := b.begin.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // a test that fails would wait for its connection for ever
	return tx
}

// items reads what is committed; it needs the one connection, so that one which was not given back, or is
// still in a transaction, fails the test.
func (b *testBundle) items(t *testing.T) []int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	rows, err := b.pool.Query(ctx, list)
	require.NoError(t, err)
	items, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(t, err)
	return items
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	b := setup(t)
	work := func(from int) int64 {
		before := b.sent.Load()
		tx := b.tx(t)
		var n int
		require.NoError(t, tx.QueryRow(t.Context(), count).Scan(&n))
		require.Equal(t, from, n)
		for i := range 3 {
			tag, err := tx.Exec(t.Context(), insert, from+i+1)
			require.NoError(t, err)
			require.Zero(t, tag)
		}
		rows, err := tx.Query(t.Context(), list)
		require.NoError(t, err)
		items, err := pgx.CollectRows(rows, pgx.RowTo[int])
		require.NoError(t, err)
		require.Len(t, items, from+3)
		_, err = tx.Exec(t.Context(), insert, from+4)
		require.NoError(t, err)
		require.NoError(t, tx.Commit(t.Context()))
		return b.sent.Load() - before
	}
	work(0) // prepares the statements
	require.EqualValues(t, 3, work(4), "BEGIN with the first query, inserts with the second, the last one with COMMIT")
	require.Len(t, b.items(t), 8)
}

func TestEverythingIsCarriedOutInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tx := b.tx(t)
	for n := range 3 {
		_, err := tx.Exec(t.Context(), insert, n+1)
		require.NoError(t, err)
	}
	tag, err := tx.Exec(t.Context(), remove, 2)
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected(), "a result that is read is there")
	_, err = tx.Exec(t.Context(), insert, 7)
	require.NoError(t, err)
	_, err = tx.CopyFrom(t.Context(), pgx.Identifier{"item"}, []string{"n"}, pgx.CopyFromRows([][]any{{8}, {9}}))
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), insert, 10)
	require.NoError(t, err)
	batch := &pgx.Batch{}
	batch.Queue("DELETE FROM item WHERE n = 10")
	require.NoError(t, tx.SendBatch(t.Context(), batch).Close())
	require.NoError(t, tx.Commit(t.Context()))
	require.Equal(t, []int{1, 3, 7, 8, 9}, b.items(t))
}

// A statement that was held back fails with whatever comes next, and takes the transaction with it.
func TestHeldStatementFails(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]func(ctx context.Context, tx pgx.Tx) error{
		"query": func(ctx context.Context, tx pgx.Tx) error {
			rows, err := tx.Query(ctx, list)
			if err == nil {
				rows.Close()
			}
			return err
		},
		"query row": func(ctx context.Context, tx pgx.Tx) error { return tx.QueryRow(ctx, count).Scan(new(int)) },
		"exec": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, remove, 1)
			return err
		},
		"copy": func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.CopyFrom(ctx, pgx.Identifier{"item"}, []string{"n"}, pgx.CopyFromRows([][]any{{8}}))
			return err
		},
		"batch": func(ctx context.Context, tx pgx.Tx) error {
			batch := &pgx.Batch{}
			batch.Queue(count)
			_, err := tx.SendBatch(ctx, batch).Exec()
			return err
		},
		"commit": func(ctx context.Context, tx pgx.Tx) error { return tx.Commit(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			tx := b.tx(t)
			_, err := tx.Exec(t.Context(), insert, 1)
			require.NoError(t, err)
			_, err = tx.Exec(t.Context(), insert, -1)
			require.NoError(t, err)
			_, err = tx.Exec(t.Context(), insert, 2)
			require.NoError(t, err)
			err = next(t.Context(), tx)
			failure, ok := errors.AsType[*pgconn.PgError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, pgerrcode.CheckViolation, failure.Code)
			if name != "commit" {
				require.NoError(t, tx.Rollback(t.Context()))
			}
			require.Empty(t, b.items(t))
		})
	}
}

func TestCommit(t *testing.T) {
	t.Parallel()

	t.Run("FailsLate", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		tx := b.tx(t)
		for n := range 2 {
			_, err := tx.Exec(t.Context(), "-- name: ItemInsertLate :exec\nINSERT INTO item VALUES ($1, 5)", n+1)
			require.NoError(t, err)
		}
		err := tx.Commit(t.Context())
		failure, ok := errors.AsType[*pgconn.PgError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, pgerrcode.UniqueViolation, failure.Code)
		require.ErrorIs(t, tx.Rollback(t.Context()), pgx.ErrTxClosed)
		require.Empty(t, b.items(t))
	})

	t.Run("OfWhatHasFailed", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		tx := b.tx(t)
		_, err := tx.Exec(t.Context(), "SELECT 1/0")
		require.Error(t, err)
		require.ErrorIs(t, tx.Commit(t.Context()), pgx.ErrTxCommitRollback)
		require.Empty(t, b.items(t))
	})

	t.Run("OfNothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		tx := b.tx(t)
		require.NoError(t, tx.Commit(t.Context()))
		require.ErrorIs(t, tx.Commit(t.Context()), pgx.ErrTxClosed)
		require.Empty(t, b.items(t))
	})

	// Whether COMMIT was carried out is not known, and is not claimed to be.
	t.Run("WhoseAnswerIsLost", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		tx := b.tx(t)
		require.NoError(t, tx.QueryRow(t.Context(), count).Scan(new(int)))
		_, err := tx.Exec(t.Context(), insert, 1)
		require.NoError(t, err)
		b.cut.Store(true)
		err = tx.Commit(t.Context())
		require.Error(t, err)
		require.False(t, pgconn.SafeToRetry(err), "%v", err)
		b.cut.Store(false)
		b.items(t) // over a new connection: the pool has thrown the old one away
	})
}

func TestRollback(t *testing.T) {
	t.Parallel()
	b := setup(t)

	tx := b.tx(t)
	_, err := tx.Exec(t.Context(), insert, 1)
	require.NoError(t, err)
	before := b.sent.Load()
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, before, b.sent.Load(), "nothing was begun")

	tx = b.tx(t)
	_, err = tx.Exec(t.Context(), insert, 1)
	require.NoError(t, err)
	require.NoError(t, tx.QueryRow(t.Context(), count).Scan(new(int)))
	require.NoError(t, tx.Rollback(t.Context()))
	require.ErrorIs(t, tx.Rollback(t.Context()), pgx.ErrTxClosed)
	_, err = tx.Exec(t.Context(), insert, 1)
	require.ErrorIs(t, err, pgx.ErrTxClosed)
	require.Empty(t, b.items(t))
}
