package groupcommit

import (
	"context"
	"time"
)

// call is one item on its way, and its caller's place to wait. Calls are reused, with
// their channel.
type call[In, Out any] struct {
	ctx      context.Context //nolint:containedctx // a worker asks it whether the item is still wanted
	done     chan struct{}   // gets one value when result is there; holds one, so that nobody waits for a caller who left
	item     In
	queuedAt time.Time
	result   Result[Out]

	// Guarded by the group's mutex.
	queued     bool
	next, prev *call[In, Out]
}

func (c *call[In, Out]) answer(result Result[Out]) {
	c.result = result
	c.done <- struct{}{}
}

func (c *call[In, Out]) fail(err error) { c.answer(Result[Out]{Err: err}) }

// queue is first in, first out, and lets one leave from the middle. It is a linked
// list through the calls themselves: a ring would have to grow, and to skip holes.
type queue[In, Out any] struct {
	head, tail *call[In, Out]
	len        int
}

func (q *queue[In, Out]) push(c *call[In, Out]) {
	c.queued, c.prev = true, q.tail
	if q.tail == nil {
		q.head = c
	} else {
		q.tail.next = c
	}
	q.tail = c
	q.len++
}

// pop returns nil when the queue is empty.
func (q *queue[In, Out]) pop() *call[In, Out] {
	c := q.head
	if c != nil {
		q.remove(c)
	}
	return c
}

func (q *queue[In, Out]) remove(c *call[In, Out]) {
	if c.prev == nil {
		q.head = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		q.tail = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.next, c.prev, c.queued = nil, nil, false
	q.len--
}
