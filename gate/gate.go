// Package gate is what stands at the API's door before any work: it counts requests against limits and
// looks for remembered answers, both in Redis, both in one round trip.
//
// Redis is a shortcut here and nothing more. What it does not answer, or not in time, is counted in this
// process and looked up in Postgres by those who come after the gate; whatever it holds can vanish at
// any moment. What it says about a remembered answer is not believed either: the value is for the caller
// to authenticate (idempotency.Copy does).
//
// Concurrent requests share a round trip, as transactions are shared in groupcommit: one is on its way
// at a time, and what arrives meanwhile goes with the next. A lone request is sent at once.
package gate

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"
)

// MaxValue is the largest value kept, in bytes. The answer about a payment with all the metadata that
// it may have fits; what is larger is left to Postgres.
const MaxValue = 64 << 10

// The bounds of what waits to be kept. What exceeds them is dropped.
const (
	maxKept      = 4096
	maxKeptBytes = 8 << 20
)

// The bounds of one round trip.
const (
	maxAsks      = 512
	maxSent      = 256 // values, which must not take the time of those who wait
	maxSentBytes = 256 << 10
)

// gatherPause is how long values wait for a request to travel with.
const gatherPause = 5 * time.Millisecond

// Options of a Gate. Redis and Logger are required.
type Options struct {
	// Redis is made with NewClient, so that its time-outs are short. Close leaves it open.
	Redis  redis.UniversalClient
	Logger *slog.Logger
	// KeepFor is how long a value stays in Redis; default 24 h.
	KeepFor time.Duration
	// Timeout bounds one round trip; default 100 ms.
	Timeout time.Duration
	// Observe learns of each round trip that answers requests; nil is nobody.
	Observe func(took time.Duration, err error)
}

// Gate asks Redis. Close it when nobody passes any more.
type Gate struct {
	opts    Options
	breaker breaker
	local   *local
	// clustered says that a command may only name keys of one part.
	clustered bool

	mu        sync.Mutex
	asks      []*pending
	closed    bool
	exchange  exchange // of the one goroutine that is sending
	kept      []value
	keptBytes int
	planned   bool // values will be sent after gatherPause
	sending   bool
	work      sync.WaitGroup
}

// New returns a Gate. It holds no goroutine while nobody passes.
func New(opts Options) *Gate {
	opts.KeepFor = cmp.Or(opts.KeepFor, 24*time.Hour)
	opts.Timeout = cmp.Or(opts.Timeout, DefaultTimeout)
	_, clustered := opts.Redis.(*redis.ClusterClient)
	return &Gate{opts: opts, local: newLocal(), clustered: clustered}
}

// Ask is what one request wants to know.
type Ask struct {
	// Bucket names those whose requests are counted together: who, and for which kind of request.
	Bucket string
	// Rate is the limit; with the zero Rate nothing is counted.
	Rate Rate
	// Name is what a value may be kept under; with an empty one nothing is looked for.
	Name string
	// Span is the request's; the round trip is shown below it. nil for none.
	Span trace.Span
}

// Answer is what is known about a request.
type Answer struct {
	Standing

	// Found is the value kept under the name, or nil. Redis may have changed it.
	Found []byte
}

// Pass counts one request and looks up its name. It waits for two round trips' timeouts at the most:
// its own, and that of the one before. When Redis does not answer, the request is counted in this
// process against a limit of the same size, and nothing is found.
func (g *Gate) Pass(ask Ask) Answer {
	if ask.Rate.IsZero() && ask.Name == "" {
		return Answer{Standing: Standing{Allowed: true}}
	}
	if g.usable() {
		if answer, ok := g.ask(ask); ok {
			return answer
		}
	}
	if ask.Rate.IsZero() {
		return Answer{Standing: Standing{Allowed: true}}
	}
	return Answer{Standing: g.local.count(bucketKey(ask.Bucket, ask.Rate).name, ask.Rate)}
}

// Keep stores a value for others to find, some time soon or never. It does not wait. value is not
// changed afterwards.
func (g *Gate) Keep(name string, bytes []byte) {
	if len(bytes) > MaxValue || !g.usable() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.kept) >= maxKept || g.keptBytes+len(bytes) > maxKeptBytes {
		return
	}
	g.kept = append(g.kept, value{answerKey(name).name, bytes})
	g.keptBytes += len(bytes)
	if !g.sending && !g.planned {
		g.planned = true
		time.AfterFunc(gatherPause, g.sendKept)
	}
}

// Check asks Redis now, whatever is believed about it, and lets what it finds out count. A nil error
// means that Redis is in use, all nodes of it.
func (g *Gate) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.opts.Timeout)
	defer cancel()
	// Counts, and so proves, that it runs scripts and stores what they write.
	pipe := g.opts.Redis.Pipeline()
	for part := range parts {
		pipe.Eval(ctx, limitScript, []string{keyOf(ratePrefix, "check", part).name}, MaxRequests, time.Second.Microseconds(), 1)
		if !g.clustered {
			break // one server has all parts
		}
	}
	_, err := pipe.Exec(ctx)
	if err != nil {
		err = fmt.Errorf("error asking Redis: %w", err)
	}
	g.report(err)
	return err
}

// Close sends what is still to be kept, and waits until nothing is on its way. Requests that pass
// afterwards are counted in this process.
func (g *Gate) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	if !g.sending && len(g.kept) > 0 {
		g.sendLocked()
	}
	g.mu.Unlock()

	done := make(chan struct{})
	go func() {
		defer close(done)
		g.work.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("error waiting for Redis: %w", ctx.Err())
	}
}

// InUse tells whether Redis is asked; it is not while its breaker is open.
func (g *Gate) InUse() bool { return !g.breaker.isOpen() }

// usable tells whether Redis is worth asking, and has it looked after when it is not.
func (g *Gate) usable() bool {
	ask, probe := g.breaker.pass(time.Now())
	if probe {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.closed {
			g.work.Go(func() { _ = g.Check(context.Background()) }) // it has reported
		}
	}
	return ask
}

func (g *Gate) report(err error) {
	switch what, outage := g.breaker.report(time.Now(), err); what {
	case opened:
		g.opts.Logger.LogAttrs(context.Background(), slog.LevelWarn, "redis is away: limits count in each process, answers come from postgres", slog.Any("error", err))
	case closed:
		g.opts.Logger.LogAttrs(context.Background(), slog.LevelInfo, "redis is back", slog.Duration("outage", outage))
	case unchanged:
	}
}
