package groupcommit_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"paygate/db/groupcommit"
	"paygate/fault"
)

func TestGroup_Gathering(t *testing.T) {
	t.Parallel()

	bubble(t, "LoneItemDoesNotWait", func(t *testing.T) {
		db := &fakeDB{}
		group := groupcommit.New(db, stage, options{})

		start := time.Now()
		value, err := group.Do(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 10, value)
		require.Zero(t, time.Since(start)) // in a bubble, time passes only where somebody waits for it
		require.Equal(t, [][]int{{1}}, db.batches)
	})

	bubble(t, "GrowsOnlyWhileCommitting", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 1})

		c.start(t.Context(), 1)
		require.Zero(t, c.group.Queued())
		c.start(t.Context(), 2, 3, 4)
		require.Equal(t, 3, c.group.Queued())
		require.Equal(t, 1, db.transactions())

		close(open)
		c.wg.Wait()
		require.Equal(t, [][]int{{1}, {2, 3, 4}}, db.batches)
		require.Equal(t, map[int]answer{1: {value: 10}, 2: {value: 20}, 3: {value: 30}, 4: {value: 40}}, c.answers)
	})

	bubble(t, "TakesWhatArrivesDuringBegin", func(t *testing.T) {
		begun := make(chan struct{})
		db := &fakeDB{begin: func(context.Context, int) error { <-begun; return nil }}
		c := newCallers(db, stage, options{Concurrency: 4})

		c.start(t.Context(), 1, 2, 3)
		require.Equal(t, 1, db.transactions()) // one gathers; more would only split the batch
		close(begun)
		c.wg.Wait()
		require.Equal(t, [][]int{{1, 2, 3}}, db.batches)
	})

	bubble(t, "SplitsAtMaxBatchInOrder", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 1, MaxBatch: 2})

		c.start(t.Context(), 1, 2, 3, 4, 5, 6)
		close(open)
		c.wg.Wait()
		require.Equal(t, [][]int{{1}, {2, 3}, {4, 5}, {6}}, db.batches)
	})

	bubble(t, "BoundsTransactions", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 3, MaxBatch: 1})

		c.start(t.Context(), numbers(20)...)
		require.Equal(t, 3, db.transactions())
		require.Equal(t, 17, c.group.Queued())
		close(open)
		c.wg.Wait()
		require.Equal(t, 3, db.most)
		require.Len(t, db.batches, 20)
	})

	bubble(t, "WhatOneTransactionLeavesStartsTheNext", func(t *testing.T) {
		begun, open := make(chan struct{}), make(gate)
		db := &fakeDB{begin: func(context.Context, int) error { <-begun; return nil }, commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 3, MaxBatch: 2})

		c.start(t.Context(), 1, 2, 3, 4, 5, 6)
		require.Equal(t, 1, db.transactions())
		close(begun)
		synctest.Wait()
		require.Equal(t, 3, db.transactions()) // none has committed yet
		close(open)
		c.wg.Wait()
		require.Len(t, db.rows, 6)
	})

	bubble(t, "WaitsForACommitThatIsQuick", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 2})

		c.start(t.Context(), 1)
		c.start(t.Context(), numbers(20)...)
		pass(20 * time.Millisecond)
		require.Equal(t, 1, db.transactions())
		pass(10 * time.Millisecond)
		require.Equal(t, 2, db.transactions()) // something is wrong with that one alone
		close(open)
		c.wg.Wait()
		require.Len(t, db.batches, 2)
	})

	bubble(t, "WaitsForACommitWhereAllAreSlow", func(t *testing.T) {
		db := &fakeDB{commit: func(context.Context, int, []int) (bool, error) {
			pass(60 * time.Millisecond) // a slow disk, say
			return true, nil
		}}
		c := newCallers(db, stage, options{Concurrency: 2})
		c.oneByOne(t.Context(), 50) // until it is known how long they take
		c.start(t.Context(), 50)
		c.start(t.Context(), 51, 52)
		c.wg.Wait()
		require.Equal(t, 1, db.most)
		require.Equal(t, []int{51, 52}, db.batches[51])
	})

	bubble(t, "WaitsForThoseWhoComeBack", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{})
		c.start(t.Context(), 1)
		c.start(t.Context(), 2, 3, 4)
		close(open)
		c.wg.Wait()
		require.Equal(t, [][]int{{1}, {2, 3, 4}}, db.batches)

		c.start(t.Context(), 5, 6)
		pass(time.Millisecond)
		require.Equal(t, 2, db.transactions())
		c.start(t.Context(), 7) // now as many are there as the last one carried
		c.wg.Wait()
		require.Equal(t, []int{5, 6, 7}, db.batches[2])

		begin := time.Now()
		c.start(t.Context(), 8)
		c.wg.Wait() // the others do not come
		require.Equal(t, 2*time.Millisecond, time.Since(begin))

		c.start(t.Context(), 9, 10)
		c.wg.Wait()
		pass(time.Second)
		begin = time.Now()
		c.start(t.Context(), 11) // whoever was answered a while ago is not waited for
		c.wg.Wait()
		require.Zero(t, time.Since(begin))
	})

	bubble(t, "WaitsForThemLongerWhereTransactionsTakeLonger", func(t *testing.T) {
		db := &fakeDB{commit: func(context.Context, int, []int) (bool, error) {
			pass(40 * time.Millisecond)
			return true, nil
		}}
		c := newCallers(db, stage, options{})
		c.oneByOne(t.Context(), 50) // until it is known how long they take
		c.start(t.Context(), 50)
		c.start(t.Context(), 51, 52)
		c.wg.Wait()

		c.start(t.Context(), 53)
		pass(39 * time.Millisecond)
		require.Equal(t, 52, db.transactions())
		c.start(t.Context(), 54)
		c.wg.Wait()
		require.Equal(t, []int{53, 54}, db.batches[52])
	})

	bubble(t, "NobodyIsTakenWhoHasWaitedTooLong", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 1, MaxWait: time.Second})
		c.start(t.Context(), 1)
		c.start(t.Context(), 2)
		pass(600 * time.Millisecond)
		c.start(t.Context(), 3)
		pass(600 * time.Millisecond)
		close(open)
		c.wg.Wait()
		require.Equal(t, [][]int{{1}, {3}}, db.batches)
		require.Equal(t, fault.Overloaded, fault.CodeOf(c.answers[2].err))
		require.Positive(t, fault.From(c.answers[2].err).RetryAfter)
	})

	bubble(t, "NobodyWaitsLongForAnother", func(t *testing.T) {
		stuck := make(chan struct{})
		db := &fakeDB{}
		c := newCallers(db, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			if slices.Contains(items, 1) {
				<-stuck // a lock, say
			}
			return stage(ctx, tx, items)
		}, options{Concurrency: 2})

		c.start(t.Context(), 1)
		begin := time.Now()
		value, err := c.group.Do(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, 20, value)
		require.Less(t, time.Since(begin), 50*time.Millisecond)
		close(stuck)
		c.wg.Wait()
		require.Equal(t, [][]int{{2}, {1}}, db.batches)
	})

	bubble(t, "WhereAllAreSlowOneWaitsLongerButWithinABound", func(t *testing.T) {
		stuck := make(chan struct{})
		db := &fakeDB{}
		c := newCallers(db, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			switch {
			case slices.Contains(items, 102):
				<-stuck
			case slices.Contains(items, 100):
				pass(60 * time.Millisecond)
			default:
				pass(20 * time.Millisecond)
			}
			return stage(ctx, tx, items)
		}, options{Concurrency: 2})

		for _, n := range numbers(50) {
			_, err := c.group.Do(t.Context(), n)
			require.NoError(t, err)
		}
		c.start(t.Context(), 100, 101)
		pass(50 * time.Millisecond)
		require.Equal(t, 51, db.transactions(), "three times what others take is not slow")
		c.wg.Wait()

		c.start(t.Context(), 102)
		begin := time.Now()
		_, err := c.group.Do(t.Context(), 103)
		require.NoError(t, err)
		require.Less(t, time.Since(begin), 150*time.Millisecond)
		close(stuck)
		c.wg.Wait()
	})

	bubble(t, "OneGathersAtATime", func(t *testing.T) {
		begun, open := make(chan struct{}), make(gate)
		db := &fakeDB{commit: open.commit, begin: func(_ context.Context, n int) error {
			if n > 0 {
				<-begun
			}
			return nil
		}}
		c := newCallers(db, stage, options{Concurrency: 2})

		c.start(t.Context(), 1, 2, 3) // 1 is committing, and a transaction for 2 and 3 is beginning
		close(open)
		synctest.Wait()
		require.Equal(t, 2, db.transactions()) // the free worker leaves them to the other
		close(begun)
		c.wg.Wait()
		require.Equal(t, [][]int{{1}, {2, 3}}, db.batches)
	})

	bubble(t, "OwnErrorConcernsNobodyElse", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		refused := fault.New(fault.OrderPaid, "The order is paid.")
		c := newCallers(db, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			out := make(results, 0, len(items))
			for _, n := range items {
				if n == 3 {
					out = append(out, groupcommit.Result[int]{Err: refused})
					continue
				}
				one, err := stage(ctx, tx, []int{n})
				require.NoError(t, err)
				out = append(out, one...)
			}
			return out, nil
		}, options{Concurrency: 1})

		c.start(t.Context(), 1, 2, 3, 4)
		close(open)
		c.wg.Wait()
		require.Equal(t, [][]int{{1}, {2, 4}}, db.batches)
		require.Same(t, refused, c.answers[3].err)
		require.Equal(t, answer{value: 40}, c.answers[4])
	})

	bubble(t, "RefusesWhenFull", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 1, MaxQueue: 2, Name: "intake"})

		c.start(t.Context(), 1, 2, 3, 4)
		refused, ok := c.answered(4)
		require.True(t, ok)
		require.ErrorIs(t, refused.err, groupcommit.ErrFull)
		require.Equal(t, fault.Overloaded, fault.CodeOf(refused.err))
		require.Positive(t, fault.From(refused.err).RetryAfter)
		require.ErrorContains(t, refused.err, "intake")

		close(open)
		c.wg.Wait()
		c.start(t.Context(), 5)
		c.wg.Wait()
		require.Equal(t, map[int]int{1: 1, 2: 1, 3: 1, 5: 1}, db.rows)
	})
}

func TestGroup_CallersContext(t *testing.T) {
	t.Parallel()

	bubble(t, "EndedBefore", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		db := &fakeDB{}
		_, err := groupcommit.New(db, stage, options{}).Do(ctx, 1)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, groupcommit.ErrUnknown)
		require.Zero(t, db.transactions())
	})

	bubble(t, "EndsWhileQueued", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()

		c.start(t.Context(), 1, 2)
		c.start(ctx, 3)
		c.start(t.Context(), 4)
		<-ctx.Done()
		synctest.Wait()
		late, ok := c.answered(3)
		require.True(t, ok)
		require.ErrorIs(t, late.err, context.DeadlineExceeded)
		require.NotErrorIs(t, late.err, groupcommit.ErrUnknown)
		require.Equal(t, fault.Overloaded, fault.CodeOf(late.err))
		require.Equal(t, 2, c.group.Queued())

		close(open)
		c.wg.Wait()
		require.Equal(t, [][]int{{1}, {2, 4}}, db.batches)
	})

	bubble(t, "EndsWhileQueuedAlone", func(t *testing.T) {
		begun := make(chan struct{})
		db := &fakeDB{begin: func(context.Context, int) error { <-begun; return nil }}
		applied := false
		c := newCallers(db, func(context.Context, pgx.Tx, []int) (results, error) {
			applied = true
			return nil, nil
		}, options{})
		ctx, cancel := context.WithCancel(t.Context())

		c.start(ctx, 1)
		cancel()
		c.wg.Wait() // Begin still hangs, and holds nobody
		close(begun)
		require.NoError(t, c.group.Close(t.Context()))
		require.False(t, applied)
		require.Zero(t, db.open) // an empty transaction is rolled back
	})

	bubble(t, "EndsAfterItWasTaken", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{})
		ctx, cancel := context.WithCancel(t.Context())

		c.start(ctx, 1)
		cancel()
		c.wg.Wait() // the commit still hangs
		require.ErrorIs(t, c.answers[1].err, groupcommit.ErrUnknown)
		require.ErrorIs(t, c.answers[1].err, context.Canceled)
		require.Equal(t, fault.Unavailable, fault.CodeOf(c.answers[1].err))

		close(open)
		require.NoError(t, c.group.Close(t.Context()))
		require.Equal(t, map[int]int{1: 1}, db.rows) // the transaction's context is not the caller's
	})

	bubble(t, "IsNotTheTransactions", func(t *testing.T) {
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "trace of one caller among many")
		_, err := groupcommit.New(&fakeDB{}, func(ctx context.Context, tx pgx.Tx, items []int) (results, error) {
			require.Nil(t, ctx.Value(key{}))
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, 3*time.Second, time.Until(deadline))
			return stage(ctx, tx, items)
		}, options{Timeout: 3 * time.Second}).Do(ctx, 1)
		require.NoError(t, err)
	})
}

func TestGroup_Close(t *testing.T) {
	t.Parallel()

	bubble(t, "Idle", func(t *testing.T) {
		group := groupcommit.New(&fakeDB{}, stage, options{})
		require.NoError(t, group.Close(t.Context()))
		require.NoError(t, group.Close(t.Context()))
		_, err := group.Do(t.Context(), 1)
		require.ErrorIs(t, err, groupcommit.ErrClosed)
		require.Equal(t, fault.Unavailable, fault.CodeOf(err))
	})

	bubble(t, "FinishesWhatIsQueued", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 2, MaxBatch: 2})

		c.start(t.Context(), numbers(9)...)
		var closing sync.WaitGroup
		for range 2 {
			closing.Go(func() { require.NoError(t, c.group.Close(t.Context())) })
		}
		synctest.Wait()
		c.start(t.Context(), 99)
		refused, ok := c.answered(99)
		require.True(t, ok)
		require.ErrorIs(t, refused.err, groupcommit.ErrClosed)

		close(open)
		closing.Wait()
		require.Len(t, db.rows, 9)
		c.wg.Wait()
	})

	bubble(t, "GivesUpWithItsContext", func(t *testing.T) {
		open := make(gate)
		db := &fakeDB{commit: open.commit}
		c := newCallers(db, stage, options{Concurrency: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()

		c.start(t.Context(), 1, 2, 3)
		err := c.group.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "2 items dropped, 1 transactions running")
		synctest.Wait()
		for _, n := range []int{2, 3} {
			dropped, ok := c.answered(n)
			require.True(t, ok)
			require.ErrorIs(t, dropped.err, groupcommit.ErrClosed)
		}

		close(open)
		require.NoError(t, c.group.Close(t.Context()))
		c.wg.Wait()
		require.Equal(t, answer{value: 10}, c.answers[1])
		require.Equal(t, map[int]int{1: 1}, db.rows)
	})
}

func TestGroup_Hooks(t *testing.T) {
	t.Parallel()

	bubble(t, "AfterCommitDelaysNoCaller", func(t *testing.T) {
		release := make(chan struct{})
		var got [][]int
		c := newCallers(&fakeDB{}, stage, options{AfterCommit: func(items []int, out results) {
			<-release
			for i, n := range items {
				require.Equal(t, 10*n, out[i].Value)
			}
			got = append(got, append([]int(nil), items...))
		}, Concurrency: 1})

		c.start(t.Context(), 1)
		c.wg.Wait() // the hook has not returned
		c.start(t.Context(), 2, 3)
		close(release)
		require.NoError(t, c.group.Close(t.Context())) // waits for the hook
		require.Equal(t, [][]int{{1}, {2, 3}}, got)
		c.wg.Wait()
	})

	bubble(t, "AfterCommitOnlyAfterACommit", func(t *testing.T) {
		db := &fakeDB{commit: func(context.Context, int, []int) (bool, error) { return false, pgx.ErrTxCommitRollback }}
		group := groupcommit.New(db, stage, options{AfterCommit: func([]int, results) { t.Error("nothing was committed") }})
		_, err := group.Do(t.Context(), 1)
		require.ErrorIs(t, err, pgx.ErrTxCommitRollback)
		require.NoError(t, group.Close(t.Context()))
	})

	bubble(t, "AfterCommitPanics", func(t *testing.T) {
		var seen groupcommit.Batch
		group := groupcommit.New(&fakeDB{}, stage, options{
			AfterCommit: func([]int, results) { panic("cache is gone") },
			Observe:     func(b groupcommit.Batch) { seen = b },
		})
		_, err := group.Do(t.Context(), 1)
		require.NoError(t, err)
		require.NoError(t, group.Close(t.Context()))
		require.NoError(t, seen.Err)
		panicked, ok := errors.AsType[*groupcommit.PanicError](seen.HookErr)
		require.True(t, ok)
		require.Equal(t, "cache is gone", panicked.Value)
	})

	bubble(t, "AfterCommitEndsItsGoroutine", func(t *testing.T) {
		db := &fakeDB{}
		group := groupcommit.New(db, stage, options{AfterCommit: func([]int, results) { runtime.Goexit() }})
		for n := range 3 {
			value, err := group.Do(t.Context(), n)
			require.NoError(t, err)
			require.Equal(t, 10*n, value)
		}
		require.NoError(t, group.Close(t.Context()))
		require.Len(t, db.batches, 3)
	})

	bubble(t, "Observe", func(t *testing.T) {
		var seen []groupcommit.Batch
		db := &fakeDB{commit: func(_ context.Context, n int, _ []int) (bool, error) {
			pass(time.Second)
			if n == 1 {
				return false, pgx.ErrTxCommitRollback
			}
			return true, nil
		}}
		c := newCallers(db, stage, options{
			Concurrency: 1, MaxBatch: 2, Name: "intake",
			Observe: func(b groupcommit.Batch) { seen = append(seen, b) },
		})
		c.start(t.Context(), 1, 2, 3, 4)
		c.wg.Wait()
		require.NoError(t, c.group.Close(t.Context()))

		require.ErrorIs(t, seen[1].Err, pgx.ErrTxCommitRollback)
		seen[1].Err = nil
		require.Equal(t, []groupcommit.Batch{
			{Duration: time.Second, Name: "intake", Size: 1},
			{Duration: time.Second, Name: "intake", Size: 2, Wait: time.Second, Queued: 1}, // rolled back
			{Duration: time.Second, Name: "intake", Size: 1, Repeated: true, Queued: 1},
			{Duration: time.Second, Name: "intake", Size: 1, Repeated: true, Queued: 1},
			{Duration: time.Second, Name: "intake", Size: 1, Wait: 4*time.Second + 100*time.Millisecond}, // for the two that might have come back
		}, seen)
	})
}
