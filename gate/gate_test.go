package gate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/gate"
	"paygate/gate/gatetest"
)

// patience is for what happens soon; only a test that fails spends it.
const patience = 20 * time.Second

// rarely drains so slowly that nothing does during a test.
var rarely = gate.Rate{Requests: 50, Per: time.Hour}

type bundle struct {
	line  *gatetest.Proxy
	redis *redis.Client // at the far end of the line
	log   *log
	trips *trips
}

func setup(t *testing.T) *bundle {
	t.Helper()
	url := dbtest.Redis(t)
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	b := &bundle{line: gatetest.NewProxy(t, url), redis: redis.NewClient(options), log: &log{}, trips: &trips{}}
	t.Cleanup(func() { require.NoError(t, b.redis.Close()) })
	return b
}

// open returns a gate as a process of its own has it: nothing is shared with another but Redis. Its
// time-out is long, so that a busy machine does not make Redis seem away.
func (b *bundle) open(t *testing.T) *gate.Gate {
	t.Helper()
	return b.openWith(t, patience)
}

func (b *bundle) openWith(t *testing.T, timeout time.Duration) *gate.Gate {
	t.Helper()
	client := b.line.Client(timeout)
	client.AddHook(b.trips)
	g := gate.New(gate.Options{Redis: client, Timeout: timeout, Logger: slog.New(slog.NewTextHandler(b.log, nil))})
	t.Cleanup(func() { require.NoError(t, g.Close(context.WithoutCancel(t.Context()))) })
	return g
}

// log can be read while it is written.
type log struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(line)
}

func (l *log) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buffer.String(), text)
}

// trips counts what is sent to Redis.
type trips struct{ pipelines, singles atomic.Int64 }

func (*trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.singles.Add(1)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.pipelines.Add(1)
		return next(ctx, cmds)
	}
}

// eventually waits until the gate finds what the name n is to have.
func eventually(t *testing.T, g *gate.Gate, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return string(g.Pass(gate.Ask{Name: "n"}).Found) == want }, patience, time.Millisecond)
}

func TestGate_CountsAndFinds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g, other := b.open(t), b.open(t)

	first := g.Pass(gate.Ask{Bucket: "key:write", Rate: rarely, Name: "n"})
	require.Equal(t, gate.Standing{Allowed: true, Remaining: 49, Next: 72 * time.Second}, first.Standing)
	require.Nil(t, first.Found)
	require.Equal(t, int64(48), other.Pass(gate.Ask{Bucket: "key:write", Rate: rarely}).Remaining)
	require.Equal(t, int64(49), g.Pass(gate.Ask{Bucket: "key:read", Rate: rarely}).Remaining, "a bucket of its own")
	require.Equal(t, int64(9), g.Pass(gate.Ask{Bucket: "key:write", Rate: gate.Rate{Requests: 10, Per: time.Hour}}).Remaining, "a changed rate starts anew")

	g.Keep("n", []byte("answer"))
	eventually(t, other, "answer")
	left, err := b.redis.TTL(t.Context(), gate.AnswerKey("n")).Result()
	require.NoError(t, err)
	require.InDelta(t, 24*time.Hour, left, float64(time.Minute))

	require.Equal(t, gate.Answer{Standing: gate.Standing{Allowed: true}}, g.Pass(gate.Ask{}), "nothing to ask")
}

func TestGate_OneRoundTripForEachAndOneForMany(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := b.open(t)

	g.Pass(gate.Ask{Name: "n"}) // connects
	before, singles := b.trips.pipelines.Load(), b.trips.singles.Load()
	for i := range 10 {
		g.Pass(gate.Ask{Bucket: "lone", Rate: rarely, Name: fmt.Sprint("n", i)})
		require.Equal(t, before+int64(i+1), b.trips.pipelines.Load())
	}
	b.line.Slow(20 * time.Millisecond) // so that one trip is under way while the others arrive
	before = b.trips.pipelines.Load()
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() { g.Pass(gate.Ask{Bucket: fmt.Sprint("b", i%7), Rate: rarely, Name: fmt.Sprint("n", i)}) })
	}
	all.Wait()
	require.Less(t, b.trips.pipelines.Load()-before, int64(100))
	require.Equal(t, singles, b.trips.singles.Load(), "nothing but the shared trips")
}

func TestGate_TwoProcessesAdmitExactlyTheLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gates := []*gate.Gate{b.open(t), b.open(t)}

	var mu sync.Mutex
	remaining := map[int64]int{}
	refused := 0
	var all sync.WaitGroup
	for i := range 80 {
		all.Go(func() {
			for range 10 {
				standing := gates[i%2].Pass(gate.Ask{Bucket: "b", Rate: rarely}).Standing
				mu.Lock()
				if standing.Allowed {
					remaining[standing.Remaining]++
				} else {
					refused++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	require.Zero(t, b.log.count("redis is away"))
	require.Len(t, remaining, 50)
	for n := range int64(50) {
		require.Equal(t, 1, remaining[n], "each place is given once: %d", n)
	}
	require.Equal(t, 750, refused)
}

func TestGate_RefillsByTheServersClock(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := b.open(t)
	rate := gate.Rate{Requests: 200, Per: time.Second}

	begin, err := b.redis.Time(t.Context()).Result()
	require.NoError(t, err)
	allowed := int64(0)
	var elapsed time.Duration
	for elapsed < 500*time.Millisecond {
		if g.Pass(gate.Ask{Bucket: "b", Rate: rate}).Allowed {
			allowed++
		}
		now, err := b.redis.Time(t.Context()).Result()
		require.NoError(t, err)
		elapsed = now.Sub(begin)
	}
	require.Zero(t, b.log.count("redis is away"))
	require.LessOrEqual(t, allowed, 200+int64(200*elapsed/time.Second)+1)
}

func TestGate_WithoutRedisCountsInTheProcess(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.line.Cut()
	g, other := b.open(t), b.open(t)

	for _, one := range []*gate.Gate{g, other} {
		var allowed atomic.Int64
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for range 10 {
					answer := one.Pass(gate.Ask{Bucket: "b", Rate: rarely, Name: "n"})
					if answer.Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		all.Wait()
		require.Equal(t, int64(50), allowed.Load(), "a limit of the same size, in each process")
		require.True(t, one.Pass(gate.Ask{Name: "n"}).Allowed, "without a limit nothing is refused")
	}
	require.Error(t, g.Check(t.Context()))
}

func TestGate_ADeadRedisCostsItsTimeoutOnlyAFewTimes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := b.openWith(t, gate.DefaultTimeout)
	require.NoError(t, b.redis.Set(t.Context(), gate.AnswerKey("n"), "before", 0).Err())
	eventually(t, g, "before")
	b.line.Hang()

	// Each of these costs one time-out. How long a request took tells less: a busy machine may stop one for as long.
	asked := b.trips.pipelines.Load()
	for range 1000 {
		g.Pass(gate.Ask{Bucket: "b", Rate: rarely, Name: "n"})
	}
	require.Equal(t, int64(3), b.trips.pipelines.Load()-asked, "exchanges until the breaker opens")
	require.Equal(t, 1, b.log.count("redis is away"))
	require.Zero(t, b.log.count("redis is back"))

	b.line.Restore()
	require.NoError(t, b.redis.Set(t.Context(), gate.AnswerKey("n"), "found", 0).Err())
	eventually(t, g, "found") // the probes go on by themselves, as long as somebody passes
	require.Equal(t, 1, b.log.count("redis is back"))
	require.Equal(t, 1, b.log.count("redis is away"))
	require.NoError(t, g.Check(t.Context()))
}

func TestGate_HangingRedisHoldsConcurrentRequestsForTwoTimeoutsAtMost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := b.openWith(t, gate.DefaultTimeout)
	g.Pass(gate.Ask{Name: "n"})
	b.line.Hang()

	var longest atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			for range 20 {
				begin := time.Now()
				g.Pass(gate.Ask{Name: "n"})
				for took := int64(time.Since(begin)); ; {
					if seen := longest.Load(); took <= seen || longest.CompareAndSwap(seen, took) {
						break
					}
				}
			}
		})
	}
	all.Wait()
	require.Less(t, time.Duration(longest.Load()), 2*gate.DefaultTimeout+time.Second) // the second is for the machine
}

func TestGate_ASlowRedisIsStillUsed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := b.open(t)
	g.Keep("n", []byte("answer"))
	eventually(t, g, "answer")
	b.line.Slow(30 * time.Millisecond)
	for range 5 {
		g.Pass(gate.Ask{Bucket: "b", Rate: rarely})
	}
	require.Equal(t, "answer", string(g.Pass(gate.Ask{Bucket: "b", Rate: rarely, Name: "n"}).Found))
	require.Zero(t, b.log.count("redis is away"))
}

func TestGate_AFlushedRedisForgetsAndGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := b.open(t)
	g.Keep("n", []byte("answer"))
	eventually(t, g, "answer")
	require.NoError(t, b.redis.FlushDB(t.Context()).Err())
	require.NoError(t, b.redis.ScriptFlush(t.Context()).Err())
	answer := g.Pass(gate.Ask{Bucket: "b", Rate: rarely, Name: "n"})
	require.Equal(t, int64(49), answer.Remaining)
	require.Nil(t, answer.Found)
	require.NoError(t, b.redis.LPush(t.Context(), gate.AnswerKey("n"), "of another type").Err())
	require.Nil(t, g.Pass(gate.Ask{Name: "n"}).Found)
	require.Zero(t, b.log.count("redis is away"))
}

func TestGate_ARedisThatRefusesToWriteIsAway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	client := b.line.Client(0)
	client.AddHook(refusing{})
	g := gate.New(gate.Options{Redis: client, Logger: slog.New(slog.NewTextHandler(b.log, nil))})
	defer func() { require.NoError(t, g.Close(t.Context())) }()
	for range 10 {
		require.True(t, g.Pass(gate.Ask{Bucket: "b", Rate: rarely}).Allowed)
	}
	require.Equal(t, 1, b.log.count("redis is away"))
}

// refusing answers each trip as a replica does.
type refusing struct{}

func (refusing) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (refusing) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (refusing) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(_ context.Context, cmds []redis.Cmder) error {
		err := errors.New("READONLY, says a replica")
		for _, cmd := range cmds {
			cmd.SetErr(err)
		}
		return err
	}
}

func TestGate_KeepIsBoundedAndClosesEmpty(t *testing.T) {
	t.Parallel()
	b := setup(t)
	g := b.open(t)
	g.Keep("large", make([]byte, gate.MaxValue+1))
	g.Keep("largest", make([]byte, gate.MaxValue))
	for i := range 3000 {
		g.Keep(fmt.Sprint("n", i), []byte("answer"))
	}
	require.NoError(t, g.Close(t.Context()))
	n, err := b.redis.DBSize(t.Context()).Result()
	require.NoError(t, err)
	require.Equal(t, int64(3001), n)

	g.Keep("late", []byte("answer"))
	require.Equal(t, gate.Standing{Allowed: true, Remaining: 49, Next: 72 * time.Second}, g.Pass(gate.Ask{Bucket: "b", Rate: rarely}).Standing)
	require.NoError(t, g.Close(t.Context()))
	n, err = b.redis.DBSize(t.Context()).Result()
	require.NoError(t, err)
	require.Equal(t, int64(3001), n)
}

func BenchmarkGate_Pass(b *testing.B) {
	options, err := gate.ParseURL(dbtest.Redis(b))
	require.NoError(b, err)
	client := gate.NewClient(options, 0)
	defer client.Close()
	g := gate.New(gate.Options{Redis: client, Logger: slog.New(slog.DiscardHandler)})
	defer func() { require.NoError(b, g.Close(b.Context())) }()
	rate := gate.Rate{Requests: gate.MaxRequests, Per: time.Second}
	value := bytes.Repeat([]byte("x"), 700)
	b.SetParallelism(32)
	b.ReportAllocs()
	var names atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			name := fmt.Sprint("n", names.Add(1))
			g.Pass(gate.Ask{Bucket: "key:write", Rate: rate, Name: name})
			g.Keep(name, value)
		}
	})
}
