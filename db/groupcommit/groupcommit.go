// Package groupcommit gathers the work of concurrent callers into one Postgres
// transaction, because on a small machine most of a transaction's price is its
// commit. Each caller is answered after the commit that holds its item.
//
// # When a transaction starts
//
// At once, when none is running: a lone item never waits for company. Items that arrive
// meanwhile queue, and the next transaction takes all of them, first come first served,
// up to MaxBatch. A transaction takes its items only after BEGIN was answered, so those
// that arrive during that round trip are in it too. A batch therefore grows only while
// the database is busy.
//
// The next one begins when the one before is through, its COMMIT included. To begin it earlier
// would split the same work into more and smaller batches, each with the fixed price of a
// transaction, on processors that are busy already. It is done only where there is enough for a
// full batch, or where a transaction is held up (by a lock, say): where it takes four times as long as
// others, from 25 to 500 ms. For the same reason the next one leaves callers who were just answered time to
// come back, until as many wait as the last one has carried: as long as transactions take of late, 2 to 100 ms.
// Processes that share a machine or a Postgres share its time; each of them alone sees how many come.
//
// # What an answer means
//
//   - No error: the item is committed.
//   - [ErrUnknown]: the item is committed, or will be, or will never be. Either
//     COMMIT was sent and the connection broke before the answer, or the caller's
//     context ended after the transaction had taken the item. Whoever needs the
//     outcome asks the database. A lost COMMIT is never tried again, since that could
//     do it twice. The item may still be read after Do has returned this error.
//   - Any other error: nothing of the item is committed.
//
// An item's own error ([Result].Err) is returned as Apply gave it. Everything else
// that the caller of a caller could see is a *fault.Error (overloaded or unavailable),
// except the error of an item that cannot go in, which is wrapped and keeps its cause.
//
// # Contexts
//
// An item whose context ends before a transaction took it leaves the queue and is not
// applied. After that its outcome is the transaction's: the caller gets [ErrUnknown],
// with the context's error inside, without waiting. (Waiting would let one stuck
// transaction hold callers beyond their deadline; who prefers it passes
// context.WithoutCancel.) The transaction runs on a context of its own, with Timeout
// and without values but a span: where those of callers are recorded, so is that of each transaction, as a
// child of the first caller's and linked with the others'.
//
// # What happens when a transaction fails
//
// It is rolled back as a whole, and then:
//
//   - A failure that lies in no item (serialization 40001, deadlock 40P01, a
//     connection lost before COMMIT was sent) → the same batch again, at most three
//     times, after a few random milliseconds.
//   - A failure that may lie in one item (any other error of Apply or of COMMIT, a
//     panic) → the batch is halved, and each half is tried by itself. One bad item
//     among n costs at most 2·log₂n transactions more; everything bad costs 2n.
//     Committed halves answer their callers at once.
//   - A failure that neither can mend (no connection, Timeout, disk full, a read-only
//     server, a runtime.Goexit), or a batch that has been worked on for twice Timeout →
//     all callers still unanswered get the error.
//
// A COMMIT that Postgres answered with an error, or with ROLLBACK, is a failed
// transaction. One that was answered by a broken connection, or by a server that was
// being killed, is unknown for every item in it, even for those with an error of
// their own: such an error may rest on a neighbour's row.
//
// # Bounds
//
// At most MaxQueue items wait; beyond, Do fails at once with [ErrFull]. None waits longer
// than MaxWait, after which it is not applied, so that under too much load those that are taken
// are such that somebody still waits for. At most Concurrency transactions and goroutines run; none when idle.
package groupcommit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/fault"
)

// Beginner begins a transaction: a *pgxpool.Pool, or in a test a pgx.Tx, which begins
// a savepoint. A pgx.Tx is one connection, so it needs Options.Concurrency 1.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Result is what became of one item.
type Result[Out any] struct {
	Value Out
	// Err is the item's own failure: nothing was written for it, and its
	// neighbours are not concerned.
	Err error
}

// Apply does the work of all items in tx and returns one Result per item, in order.
// An error (or a panic) means that tx cannot be committed.
//
// It is called again with the same items, or a part of them, after a rollback, so it
// must have no effect outside tx. It must neither commit tx nor keep items. With a
// Concurrency above 1 it must lock rows in one order, or wait for deadlocks. A
// statement that may wait for a lock needs a lock_timeout well below
// Options.Timeout: the former is blamed on the item that waits, the latter on all.
type Apply[In, Out any] func(ctx context.Context, tx pgx.Tx, items []In) ([]Result[Out], error)

// Options of a group. Zero values mean the defaults. With a Concurrency above 1 the
// functions are called from that many goroutines.
type Options[In, Out any] struct {
	// AfterCommit is called once for each committed transaction, with what Apply got
	// and gave. Its callers are answered already and never wait for it, but the next
	// transaction may: what it does must be bounded in time. It must not keep the slices.
	// A panic in it is reported to Observe.
	AfterCommit func(items []In, results []Result[Out])

	// Concurrency is how many transactions may be in flight; default 3: one that works, one
	// that commits, and one more, so that a batch that waits for a lock or is being halved
	// holds up nobody else. With 1, the processor idles while the disk syncs. Work on rows
	// that all batches share, a balance say, is better off with 1: the second would only
	// wait for a lock.
	Concurrency int

	// MaxBatch bounds the items in one transaction; default 256.
	MaxBatch int

	// MaxQueue bounds the items that no transaction has taken yet; default 4096.
	MaxQueue int

	// MaxWait bounds how long an item waits for a transaction to take it; zero does not. It is looked at
	// when the item's turn comes, so it costs nothing before.
	MaxWait time.Duration

	// Name says whose items these are, in errors and metrics: "intake".
	Name string

	// Observe is called after each transaction, committed or not. It must be quick
	// and must not panic.
	Observe func(Batch)

	// Timeout bounds one transaction from Begin to the answer to COMMIT; default 10 s.
	Timeout time.Duration
}

// Batch is what Observe learns about one transaction.
type Batch struct {
	// Duration from before Begin to the answer to COMMIT or to the failure.
	Duration time.Duration
	// Err is nil when the transaction was committed. It wraps ErrUnknown when that is not known.
	Err error
	// HookErr is a panic in AfterCommit.
	HookErr error
	// Name is the group's.
	Name string
	// Queued is how many items were left waiting when this batch was taken.
	Queued int
	// Repeated marks a transaction that tries items again after a failure.
	Repeated bool
	// Size is how many items were in it.
	Size int
	// Wait is how long the oldest item waited until it was taken, BEGIN included;
	// zero when Repeated.
	Wait time.Duration
}

// Group gathers the items of concurrent callers. Make it with New.
type Group[In, Out any] struct {
	apply Apply[In, Out]
	db    Beginner
	opts  Options[In, Out]
	// span is the name of a transaction's span.
	span string

	// Made once: an overloaded server should not allocate to say so.
	errClosed, errFull error

	free    sync.Pool // of *call[In, Out]
	drained chan struct{}

	mu        sync.Mutex // guards what follows, and the links of queued calls
	closed    bool
	gathering bool // a timer will begin
	last      int  // how many items the batch carried that was through at lastEnd
	lastEnd   time.Time
	leader    *worker[In, Out] // whose transaction the next one waits for; nil for nobody's
	queue     queue[In, Out]
	running   int
	spare     []*worker[In, Out]
	usual     time.Duration // how long transactions have taken of late
}

// New makes a group. It holds no goroutine and no connection until the first Do.
func New[In, Out any](db Beginner, apply Apply[In, Out], opts Options[In, Out]) *Group[In, Out] {
	opts.Concurrency = orDefault(opts.Concurrency, 3)
	opts.MaxBatch = orDefault(opts.MaxBatch, 256)
	opts.MaxQueue = orDefault(opts.MaxQueue, 4096)
	opts.Timeout = orDefault(opts.Timeout, 10*time.Second)
	return &Group[In, Out]{
		apply:     apply,
		db:        db,
		opts:      opts,
		span:      "transaction " + opts.Name,
		errClosed: fault.New(fault.Unavailable, "The server is shutting down. Try again in a second.").After(time.Second).Because(named(opts.Name, ErrClosed)),
		errFull:   fault.New(fault.Overloaded, "Too many requests are waiting. Try again in a second.").After(time.Second).Because(named(opts.Name, ErrFull)),
		free: sync.Pool{New: func() any {
			return &call[In, Out]{done: make(chan struct{}, 1)}
		}},
		drained: make(chan struct{}),
	}
}

// Do hands item in and waits until its transaction has ended or ctx has. The package
// documentation says what each error means.
func (g *Group[In, Out]) Do(ctx context.Context, item In) (Out, error) {
	c := g.free.Get().(*call[In, Out])
	c.ctx, c.item, c.queuedAt = ctx, item, time.Now()

	if err := g.enqueue(c); err != nil {
		g.recycle(c)
		var none Out
		return none, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if !g.withdraw(c) {
			// A worker still has c and will write to it, so it is left to the collector.
			var none Out
			return none, g.unknown(ctx.Err())
		}
	}
	value, err := c.result.Value, c.result.Err
	g.recycle(c)
	return value, err
}

// Close refuses new items with ErrClosed, and waits until the queued ones are
// answered. When ctx ends first, those that no transaction has taken get ErrClosed as
// well, and the running transactions are left to their Timeout. Closing again waits
// again.
func (g *Group[In, Out]) Close(ctx context.Context) error {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		g.startLocked() // nobody else will come
		g.closeDrainedLocked()
	}
	g.mu.Unlock()

	select {
	case <-g.drained:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	dropped, running := g.queue.len, g.running
	for c := g.queue.pop(); c != nil; c = g.queue.pop() {
		c.fail(g.errClosed)
	}
	if running == 0 {
		return nil // drained in the meantime
	}
	return named(g.opts.Name, fmt.Errorf("error draining, %d items dropped, %d transactions running: %w", dropped, running, ctx.Err()))
}

// Queued is how many items no transaction has taken yet: a gauge.
func (g *Group[In, Out]) Queued() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.queue.len
}

// enqueue puts c in the queue and sees to it that somebody will take it.
func (g *Group[In, Out]) enqueue(c *call[In, Out]) error {
	if err := c.ctx.Err(); err != nil {
		return g.left(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return g.errClosed
	case g.queue.len >= g.opts.MaxQueue:
		return g.errFull
	}
	g.queue.push(c)
	g.startLocked()
	return nil
}

// withdraw ends a call whose context has ended: c holds its result on true. On false
// a transaction has taken it, and is not through yet.
func (g *Group[In, Out]) withdraw(c *call[In, Out]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.queued {
		g.queue.remove(c)
		c.result.Err = g.left(c.ctx.Err())
		return true
	}
	select {
	case <-c.done:
		return true // answered at the same moment; what is known is worth more
	default:
		return false
	}
}

func (g *Group[In, Out]) recycle(c *call[In, Out]) {
	*c = call[In, Out]{done: c.done}
	g.free.Put(c)
}

// startLocked starts a worker if there is something to do that none will do soon.
func (g *Group[In, Out]) startLocked() {
	if g.leader != nil && len(g.leader.calls) > 0 && g.queue.len >= g.opts.MaxBatch {
		g.leader.resignLocked() // there is nothing to split
	}
	if g.leader != nil || g.queue.len == 0 || g.running >= g.opts.Concurrency {
		return
	}
	if g.gatherLocked() {
		return
	}
	g.running++
	var w *worker[In, Out]
	if last := len(g.spare) - 1; last >= 0 {
		w, g.spare = g.spare[last], g.spare[:last]
	} else {
		w = &worker[In, Out]{group: g}
	}
	w.leadLocked()
	go w.work()
}

// gatherLocked tells whether company is still to be waited for, and sees to it that somebody begins when it does not come.
func (g *Group[In, Out]) gatherLocked() bool {
	left := min(max(g.usual, minGather), maxGather) - time.Since(g.lastEnd)
	if g.queue.len >= g.last || left <= 0 || g.closed {
		return false
	}
	if !g.gathering {
		g.gathering = true
		time.AfterFunc(left, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.gathering = false
			g.startLocked()
		})
	}
	return true
}

// patienceLocked is for how long a transaction keeps the next one waiting.
func (g *Group[In, Out]) patienceLocked() time.Duration {
	return min(max(slow*g.usual, minPatience), maxPatience)
}

// closeDrainedLocked tells Close once that nothing is left. A queue is never left
// without a worker, so that none running means none waiting.
func (g *Group[In, Out]) closeDrainedLocked() {
	if g.closed && g.running == 0 {
		close(g.drained)
	}
}

func orDefault[T int | time.Duration](v, fallback T) T {
	if v <= 0 {
		return fallback
	}
	return v
}
