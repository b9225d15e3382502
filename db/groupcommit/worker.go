package groupcommit

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"paygate/tracing"
)

const (
	// maxRepeats of a transaction that failed for a reason that lies in no item.
	maxRepeats = 3
	// backoff bounds the random pause before the first repeat; it doubles with each.
	backoff = 5 * time.Millisecond
	// A transaction keeps the next one waiting for slow times as long as others take, within these bounds. What takes that long
	// where others do not, waits for a lock. Where all do, for want of processors or of a quick disk, one more at a time would
	// only share them further, and split the same items into more transactions.
	slow        = 4
	minPatience = 25 * time.Millisecond
	maxPatience = 500 * time.Millisecond
	// Callers that were answered often come back at once, and half as many in a transaction cost as much again. So the next one waits for
	// as many items as the last one has carried, for as long as transactions take of late at most, within these bounds.
	minGather = 2 * time.Millisecond
	maxGather = 100 * time.Millisecond
	// rollbackTimeout bounds a rollback, which starts when the transaction's own time may be up.
	rollbackTimeout = 5 * time.Second
)

// worker runs one transaction after the other while there are items, then ends its
// goroutine. Its slices are reused, so that a batch costs no memory of its own.
type worker[In, Out any] struct {
	group *Group[In, Out]

	calls []*call[In, Out]
	items []In // those of calls, in the same order

	deadline time.Time // no transaction for this batch begins later
	open     attempt   // the one to roll back should the goroutine be ended
	stopped  error     // why the rest of the batch is given up
	unsolved int       // index of the first call that is not answered

	// Guarded by the group's mutex, while this worker leads. impatient ends the lead of a batch that takes
	// long; leads counts them, because it may fire when that batch is through already.
	impatient *time.Timer
	leads     int

	// What Observe is told beside.
	queued   int
	repeated bool
	wait     time.Duration
}

// attempt is a transaction that was begun, or could not be.
type attempt struct {
	cancel  context.CancelFunc
	ctx     context.Context //nolint:containedctx // lives as long as the transaction
	err     error
	started time.Time
	tx      pgx.Tx
}

// leadLocked makes this the worker whose transaction the next one waits for.
func (w *worker[In, Out]) leadLocked() {
	w.group.leader = w
	w.leads++
}

// tireLocked bounds for how long the next one waits for this batch.
func (w *worker[In, Out]) tireLocked() {
	lead := w.leads
	w.impatient = time.AfterFunc(w.group.patienceLocked(), func() {
		w.group.mu.Lock()
		defer w.group.mu.Unlock()
		if w.leads == lead {
			w.resignLocked()
			w.group.startLocked()
		}
	})
}

// through notes how long a transaction has taken, and lets the next one begin.
func (w *worker[In, Out]) through(took time.Duration) {
	w.group.mu.Lock()
	defer w.group.mu.Unlock()
	w.group.usual += (took - w.group.usual) / 8
	w.resignLocked()
	w.group.startLocked()
}

// resign lets the next transaction begin.
func (w *worker[In, Out]) resign() {
	w.group.mu.Lock()
	defer w.group.mu.Unlock()
	w.resignLocked()
	w.group.startLocked()
}

func (w *worker[In, Out]) resignLocked() {
	if w.group.leader != w {
		return
	}
	if w.impatient != nil {
		w.impatient.Stop()
	}
	w.group.leader = nil
}

func (w *worker[In, Out]) work() {
	ended := false
	defer func() {
		// A function of the owner's called runtime.Goexit, which cannot be stopped. (An
		// escaping panic ends the process, so that nothing here matters any more.)
		if !ended {
			w.bury()
		}
	}()
	for {
		a := w.begin()
		size := w.take()
		if size > 0 {
			w.deadline = a.started.Add(2 * w.group.opts.Timeout)
			w.settle(0, size, a)
			w.clear()
		} else {
			w.rollback(a) // everybody left meanwhile
		}
		if !w.proceed(size) {
			ended = true
			return
		}
	}
}

func (w *worker[In, Out]) begin() attempt {
	a := attempt{started: time.Now()}
	a.ctx, a.cancel = context.WithTimeout(context.Background(), w.group.opts.Timeout)
	w.open = a // in case that Begin does not return
	a.tx, a.err = w.group.db.Begin(a.ctx)
	w.open = a
	return a
}

// take fills the batch with what is queued now, and returns how many items that are.
func (w *worker[In, Out]) take() int {
	g := w.group
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for len(w.calls) < g.opts.MaxBatch {
		c := g.queue.pop()
		if c == nil {
			break
		}
		// Its caller is about to withdraw it, but may not have had the processor yet.
		if err := c.ctx.Err(); err != nil {
			c.fail(g.left(err))
			continue
		}
		waited := now.Sub(c.queuedAt)
		if g.opts.MaxWait > 0 && waited > g.opts.MaxWait {
			c.fail(g.left(errTooLong))
			continue
		}
		if len(w.calls) == 0 {
			w.wait = waited
		}
		w.calls, w.items = append(w.calls, c), append(w.items, c.item)
	}
	w.queued, w.repeated = g.queue.len, false
	if len(w.calls) == 0 {
		w.resignLocked()
	} else {
		w.tireLocked()
	}
	g.startLocked()
	return len(w.calls)
}

// proceed notes that a batch of so many is through, and tells whether there is another one to begin for; if not, the worker is out.
func (w *worker[In, Out]) proceed(size int) bool {
	g := w.group
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last, g.lastEnd = size, time.Now()
	if g.queue.len > 0 && g.leader == nil && !g.gatherLocked() {
		w.leadLocked()
		return true
	}
	g.running--
	g.spare = append(g.spare, w)
	g.startLocked()
	g.closeDrainedLocked()
	return false
}

// settle answers calls[from:to], beginning with attempt a.
func (w *worker[In, Out]) settle(from, to int, a attempt) {
	var v verdict
	var err error
	for repeat := 0; ; repeat++ {
		v, err = w.transact(from, to, a)
		if v != again {
			break
		}
		if repeat == maxRepeats || time.Now().After(w.deadline) {
			if a.err != nil {
				v = hopeless
			}
			break
		}
		<-time.After(rand.N(backoff << repeat)) //nolint:gosec // two that collided must part, not be unpredictable
		a = w.begin()
	}

	switch {
	case v == committed:
	case v == unknown:
		w.fail(from, to, err)
	case v == hopeless || time.Now().After(w.deadline):
		w.stopped = w.group.unavailable(err)
		w.fail(from, to, w.stopped)
	case to-from == 1 && v == again:
		w.fail(from, to, w.group.unavailable(err))
	case to-from == 1:
		w.fail(from, to, named(w.group.opts.Name, err))
	default:
		middle := from + (to-from)/2
		w.part(from, middle)
		w.part(middle, to)
	}
}

// part settles one half of a batch that cannot go in as a whole.
func (w *worker[In, Out]) part(from, to int) {
	if w.stopped != nil {
		w.fail(from, to, w.stopped)
		return
	}
	w.settle(from, to, w.begin())
}

// transact applies calls[from:to] in one transaction, and answers them if it was committed.
func (w *worker[In, Out]) transact(from, to int, a attempt) (v verdict, err error) {
	ctx, span := tracing.Gathered(a.ctx, w.group.span, w.callers(from, to), trace.WithAttributes(attribute.Int("paygate.items", to-from)))
	defer func() {
		if v != committed {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}()
	a.ctx = ctx
	if a.err != nil {
		w.resign()
		v = afterBegin(a.ctx, a.err)
		a.cancel()
		err = fmt.Errorf("error beginning transaction: %w", a.err)
		w.observe(Batch{Duration: time.Since(a.started), Err: err, Size: to - from})
		return v, err
	}

	results, err := w.apply(a, w.items[from:to])
	if err != nil {
		w.resign()
		v = afterApply(a.ctx, a.tx, err)
		w.rollback(a)
		err = fmt.Errorf("error applying items: %w", err)
		w.observe(Batch{Duration: time.Since(a.started), Err: err, Size: to - from})
		return v, err
	}

	err = a.tx.Commit(a.ctx)
	v = afterCommit(a.ctx, err)
	duration := time.Since(a.started)
	w.through(duration)
	a.cancel() // Commit ends the transaction even when it fails
	if v != committed {
		err = fmt.Errorf("error committing transaction: %w", err)
		if v == unknown {
			err = w.group.unknown(err)
		}
		w.observe(Batch{Duration: duration, Err: err, Size: to - from})
		return v, err
	}

	for i, c := range w.calls[from:to] {
		c.answer(results[i])
	}
	w.unsolved = to
	w.observe(Batch{Duration: duration, HookErr: w.afterCommit(w.items[from:to], results), Size: to - from})
	return committed, nil
}

// callers are the spans of those who wait for calls[from:to].
func (w *worker[In, Out]) callers(from, to int) iter.Seq[trace.Span] {
	return func(yield func(trace.Span) bool) {
		for _, c := range w.calls[from:to] {
			if !yield(trace.SpanFromContext(c.ctx)) {
				return
			}
		}
	}
}

// apply calls Apply and turns a panic into an error.
func (w *worker[In, Out]) apply(a attempt, items []In) (results []Result[Out], err error) {
	defer func() {
		if value := recover(); value != nil {
			err = newPanicError(value)
		}
	}()
	results, err = w.group.apply(a.ctx, a.tx, items)
	if err == nil && len(results) != len(items) {
		err = fmt.Errorf("apply returned %d results for %d items", len(results), len(items))
	}
	return results, err
}

// afterCommit calls the hook; a panic in it must not take the process down, because
// the callers of the next batch have no part in it.
func (w *worker[In, Out]) afterCommit(items []In, results []Result[Out]) (err error) {
	if w.group.opts.AfterCommit == nil {
		return nil
	}
	defer func() {
		if value := recover(); value != nil {
			err = newPanicError(value)
		}
	}()
	w.group.opts.AfterCommit(items, results)
	return nil
}

// observe reports a transaction, completed by what is known of its batch.
func (w *worker[In, Out]) observe(b Batch) {
	if w.group.opts.Observe == nil {
		return
	}
	b.Name, b.Queued, b.Repeated, b.Wait = w.group.opts.Name, w.queued, w.repeated, w.wait
	w.repeated, w.wait = true, 0 // for whatever this batch still gets
	w.group.opts.Observe(b)
}

// fail answers calls[from:to]. Batches are settled from the left to the right, so that
// all calls before to are answered then.
func (w *worker[In, Out]) fail(from, to int, err error) {
	for _, c := range w.calls[from:to] {
		c.fail(err)
	}
	w.unsolved = to
}

// rollback ends an attempt. Its error is of no use: pgx closes a connection that would
// not roll back, and the server does it then.
func (w *worker[In, Out]) rollback(a attempt) {
	a.cancel()
	if a.tx == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	_ = a.tx.Rollback(ctx)
}

// bury does for a worker whose goroutine is being ended what it would have done itself.
func (w *worker[In, Out]) bury() {
	w.rollback(w.open)
	w.fail(w.unsolved, len(w.calls), named(w.group.opts.Name, errGoexit))
	g := w.group
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	w.resignLocked()
	g.startLocked()
	g.closeDrainedLocked()
}

// clear makes ready for the next batch, and lets go of the items of this one.
func (w *worker[In, Out]) clear() {
	clear(w.calls)
	clear(w.items)
	w.calls, w.items = w.calls[:0], w.items[:0]
	w.open, w.stopped, w.unsolved = attempt{}, nil, 0
}
