package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a run. Target, Connections and Duration are required.
type Options struct {
	Target      Target
	Connections int
	Duration    time.Duration
	// Rate is how many requests start in a second, whatever became of those before (an open model); 0
	// means that each connection sends its next request when it has the answer to the last one.
	Rate float64
	// MaxRequests bounds how many are sent; 0 means that Duration alone does.
	MaxRequests int64
	// Before is called before each request, and may hold it up; nil does nothing.
	Before func(ctx context.Context)
	// Accepted is called with the body of each 201, from many goroutines; it must not keep the body.
	Accepted func(body []byte, began time.Time)
}

// path is where payments are made.
const path = "/api/v1/payments"

// Run makes payments and reports how it went. It fails when a connection cannot be made or breaks. In an
// open model, latency counts from when a request should have been sent: a server that stalls is not
// spared the requests that wait for a connection meanwhile.
func Run(ctx context.Context, opts Options) (*Result, error) {
	conns := make([]*conn, opts.Connections)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.close()
			}
		}
	}()
	for i := range conns {
		var err error
		if conns[i], err = opts.Target.dial(ctx); err != nil {
			return nil, err
		}
	}
	r := &run{Options: opts, name: rand.Text(), begin: time.Now()}
	ctx, cancel := context.WithDeadline(ctx, r.begin.Add(opts.Duration))
	defer cancel()
	parts := make([]Result, len(conns))
	var senders sync.WaitGroup
	for i, c := range conns {
		senders.Go(func() { r.send(ctx, c, &parts[i]) })
	}
	senders.Wait()
	return gather(parts, time.Since(r.begin))
}

// run is a run under way.
type run struct {
	Options

	name  string // of the run, so that idempotency keys are new
	begin time.Time
	next  atomic.Int64
}

// send uses one connection until the time is over.
func (r *run) send(ctx context.Context, c *conn, into *Result) {
	defer func() { c.close() }()
	into.Statuses = map[int]int{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	var body, key []byte
	for {
		n := r.next.Add(1)
		if r.MaxRequests > 0 && n > r.MaxRequests {
			return
		}
		began := time.Now()
		if r.Rate > 0 {
			began = r.begin.Add(time.Duration(float64(n) / r.Rate * float64(time.Second)))
			if wait := time.Until(began); wait > 0 {
				timer.Reset(wait)
				select {
				case <-timer.C:
				case <-ctx.Done():
					return
				}
			}
		}
		if r.Before != nil {
			r.Before(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		body = appendPayment(body[:0], n)
		key = fmt.Appendf(key[:0], "%s-%d", r.name, n)
		sent := time.Now()
		status, answer, err := c.do("POST", path, string(key), body)
		if err != nil && !errors.Is(err, io.EOF) {
			into.Err = err
			return
		}
		into.Statuses[status]++
		if status == created {
			into.Latencies = append(into.Latencies, time.Since(began))
			if r.Accepted != nil {
				r.Accepted(answer, sent)
			}
		}
		if err != nil { // the server closes the connection after this answer
			fresh, err := r.Target.dial(ctx)
			if err != nil {
				into.Err = err
				return
			}
			c.close()
			c = fresh
		}
	}
}

const created = 201

// appendPayment is a request like most: an amount, an instrument, and the merchant's own reference.
func appendPayment(to []byte, n int64) []byte {
	return fmt.Appendf(to, `{"amount":%d,"currency":"INR","method":"upi","vpa":"customer@okbank","metadata":{"cart":"c-%d","channel":"web"}}`, 100+n%90000, n)
}
