package pipeline_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"paygate/db/dbsqlc"
	"paygate/db/pipeline"
)

// countItems and listItems ask as what sqlc has compiled does.
func countItems(ctx context.Context, n *int) pipeline.Ask {
	return func(db dbsqlc.DBTX) error { return db.QueryRow(ctx, count).Scan(n) }
}

func listItems(ctx context.Context, items *[]int) pipeline.Ask {
	return func(db dbsqlc.DBTX) error {
		rows, err := db.Query(ctx, list)
		if err != nil {
			return err
		}
		*items, err = pgx.CollectRows(rows, pgx.RowTo[int])
		return err
	}
}

func removeItem(ctx context.Context, n int, removed *int64) pipeline.Ask {
	return func(db dbsqlc.DBTX) error {
		tag, err := db.Exec(ctx, remove, n)
		*removed = tag.RowsAffected()
		return err
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()

	t.Run("OneRoundTrip", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		ask := func() (sent int64) {
			before := b.sent.Load()
			tx := b.tx(t)
			for n := range 3 {
				_, err := tx.Exec(t.Context(), insert, n+1)
				require.NoError(t, err)
			}
			var n int
			var removed int64
			var items []int
			require.NoError(t, pipeline.Together(t.Context(), tx,
				countItems(t.Context(), &n), removeItem(t.Context(), 2, &removed), listItems(t.Context(), &items)))
			require.Equal(t, 3, n)
			require.EqualValues(t, 1, removed)
			require.Equal(t, []int{1, 3}, items, "in their order")
			sent = b.sent.Load() - before
			require.NoError(t, tx.Rollback(t.Context()))
			return sent
		}
		ask() // prepares the statements
		require.EqualValues(t, 1, ask())
	})

	t.Run("OfNothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		tx := b.tx(t)
		before := b.sent.Load()
		require.NoError(t, pipeline.Together(t.Context(), tx))
		require.NoError(t, pipeline.Together(t.Context(), tx, func(dbsqlc.DBTX) error { return nil }))
		require.Equal(t, before, b.sent.Load())
		require.NoError(t, tx.Rollback(t.Context()))
	})

	t.Run("InAnyTransaction", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		tx, err := b.pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), insert, 5)
		require.NoError(t, err)
		var n int
		var items []int
		require.NoError(t, pipeline.Together(t.Context(), tx, countItems(t.Context(), &n), listItems(t.Context(), &items)))
		require.Equal(t, 1, n)
		require.Equal(t, []int{5}, items)
		require.NoError(t, tx.Commit(t.Context()))
	})

	// Whichever fails, all of it does, and the connection is of use afterwards.
	t.Run("Fails", func(t *testing.T) {
		t.Parallel()
		for name, bad := range map[string]pipeline.Ask{
			"before it asks": func(dbsqlc.DBTX) error { return errRefused },
			"in Postgres": func(db dbsqlc.DBTX) error {
				return db.QueryRow(t.Context(), "SELECT 1/0").Scan(new(int))
			},
			"in what it makes of the answer": func(db dbsqlc.DBTX) error {
				if err := db.QueryRow(t.Context(), count).Scan(new(int)); err != nil {
					return err
				}
				return errRefused
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				tx := b.tx(t)
				var before, after int
				err := pipeline.Together(t.Context(), tx, countItems(t.Context(), &before), bad, countItems(t.Context(), &after))
				if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
					require.Equal(t, "22012", failure.Code)
				} else {
					require.ErrorIs(t, err, errRefused)
				}
				require.NoError(t, tx.Rollback(t.Context()))
				require.Empty(t, b.items(t))
			})
		}
	})
}

var errRefused = errors.New("refused")

func TestUnread(t *testing.T) {
	t.Parallel()
	b := setup(t)
	tx := b.tx(t)
	before := b.sent.Load()
	unread := pipeline.Unread(tx)
	rows, err := unread.Query(t.Context(), "INSERT INTO item (n) VALUES ($1) RETURNING n", 1)
	require.NoError(t, err)
	items, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(t, err)
	require.Empty(t, items)
	require.ErrorIs(t, unread.QueryRow(t.Context(), "INSERT INTO item (n) VALUES ($1) RETURNING n", 2).Scan(new(int)), pgx.ErrNoRows)
	_, err = unread.Exec(t.Context(), remove, 1)
	require.NoError(t, err)
	require.Equal(t, before, b.sent.Load())
	require.NoError(t, tx.Commit(t.Context()))
	require.Equal(t, []int{2}, b.items(t))
	_, err = unread.Exec(t.Context(), remove, 2)
	require.ErrorIs(t, err, pgx.ErrTxClosed)
}
