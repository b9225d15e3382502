package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"paygate/db/dbtest"
	"paygate/db/groupcommit"
	"paygate/fault"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// row is an item of the tests with a real server. Its kind says what goes wrong with it.
type row struct {
	n    int
	kind string
}

const (
	good       = "good"
	hidden     = "hidden failure" // Apply ignores that a statement failed
	latePoison = "late poison"    // refused by a deferred constraint, at COMMIT
	panics     = "panic"
	poison     = "poison" // refused by a constraint
)

var errDuplicate = errors.New("n is taken")

type (
	rowOptions = groupcommit.Options[row, int]
	rowResults = []groupcommit.Result[int]
)

// rowTable makes a database with an empty table for insertRows.
func rowTable(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	pool := dbtest.Pool(tb)
	_, err := pool.Exec(tb.Context(), `
		create table item (
			n    int  not null unique,
			kind text not null check (kind <> 'poison')
		);
		create function refuse_late() returns trigger language plpgsql as $$
		begin
			if new.kind = 'late poison' then
				raise check_violation using message = 'refused at commit';
			end if;
			return null;
		end $$;
		create constraint trigger late after insert on item
			deferrable initially deferred for each row execute function refuse_late();`)
	require.NoError(tb, err)
	return pool
}

// insertRows is an Apply: one statement for all items, where one whose n is taken, by
// an earlier transaction or by a neighbour, gets errDuplicate.
func insertRows(ctx context.Context, tx pgx.Tx, items []row) (rowResults, error) {
	numbers, kinds := make([]int, len(items)), make([]string, len(items))
	for i, item := range items {
		numbers[i], kinds[i] = item.n, item.kind
		switch item.kind {
		case panics:
			panic("row " + fmt.Sprint(item.n))
		case hidden:
			_, _ = tx.Exec(ctx, `select 1/0`)
			return make(rowResults, len(items)), nil
		}
	}
	rows, err := tx.Query(ctx, `
		insert into item (n, kind)
		select n, kind from unnest($1::int[], $2::text[]) with ordinality as new (n, kind, place)
		order by n, place -- all transactions lock in one order
		on conflict (n) do nothing
		returning n`, numbers, kinds)
	if err != nil {
		return nil, fmt.Errorf("error inserting items: %w", err)
	}
	inserted, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return nil, fmt.Errorf("error inserting items: %w", err)
	}
	fresh := map[int]bool{}
	for _, n := range inserted {
		fresh[n] = true
	}
	out := make(rowResults, len(items))
	for i, item := range items {
		out[i].Value = item.n
		if !fresh[item.n] {
			out[i].Err = errDuplicate
		}
		fresh[item.n] = false // the first of equals has it
	}
	return out, nil
}

func countRows(ctx context.Context, tb testing.TB, pool *pgxpool.Pool) int {
	tb.Helper()
	var count int
	require.NoError(tb, pool.QueryRow(ctx, `select count(*) from item`).Scan(&count))
	return count
}

// held is a database whose first Begin waits until all items are queued, so that they
// make one batch.
type held struct {
	groupcommit.Beginner

	until chan struct{}
}

func (h held) Begin(ctx context.Context) (pgx.Tx, error) {
	<-h.until
	return h.Beginner.Begin(ctx)
}

// doTogether hands the items in as one batch and returns the errors, in order.
func doTogether(tb testing.TB, db groupcommit.Beginner, apply groupcommit.Apply[row, int], opts rowOptions, items []row) []error {
	tb.Helper()
	gathered := held{db, make(chan struct{})}
	group := groupcommit.New(gathered, apply, opts)
	errs := make([]error, len(items))
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() {
			value, err := group.Do(tb.Context(), item)
			if err == nil && value != item.n {
				err = fmt.Errorf("got the result of %d", value)
			}
			errs[i] = err
		})
	}
	require.Eventually(tb, func() bool { return group.Queued() == len(items) }, time.Minute, time.Millisecond)
	close(gathered.until)
	wg.Wait()
	require.NoError(tb, group.Close(tb.Context()))
	return errs
}

func goodRows(count int) []row {
	items := make([]row, count)
	for n := range items {
		items[n] = row{n, good}
	}
	return items
}

func TestPostgres_OneBadOfAHundred(t *testing.T) {
	t.Parallel()

	for kind, code := range map[string]string{
		poison:     pgerrcode.CheckViolation,
		latePoison: pgerrcode.CheckViolation,
		panics:     "",
		hidden:     "",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			pool := rowTable(t)
			items := goodRows(100)
			items[37].kind = kind
			var transactions atomic.Int32
			opts := rowOptions{Observe: func(groupcommit.Batch) { transactions.Add(1) }}

			for i, err := range doTogether(t, pool, insertRows, opts, items) {
				if i != 37 {
					require.NoError(t, err)
					continue
				}
				require.Error(t, err)
				if code != "" {
					pgErr, ok := errors.AsType[*pgconn.PgError](err)
					require.True(t, ok)
					require.Equal(t, code, pgErr.Code)
				}
			}
			require.Equal(t, 99, countRows(t.Context(), t, pool))
			require.LessOrEqual(t, transactions.Load(), int32(1+2*7))
		})
	}
}

func TestPostgres_Deadlock(t *testing.T) {
	t.Parallel()

	pool := rowTable(t)
	_, err := pool.Exec(t.Context(), `insert into item values (1, 'good'), (2, 'good')`)
	require.NoError(t, err)
	var meeting sync.WaitGroup // both have locked their first row
	meeting.Add(2)
	var attempts atomic.Int32

	// Each transaction holds one item, whose n is the row that it locks first.
	group := groupcommit.New(pool, func(ctx context.Context, tx pgx.Tx, items []row) (rowResults, error) {
		first := items[0].n
		update := func(n int) error {
			_, err := tx.Exec(ctx, `update item set kind = kind || '+' where n = $1`, n)
			return err
		}
		if _, err := tx.Exec(ctx, `set local deadlock_timeout = '10ms'`); err != nil {
			return nil, err
		}
		if err := update(first); err != nil {
			return nil, err
		}
		if attempts.Add(1) <= 2 {
			meeting.Done()
			meeting.Wait()
		}
		if err := update(3 - first); err != nil {
			return nil, err
		}
		return rowResults{{Value: first}}, nil
	}, rowOptions{MaxBatch: 1})

	var wg sync.WaitGroup
	for n := 1; n <= 2; n++ {
		wg.Go(func() {
			value, err := group.Do(t.Context(), row{n: n})
			if err != nil || value != n {
				t.Errorf("row %d: got %d, %v", n, value, err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, group.Close(t.Context()))
	require.GreaterOrEqual(t, attempts.Load(), int32(3), "one was rolled back")
	var kinds []string
	require.NoError(t, pool.QueryRow(t.Context(), `select array_agg(kind) from item`).Scan(&kinds))
	require.Equal(t, []string{"good++", "good++"}, kinds)
}

func TestPostgres_BackendKilled(t *testing.T) {
	t.Parallel()

	t.Run("InApply", func(t *testing.T) {
		t.Parallel()
		pool := rowTable(t)
		var failures []error
		killed := false
		errs := doTogether(t, pool, func(ctx context.Context, tx pgx.Tx, items []row) (rowResults, error) {
			out, err := insertRows(ctx, tx, items)
			if err != nil || killed {
				return out, err
			}
			killed = true
			_, err = tx.Exec(ctx, `select pg_terminate_backend(pg_backend_pid())`)
			return nil, err
		}, rowOptions{Concurrency: 1, Observe: func(b groupcommit.Batch) { failures = append(failures, b.Err) }}, goodRows(20))

		require.NoError(t, errors.Join(errs...)) // on another connection
		require.Equal(t, 20, countRows(t.Context(), t, pool))
		require.Len(t, failures, 2)
		require.Error(t, failures[0])
		require.NoError(t, failures[1])
	})

	t.Run("BetweenApplyAndCommit", func(t *testing.T) {
		t.Parallel()
		pool := rowTable(t)
		killed := false
		errs := doTogether(t, pool, func(ctx context.Context, tx pgx.Tx, items []row) (rowResults, error) {
			out, err := insertRows(ctx, tx, items)
			if err != nil || killed {
				return out, err
			}
			killed = true
			// Waits until the server process is gone.
			_, err = pool.Exec(ctx, `select pg_terminate_backend($1, 60000)`, tx.Conn().PgConn().PID())
			return out, err
		}, rowOptions{}, goodRows(20))

		// What this side sees of it is up to the socket: COMMIT may seem to have been
		// sent or not. Either way everybody is told the same, and nobody a lie.
		if errs[0] != nil {
			for _, err := range errs {
				require.ErrorIs(t, err, groupcommit.ErrUnknown)
			}
			require.Zero(t, countRows(t.Context(), t, pool))
			return
		}
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, 20, countRows(t.Context(), t, pool))
	})
}

func TestPostgres_Timeout(t *testing.T) {
	t.Parallel()

	pool := rowTable(t)
	group := groupcommit.New(pool, func(ctx context.Context, tx pgx.Tx, items []row) (rowResults, error) {
		out, err := insertRows(ctx, tx, items)
		if err == nil && items[0].n == 0 {
			_, err = tx.Exec(ctx, `select pg_sleep(600)`)
		}
		return out, err
	}, rowOptions{Timeout: time.Second})

	_, err := group.Do(t.Context(), row{0, good})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, groupcommit.ErrUnknown)
	require.Equal(t, fault.Unavailable, fault.CodeOf(err))

	_, err = group.Do(t.Context(), row{1, good})
	require.NoError(t, err)
	require.NoError(t, group.Close(t.Context()))
	require.Equal(t, 1, countRows(t.Context(), t, pool))
}

func TestPostgres_Savepoint(t *testing.T) {
	t.Parallel()

	pool := rowTable(t)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	items := goodRows(8)
	items[5].kind = poison
	errs := doTogether(t, tx, insertRows, rowOptions{Concurrency: 1}, items)
	for i, err := range errs {
		require.Equal(t, i == 5, err != nil)
	}
	require.NoError(t, tx.Commit(t.Context()))
	require.Equal(t, 7, countRows(t.Context(), t, pool))
}

// TestPostgres_Model hands in random rows, many with the same n, at the same time.
func TestPostgres_Model(t *testing.T) {
	t.Parallel()

	pool := rowTable(t)
	rapid.Check(t, func(rt *rapid.T) {
		items := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) row {
			return row{
				n:    rapid.IntRange(0, 40).Draw(rt, "n"),
				kind: rapid.SampledFrom([]string{good, good, good, good, good, good, hidden, latePoison, panics, poison}).Draw(rt, "kind"),
			}
		}), 1, 40).Draw(rt, "items")
		opts := rowOptions{
			Concurrency: rapid.IntRange(1, 3).Draw(rt, "concurrency"),
			MaxBatch:    rapid.IntRange(1, 40).Draw(rt, "max batch"),
		}

		_, err := pool.Exec(t.Context(), `truncate item`)
		if err != nil {
			rt.Fatal(err)
		}
		group := groupcommit.New(pool, insertRows, opts)
		errs := make([]error, len(items))
		var wg sync.WaitGroup
		for i, item := range items {
			wg.Go(func() { _, errs[i] = group.Do(t.Context(), item) })
		}
		wg.Wait()
		if err := group.Close(t.Context()); err != nil {
			rt.Fatal(err)
		}

		committed := map[int]bool{} // by what the callers were told
		for i, item := range items {
			if errs[i] == nil {
				if item.kind != good || committed[item.n] {
					rt.Fatalf("item %d %v was reported as committed", i, item)
				}
				committed[item.n] = true
			}
			if !expected(item.kind, errs[i]) {
				rt.Fatalf("item %d %v: unexpected error: %v", i, item, errs[i])
			}
		}
		for _, item := range items {
			if item.kind == good && !committed[item.n] {
				rt.Fatalf("nobody got row %d", item.n)
			}
		}
		if rows := countRows(t.Context(), t, pool); rows != len(committed) {
			rt.Fatalf("%d rows for %d committed items", rows, len(committed))
		}
	})
}

// expected tells whether a row of this kind may end with err.
func expected(kind string, err error) bool {
	pgErr, isPgErr := errors.AsType[*pgconn.PgError](err)
	violation := isPgErr && pgErr.Code == pgerrcode.CheckViolation
	_, panicked := errors.AsType[*groupcommit.PanicError](err)
	switch kind {
	case good:
		return err == nil || errors.Is(err, errDuplicate)
	case hidden:
		return errors.Is(err, pgx.ErrTxCommitRollback)
	case latePoison:
		return violation || errors.Is(err, errDuplicate)
	case panics:
		return panicked
	default:
		return violation
	}
}
