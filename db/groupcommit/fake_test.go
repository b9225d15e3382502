package groupcommit_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/groupcommit"
)

// fakeDB stands for Postgres where a failure cannot be provoked, such as an answer to
// COMMIT that gets lost. It knows no SQL: Apply stages items in the fakeTx, and a
// commit counts them.
type fakeDB struct {
	// begin, when set, may block or fail; n counts from 0.
	begin func(ctx context.Context, n int) error
	// commit, when set, tells whether the n-th transaction is written and what Commit says about it.
	commit func(ctx context.Context, n int, staged []int) (written bool, err error)

	mu         sync.Mutex
	begun      int
	open, most int // transactions now, and at the worst moment
	rows       map[int]int
	batches    [][]int // what was committed together
}

type fakeTx struct {
	pgx.Tx // nil: a method that the fake lacks must not be called

	db     *fakeDB
	ended  bool
	n      int
	staged []int
}

func (db *fakeDB) Begin(ctx context.Context) (pgx.Tx, error) {
	db.mu.Lock()
	n := db.begun
	db.begun++
	db.mu.Unlock()
	if db.begin != nil {
		if err := db.begin(ctx, n); err != nil {
			return nil, err
		}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.open++
	db.most = max(db.most, db.open)
	return &fakeTx{db: db, n: n}, nil
}

func (tx *fakeTx) Conn() *pgx.Conn { return nil }

func (tx *fakeTx) Commit(ctx context.Context) error {
	written, err := true, error(nil)
	if tx.db.commit != nil {
		written, err = tx.db.commit(ctx, tx.n, tx.staged)
	}
	tx.end(written)
	return err
}

func (tx *fakeTx) Rollback(context.Context) error {
	if tx.ended {
		return pgx.ErrTxClosed
	}
	tx.end(false)
	return nil
}

func (tx *fakeTx) end(written bool) {
	tx.db.mu.Lock()
	defer tx.db.mu.Unlock()
	tx.ended = true
	tx.db.open--
	if !written {
		return
	}
	if tx.db.rows == nil {
		tx.db.rows = map[int]int{}
	}
	for _, n := range tx.staged {
		tx.db.rows[n]++
	}
	tx.db.batches = append(tx.db.batches, tx.staged)
}

// transactions is how many were begun so far.
func (db *fakeDB) transactions() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.begun
}

type (
	options = groupcommit.Options[int, int]
	results = []groupcommit.Result[int]
)

// stage is an Apply for fakeDB: every item is written, and its value is ten times the item.
func stage(_ context.Context, tx pgx.Tx, items []int) (results, error) {
	fake := tx.(*fakeTx)
	fake.staged = append(fake.staged, items...)
	out := make(results, len(items))
	for i, n := range items {
		out[i].Value = 10 * n
	}
	return out, nil
}

type answer struct {
	value int
	err   error
}

// callers runs each Do in a goroutine of its own, and keeps the answers.
type callers struct {
	group *groupcommit.Group[int, int]

	mu      sync.Mutex
	answers map[int]answer
	wg      sync.WaitGroup
}

func newCallers(db *fakeDB, apply groupcommit.Apply[int, int], opts options) *callers {
	return &callers{group: groupcommit.New(db, apply, opts), answers: map[int]answer{}}
}

// start hands the items in one after the other. It returns when all goroutines of the
// bubble are blocked, so that the items are queued in this order or under way.
func (c *callers) start(ctx context.Context, items ...int) {
	for _, n := range items {
		c.wg.Go(func() {
			value, err := c.group.Do(ctx, n)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.answers[n] = answer{value, err}
		})
		synctest.Wait()
	}
}

// oneByOne has each of the items from 0 to below count answered before the next.
func (c *callers) oneByOne(ctx context.Context, count int) {
	for n := range count {
		c.start(ctx, n)
		c.wg.Wait()
	}
}

func (c *callers) answered(n int) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.answers[n]
	return a, ok
}

// gate is a commit that waits until it is opened.
type gate chan struct{}

func (g gate) commit(context.Context, int, []int) (bool, error) {
	<-g
	return true, nil
}

// numbers are the items from 0 to below count.
func numbers(count int) []int {
	out := make([]int, count)
	for n := range out {
		out[n] = n
	}
	return out
}

// pass lets time pass, which in a bubble it does at once.
func pass(d time.Duration) { <-time.After(d) }

// bubble runs f where goroutines and time are under control: it tells when all of them
// are blocked, and fails when one is left over.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}
