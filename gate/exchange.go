package gate

import (
	"context"
	_ "embed" // the script
	"errors"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"paygate/tracing"
)

//go:embed limit.lua
var limitScript string

// pending is an ask whose request waits. Pendings are reused, with their channel.
type pending struct {
	Ask

	answered chan struct{} // holds one
	answer   Answer
	ok       bool
	bucket   int // its position among those of the exchange
	name     int
}

var pendings = sync.Pool{New: func() any { return &pending{answered: make(chan struct{}, 1)} }}

// value waits to be kept.
type value struct {
	name  string // with its prefix
	bytes []byte
}

// exchange is one round trip: every bucket once, every name, and values.
type exchange struct {
	asks   []*pending
	values []value

	buckets map[string]int
	keys    []key
	rates   []Rate
	counts  []int64
	names   []key
}

// ask has the next exchange carry one ask, and waits for it. It is false when Redis did not answer.
func (g *Gate) ask(ask Ask) (Answer, bool) {
	p := pendings.Get().(*pending)
	p.Ask, p.ok = ask, false
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		pendings.Put(p)
		return Answer{}, false
	}
	g.asks = append(g.asks, p)
	if !g.sending {
		g.sendLocked()
	}
	g.mu.Unlock()

	<-p.answered // within the timeouts of two exchanges
	answer, ok := p.answer, p.ok
	p.answer, p.Span = Answer{}, nil
	pendings.Put(p)
	return answer, ok
}

func (g *Gate) sendKept() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.planned = false
	if !g.sending && !g.closed && len(g.kept) > 0 {
		g.sendLocked()
	}
}

func (g *Gate) sendLocked() {
	g.sending = true
	g.work.Go(g.send)
}

var errAway = errors.New("redis is away")

// send makes one exchange after the other until nothing waits.
func (g *Gate) send() {
	x := &g.exchange
	for {
		// Lets those go first who are about to ask: after a commit many requests come at once. Where nobody
		// is, it returns at once.
		runtime.Gosched()
		if !g.take(x) {
			return
		}
		if g.breaker.isOpen() {
			x.answer(nil, nil, errAway) // it opened while these waited
			continue
		}
		begin := time.Now()
		levels, found, err := x.make(g)
		if g.opts.Observe != nil {
			g.opts.Observe(time.Since(begin), err)
		}
		g.report(err)
		x.answer(levels, found, err)
	}
}

// take moves what waits into x, and tells whether that was anything; if not, the sender is out.
func (g *Gate) take(x *exchange) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.asks) == 0 && len(g.kept) == 0 {
		g.sending = false
		return false
	}
	n := min(len(g.asks), maxAsks)
	x.asks = append(x.asks[:0], g.asks[:n]...)
	g.asks = append(g.asks[:0], g.asks[n:]...)

	n = 0
	for bytes := 0; n < min(len(g.kept), maxSent) && bytes < maxSentBytes; n++ {
		bytes += len(g.kept[n].bytes)
		g.keptBytes -= len(g.kept[n].bytes)
	}
	x.values = append(x.values[:0], g.kept[:n]...)
	rest := copy(g.kept, g.kept[n:])
	clear(g.kept[rest:]) // lets go of the bytes
	g.kept = g.kept[:rest]
	return true
}

// share is what one command of an exchange asks for: the keys at some positions.
type share[C any] struct {
	at  []int
	cmd C
}

// make sends the exchange and returns the level of each bucket before it, and the value of each name.
func (x *exchange) make(g *Gate) (levels, found []any, err error) {
	x.gather()
	ctx, cancel := context.WithTimeout(context.Background(), g.opts.Timeout)
	defer cancel()
	ctx, span := tracing.Gathered(ctx, "gate", x.callers(), trace.WithAttributes(attribute.Int("paygate.items", len(x.asks))))
	defer func() {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}()
	pipe := g.opts.Redis.Pipeline()
	var counts []share[*redis.Cmd]
	var looks []share[*redis.SliceCmd]
	if len(x.keys) > 0 {
		for _, at := range g.positions(x.keys) {
			counts = append(counts, share[*redis.Cmd]{at, x.count(ctx, pipe, at)})
		}
	}
	if len(x.names) > 0 {
		for _, at := range g.positions(x.names) {
			looks = append(looks, share[*redis.SliceCmd]{at, pipe.MGet(ctx, namesAt(x.names, at)...)})
		}
	}
	for _, v := range x.values {
		pipe.Set(ctx, v.name, v.bytes, g.opts.KeepFor)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, nil, fmt.Errorf("error asking Redis: %w", err)
	}
	levels = make([]any, len(x.keys))
	for _, c := range counts {
		replies, err := c.cmd.Slice()
		if err != nil {
			return nil, nil, fmt.Errorf("error reading the levels of buckets: %w", err)
		}
		if err := place(levels, c.at, replies); err != nil {
			return nil, nil, fmt.Errorf("error reading the levels of buckets: %w", err)
		}
	}
	found = make([]any, len(x.names))
	for _, l := range looks {
		if err := place(found, l.at, l.cmd.Val()); err != nil {
			return nil, nil, fmt.Errorf("error reading values: %w", err)
		}
	}
	return levels, found, nil
}

// callers are the spans of the requests that wait.
func (x *exchange) callers() iter.Seq[trace.Span] {
	return func(yield func(trace.Span) bool) {
		for _, p := range x.asks {
			if p.Span != nil && !yield(p.Span) {
				return
			}
		}
	}
}

// count adds to pipe the script for the buckets at these positions. Its text travels along: an EVALSHA
// would take a second round trip after every restart of Redis, and for a whole batch the text costs
// nothing that can be measured.
func (x *exchange) count(ctx context.Context, pipe redis.Pipeliner, at []int) *redis.Cmd {
	args := make([]any, 0, 3*len(at))
	for _, i := range at {
		args = append(args, x.rates[i].Requests, x.rates[i].Per.Microseconds(), x.counts[i])
	}
	return pipe.Eval(ctx, limitScript, namesAt(x.keys, at), args...)
}

func namesAt(keys []key, at []int) []string {
	names := make([]string, len(at))
	for n, i := range at {
		names[n] = keys[i].name
	}
	return names
}

// place puts the replies of one command where its keys are.
func place(all []any, at []int, replies []any) error {
	if len(replies) != len(at) {
		return fmt.Errorf("%d for %d", len(replies), len(at))
	}
	for n, i := range at {
		all[i] = replies[n]
	}
	return nil
}

// gather lists the buckets and names of the asks.
func (x *exchange) gather() {
	if x.buckets == nil {
		x.buckets = make(map[string]int)
	}
	clear(x.buckets)
	x.keys, x.rates, x.counts, x.names = x.keys[:0], x.rates[:0], x.counts[:0], x.names[:0]
	for _, p := range x.asks {
		if !p.Rate.IsZero() {
			key := bucketKey(p.Bucket, p.Rate)
			at, known := x.buckets[key.name]
			if !known {
				at = len(x.keys)
				x.buckets[key.name] = at
				x.keys, x.rates, x.counts = append(x.keys, key), append(x.rates, p.Rate), append(x.counts, 0)
			}
			x.counts[at]++
			p.bucket = at
		}
		if p.Name != "" {
			p.name = len(x.names)
			x.names = append(x.names, answerKey(p.Name))
		}
	}
}

// answer wakes the requests. Those that share a bucket are admitted in the order of their arrival, by
// the arithmetic that the script has done for all of them.
func (x *exchange) answer(levels, found []any, err error) {
	for i, rate := range x.rates {
		x.counts[i] = 0
		if err == nil {
			x.counts[i] = levelOf(levels[i], rate)
		}
	}
	for _, p := range x.asks {
		p.ok = err == nil
		if p.ok {
			p.answer.Standing = Standing{Allowed: true}
			if !p.Rate.IsZero() {
				x.counts[p.bucket], p.answer.Standing = pour(x.counts[p.bucket], p.Rate)
			}
			if p.Name != "" && p.answer.Allowed {
				if text, ok := found[p.name].(string); ok {
					p.answer.Found = []byte(text)
				}
			}
		}
		p.answered <- struct{}{}
	}
	clear(x.asks)
	clear(x.values)
}

// levelOf reads a level of the script's answer, held to what a bucket can hold.
func levelOf(reply any, rate Rate) int64 {
	level, _ := reply.(int64)
	return min(max(level, 0), rate.Requests*rate.Per.Microseconds())
}
