package groupcommit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"paygate/db/groupcommit"
	"paygate/fault"
)

func pgError(severity, code string) *pgconn.PgError {
	return &pgconn.PgError{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: "provoked"}
}

// notSentError is what pgx returns when nothing has left the process.
type notSentError struct{ error }

func (notSentError) SafeToRetry() bool { return true }

// poisoned is stage, except that a batch with any of the items fails.
func poisoned(err error, bad ...int) groupcommit.Apply[int, int] {
	return func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
		for _, n := range items {
			if slices.Contains(bad, n) {
				return nil, err
			}
		}
		return stage(ctx, tx, items)
	}
}

// together hands the items in so that they are taken as one batch, and returns when all
// are answered.
func together(t *testing.T, db *fakeDB, apply groupcommit.Apply[int, int], opts options, items ...int) map[int]answer {
	t.Helper()
	begun := make(chan struct{})
	begin := db.begin
	db.begin = func(ctx context.Context, n int) error {
		<-begun
		if begin == nil {
			return nil
		}
		return begin(ctx, n)
	}
	c := newCallers(db, apply, opts)
	c.start(t.Context(), items...)
	close(begun)
	c.wg.Wait()
	require.NoError(t, c.group.Close(t.Context()))
	require.Zero(t, db.open, "every transaction was ended")
	return c.answers
}

func TestGroup_Poison(t *testing.T) {
	t.Parallel()

	bubble(t, "OneOfAHundred", func(t *testing.T) {
		duplicate := pgError("ERROR", pgerrcode.UniqueViolation)
		for _, bad := range []int{0, 1, 42, 49, 50, 98, 99} {
			db := &fakeDB{}
			answers := together(t, db, poisoned(duplicate, bad), options{Name: "intake"}, numbers(100)...)
			for n, a := range answers {
				if n == bad {
					require.ErrorIs(t, a.err, duplicate)
					require.ErrorContains(t, a.err, "intake: error applying items: ")
					continue
				}
				require.Equal(t, answer{value: 10 * n}, a)
				require.Equal(t, 1, db.rows[n])
			}
			require.Len(t, db.rows, 99)
			require.LessOrEqual(t, db.transactions(), 1+2*7) // 2·log₂100, rounded up
		}
	})

	bubble(t, "AllOfThem", func(t *testing.T) {
		db := &fakeDB{}
		answers := together(t, db, poisoned(io.ErrUnexpectedEOF, numbers(64)...), options{}, numbers(64)...)
		require.Len(t, answers, 64)
		for _, a := range answers {
			require.ErrorIs(t, a.err, io.ErrUnexpectedEOF)
		}
		require.Empty(t, db.rows)
		require.Equal(t, 2*64-1, db.transactions())
	})

	bubble(t, "KeepsThePublicError", func(t *testing.T) {
		refused := fault.On(fault.InvalidValue, "metadata", "That does not fit.")
		_, err := groupcommit.New(&fakeDB{}, poisoned(refused, 1), options{}).Do(t.Context(), 1)
		require.Same(t, refused, fault.From(err))
	})

	bubble(t, "AnswersTheGoodHalfFirst", func(t *testing.T) {
		gathered, second := make(chan struct{}), make(chan struct{})
		db := &fakeDB{begin: func(_ context.Context, n int) error {
			switch n {
			case 0:
				<-gathered
			case 2:
				<-second
			}
			return nil
		}}
		c := newCallers(db, poisoned(io.ErrUnexpectedEOF, 3), options{})
		c.start(t.Context(), 0, 1, 2, 3)
		close(gathered)
		synctest.Wait()
		require.Equal(t, map[int]answer{0: {value: 0}, 1: {value: 10}}, c.answers)
		close(second)
		c.wg.Wait()
		require.Equal(t, map[int]int{0: 1, 1: 1, 2: 1}, db.rows)
	})

	bubble(t, "Panic", func(t *testing.T) {
		db := &fakeDB{}
		answers := together(t, db, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			if slices.Contains(items, 5) {
				panic(fmt.Errorf("nil pointer in item %d", 5))
			}
			return stage(ctx, tx, items)
		}, options{}, numbers(8)...)
		require.Len(t, db.rows, 7)
		panicked, ok := errors.AsType[*groupcommit.PanicError](answers[5].err)
		require.True(t, ok)
		require.Contains(t, string(panicked.Stack), "failure_test.go")
		require.ErrorContains(t, answers[5].err, "nil pointer in item 5")
		require.Equal(t, fault.Internal, fault.CodeOf(answers[5].err))
	})

	bubble(t, "Goexit", func(t *testing.T) {
		db := &fakeDB{}
		exited := false
		apply := func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			if !exited {
				exited = true
				runtime.Goexit()
			}
			return stage(ctx, tx, items)
		}
		answers := together(t, db, apply, options{Concurrency: 1, MaxBatch: 4}, numbers(6)...)
		for n := range 4 {
			require.ErrorContains(t, answers[n].err, "apply ended its goroutine")
		}
		require.Equal(t, map[int]int{4: 1, 5: 1}, db.rows) // the next batch has a new worker
	})

	bubble(t, "GoexitOfAReusedWorker", func(t *testing.T) {
		c := newCallers(&fakeDB{}, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			if items[0] == 9 {
				runtime.Goexit()
			}
			return poisoned(io.ErrUnexpectedEOF, 3)(ctx, tx, items)
		}, options{})
		c.start(t.Context(), numbers(4)...)
		c.start(t.Context(), 9)
		c.wg.Wait()
		require.ErrorContains(t, c.answers[9].err, "apply ended its goroutine")
	})

	bubble(t, "GoexitInBegin", func(t *testing.T) {
		db := &fakeDB{begin: func(_ context.Context, n int) error {
			if n == 0 {
				runtime.Goexit()
			}
			return nil
		}}
		value, err := groupcommit.New(db, stage, options{Concurrency: 1}).Do(t.Context(), 1)
		require.NoError(t, err) // nobody had been taken, so the next worker does it
		require.Equal(t, 10, value)
	})

	bubble(t, "WrongNumberOfResults", func(t *testing.T) {
		db := &fakeDB{}
		apply := func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			out, err := stage(ctx, tx, items)
			if slices.Contains(items, 1) {
				return out[1:], err
			}
			return out, err
		}
		answers := together(t, db, apply, options{}, 0, 1, 2, 3)
		require.ErrorContains(t, answers[1].err, "apply returned 0 results for 1 items")
		require.Equal(t, map[int]int{0: 1, 2: 1, 3: 1}, db.rows)
	})
}

func TestGroup_CommitFails(t *testing.T) {
	t.Parallel()

	broken := fmt.Errorf("write failed: %w", io.ErrUnexpectedEOF)
	for name, test := range map[string]struct {
		err          error // of the first COMMIT
		written      bool  // whether it took effect nevertheless
		unknown      bool
		transactions int
	}{
		"Serialization":      {err: pgError("ERROR", pgerrcode.SerializationFailure), transactions: 2},
		"Deadlock":           {err: pgError("ERROR", pgerrcode.DeadlockDetected), transactions: 2},
		"DeferredConstraint": {err: pgError("ERROR", pgerrcode.ForeignKeyViolation), transactions: 3},
		"HiddenFailure":      {err: pgx.ErrTxCommitRollback, transactions: 3},
		"NotSent":            {err: notSentError{broken}, transactions: 2},
		"BrokenBefore":       {err: broken, unknown: true, transactions: 1},
		"BrokenAfter":        {err: broken, unknown: true, written: true, transactions: 1},
		"ServerShutDown":     {err: pgError("FATAL", pgerrcode.AdminShutdown), unknown: true, transactions: 1},
		"ServerPanicked":     {err: pgError("PANIC", pgerrcode.InternalError), unknown: true, written: true, transactions: 1},
		"ApplyCommitted":     {err: pgx.ErrTxClosed, unknown: true, written: true, transactions: 1},
		"OldServer":          {err: &pgconn.PgError{Severity: "error", Code: pgerrcode.DeadlockDetected}, transactions: 2},
	} {
		bubble(t, name, func(t *testing.T) {
			db := &fakeDB{commit: func(_ context.Context, n int, _ []int) (bool, error) {
				if n == 0 {
					return test.written, test.err
				}
				return true, nil
			}}
			answers := together(t, db, stage, options{}, numbers(10)...)
			for n, a := range answers {
				if !test.unknown {
					require.Equal(t, answer{value: 10 * n}, a)
					require.Equal(t, 1, db.rows[n])
					continue
				}
				require.ErrorIs(t, a.err, groupcommit.ErrUnknown)
				require.ErrorIs(t, a.err, test.err)
				require.Equal(t, fault.Unavailable, fault.CodeOf(a.err))
			}
			require.Equal(t, test.transactions, db.transactions())
		})
	}

	bubble(t, "DeferredConstraintOfOne", func(t *testing.T) {
		violation := pgError("ERROR", pgerrcode.CheckViolation)
		db := &fakeDB{commit: func(_ context.Context, _ int, staged []int) (bool, error) {
			if slices.Contains(staged, 3) {
				return false, violation
			}
			return true, nil
		}}
		answers := together(t, db, stage, options{}, numbers(16)...)
		require.ErrorIs(t, answers[3].err, violation)
		require.Len(t, db.rows, 15)
	})

	bubble(t, "UnknownCoversOwnErrors", func(t *testing.T) {
		db := &fakeDB{commit: func(context.Context, int, []int) (bool, error) { return false, broken }}
		_, err := groupcommit.New(db, func(context.Context, pgx.Tx, []int) (results, error) {
			return results{{Err: errors.New("another item of this batch has the key")}}, nil
		}, options{}).Do(t.Context(), 1)
		require.ErrorIs(t, err, groupcommit.ErrUnknown)
	})
}

func TestGroup_NoItemsFault(t *testing.T) {
	t.Parallel()

	bubble(t, "NoServer", func(t *testing.T) {
		db := &fakeDB{begin: func(context.Context, int) error {
			return fmt.Errorf("no route: %w", &pgconn.ConnectError{Config: &pgconn.Config{}})
		}}
		answers := together(t, db, stage, options{}, numbers(10)...)
		for _, a := range answers {
			require.Equal(t, fault.Unavailable, fault.CodeOf(a.err))
			require.NotErrorIs(t, a.err, groupcommit.ErrUnknown)
			require.ErrorContains(t, a.err, "error beginning transaction: no route")
		}
		require.Equal(t, 1, db.transactions())
	})

	bubble(t, "StaleConnection", func(t *testing.T) {
		db := &fakeDB{begin: func(_ context.Context, n int) error {
			if n < 2 {
				return pgError("FATAL", pgerrcode.AdminShutdown)
			}
			return nil
		}}
		together(t, db, stage, options{}, 1, 2, 3)
		require.Equal(t, [][]int{{1, 2, 3}}, db.batches)
	})

	bubble(t, "NoConnectionLeft", func(t *testing.T) {
		db := &fakeDB{begin: func(context.Context, int) error { return errors.New("closed pool") }}
		answers := together(t, db, stage, options{}, 1, 2, 3)
		require.Equal(t, fault.Unavailable, fault.CodeOf(answers[2].err))
		require.Equal(t, 4, db.transactions()) // repeated, but never halved
	})

	bubble(t, "LostWhileHalving", func(t *testing.T) {
		db := &fakeDB{begin: func(_ context.Context, n int) error {
			if n >= 2 {
				return &pgconn.ConnectError{Config: &pgconn.Config{}}
			}
			return nil
		}}
		// The first half went in; of the second nobody knows which item is to blame.
		answers := together(t, db, poisoned(io.ErrUnexpectedEOF, 7), options{}, numbers(8)...)
		for n, a := range answers {
			if n < 4 {
				require.NoError(t, a.err)
				continue
			}
			require.Equal(t, fault.Unavailable, fault.CodeOf(a.err))
		}
		require.Equal(t, 3, db.transactions())
	})

	for _, code := range []string{pgerrcode.DiskFull, pgerrcode.IOError, pgerrcode.ReadOnlySQLTransaction} {
		bubble(t, "Hopeless/"+code, func(t *testing.T) {
			db := &fakeDB{}
			answers := together(t, db, poisoned(pgError("ERROR", code), 3), options{}, numbers(8)...)
			for _, a := range answers {
				require.Equal(t, fault.Unavailable, fault.CodeOf(a.err))
			}
			require.Equal(t, 1, db.transactions())
		})
	}

	bubble(t, "ConflictsForEver", func(t *testing.T) {
		db := &fakeDB{}
		conflict := pgError("ERROR", pgerrcode.SerializationFailure)
		answers := together(t, db, poisoned(conflict, 1), options{}, 0, 1)
		require.NoError(t, answers[0].err)
		require.ErrorIs(t, answers[1].err, conflict)
		require.Equal(t, fault.Unavailable, fault.CodeOf(answers[1].err)) // trying later may help
		require.Equal(t, 4+1+4, db.transactions())
	})

	bubble(t, "Timeout", func(t *testing.T) {
		db := &fakeDB{}
		start := time.Now()
		answers := together(t, db, func(ctx context.Context, _ pgx.Tx, _ []int) (results, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, options{Timeout: time.Minute}, numbers(8)...)
		for _, a := range answers {
			require.ErrorIs(t, a.err, context.DeadlineExceeded)
			require.NotErrorIs(t, a.err, groupcommit.ErrUnknown)
			require.Equal(t, fault.Unavailable, fault.CodeOf(a.err))
		}
		require.Equal(t, 1, db.transactions())
		require.Equal(t, time.Minute, time.Since(start))
	})

	bubble(t, "TimeoutOfBegin", func(t *testing.T) {
		start := time.Now()
		db := &fakeDB{begin: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}
		answers := together(t, db, stage, options{Timeout: time.Minute}, 1, 2)
		require.ErrorIs(t, answers[2].err, context.DeadlineExceeded)
		require.Equal(t, fault.Unavailable, fault.CodeOf(answers[2].err))
		require.Equal(t, 1, db.transactions())
		require.Equal(t, time.Minute, time.Since(start))
	})

	bubble(t, "RecoversAfterHopeless", func(t *testing.T) {
		db := &fakeDB{}
		full := true
		c := newCallers(db, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			if full {
				return nil, pgError("ERROR", pgerrcode.DiskFull)
			}
			return poisoned(io.ErrUnexpectedEOF, 1)(ctx, tx, items)
		}, options{Concurrency: 1})
		c.start(t.Context(), 99)
		full = false
		hold := make(chan struct{})
		db.begin = func(context.Context, int) error { <-hold; return nil }
		c.start(t.Context(), numbers(4)...)
		close(hold)
		c.wg.Wait()
		require.Equal(t, map[int]int{0: 1, 2: 1, 3: 1}, db.rows)
	})

	bubble(t, "TimeoutOfCommit", func(t *testing.T) {
		db := &fakeDB{commit: func(ctx context.Context, _ int, _ []int) (bool, error) {
			<-ctx.Done()
			return true, ctx.Err()
		}}
		answers := together(t, db, stage, options{}, 1, 2)
		require.ErrorIs(t, answers[2].err, groupcommit.ErrUnknown)
		require.Equal(t, 1, db.transactions())
	})

	bubble(t, "TimeoutBeforeCommit", func(t *testing.T) {
		db := &fakeDB{commit: func(ctx context.Context, _ int, _ []int) (bool, error) {
			<-ctx.Done()
			return false, notSentError{ctx.Err()}
		}}
		answers := together(t, db, stage, options{}, 1, 2)
		require.NotErrorIs(t, answers[2].err, groupcommit.ErrUnknown)
		require.Equal(t, fault.Unavailable, fault.CodeOf(answers[2].err))
		require.Equal(t, 1, db.transactions())
	})

	bubble(t, "SlowPoisonIsBounded", func(t *testing.T) {
		start := time.Now()
		answers := together(t, &fakeDB{}, func(context.Context, pgx.Tx, []int) (results, error) {
			pass(5 * time.Second) // a wait for a lock
			return nil, pgError("ERROR", pgerrcode.LockNotAvailable)
		}, options{Timeout: 10 * time.Second}, numbers(256)...)
		require.Len(t, answers, 256)
		for _, a := range answers {
			require.Error(t, a.err)
		}
		require.LessOrEqual(t, time.Since(start), 30*time.Second) // thrice Timeout
	})
}
