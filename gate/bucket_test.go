package gate

import (
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"paygate/db/dbtest"
)

// reference is GCRA as the standard's virtual scheduling writes it, over exact fractions: a theoretical
// arrival time, an emission interval, and a tolerance of one interval less than the period.
type reference struct {
	arrival *big.Rat // µs
}

func (r *reference) count(now int64, rate Rate) Standing {
	interval := big.NewRat(rate.Per.Microseconds(), rate.Requests)
	period := big.NewRat(rate.Per.Microseconds(), 1)
	at := big.NewRat(now, 1)
	if r.arrival == nil || r.arrival.Cmp(at) < 0 {
		r.arrival = at
	}
	next := new(big.Rat).Add(r.arrival, interval)
	horizon := new(big.Rat).Add(at, period)
	allowed := next.Cmp(horizon) <= 0
	if allowed {
		r.arrival = next
	}
	// Those that still fit before the horizon, rounded down.
	room := new(big.Rat).Sub(horizon, r.arrival)
	room.Quo(room, interval)
	remaining := new(big.Int).Quo(room.Num(), room.Denom()).Int64()
	// When the one after them fits, rounded up.
	wait := new(big.Rat).Mul(interval, big.NewRat(remaining+1, 1))
	wait.Add(wait, r.arrival).Sub(wait, horizon)
	micros := new(big.Int).Add(wait.Num(), new(big.Int).Sub(wait.Denom(), big.NewInt(1)))
	micros.Quo(micros, wait.Denom())
	return Standing{Allowed: allowed, Remaining: remaining, Next: time.Duration(micros.Int64()) * time.Microsecond}
}

var rates = rapid.Custom(func(t *rapid.T) Rate {
	requests := rapid.OneOf(rapid.Int64Range(1, 5), rapid.Int64Range(1, 1000), rapid.Int64Range(1, MaxRequests), rapid.Just[int64](MaxRequests)).Draw(t, "requests")
	return Rate{Requests: requests, Per: rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "per")}
})

// steps are pauses around what decides: nothing, one interval and its neighbours, a period.
func pause(t *rapid.T, rate Rate) int64 {
	interval := rate.Per.Microseconds() / rate.Requests
	return rapid.OneOf(
		rapid.Just[int64](0), rapid.Int64Range(max(interval-1, 0), interval+1), rapid.Int64Range(0, 3*interval+1),
		rapid.Int64Range(0, rate.Per.Microseconds()+1), rapid.Just(3*rate.Per.Microseconds()),
	).Draw(t, "pause")
}

func TestLocal_IsExactlyGCRA(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		rate := rates.Draw(t, "rate")
		limits, model := newLocal(), &reference{}
		now := int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "requests") {
			now += pause(t, rate)
			require.Equal(t, model.count(now, rate), limits.countAt("key", rate, now), "at %d µs, %s", now, rate)
		}
	})
}

// TestScript_IsExactlyGCRA runs the real script on a real Redis under a clock of the test's, and the
// arithmetic that follows it, against the reference: batches of any size for several buckets at once.
func TestScript_IsExactlyGCRA(t *testing.T) {
	t.Parallel()

	options, err := redis.ParseURL(dbtest.Redis(t))
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer client.Close()
	script := strings.Replace(limitScript, "redis.call('TIME')", "{ARGV[#ARGV - 1], ARGV[#ARGV]}", 1)
	script = strings.Replace(script, "math.ceil(level / requests / 1000) + 1", "600000", 1) // Redis' own clock must not interfere
	require.NotContains(t, script, "TIME")
	require.Contains(t, script, "600000")

	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		now := int64(1_764_000_000_000_000)
		type limit struct {
			key   string
			rate  Rate
			model *reference
		}
		var limits []*limit
		for i := range rapid.IntRange(1, 3).Draw(t, "buckets") {
			limits = append(limits, &limit{"b" + strconv.Itoa(run) + ":" + strconv.Itoa(i), rates.Draw(t, "rate"), &reference{}})
		}
		for range rapid.IntRange(1, 12).Draw(t, "batches") {
			now += pause(t, limits[0].rate)
			var keys []string
			var args []any
			var counts []int64
			for _, l := range limits {
				n := rapid.Int64Range(0, 2*min(l.rate.Requests, 8)).Draw(t, "count")
				keys, counts = append(keys, l.key), append(counts, n)
				args = append(args, l.rate.Requests, l.rate.Per.Microseconds(), n)
			}
			levels, err := client.Eval(t.Context(), script, keys, append(args, now/1_000_000, now%1_000_000)...).Slice()
			require.NoError(t, err)
			require.Len(t, levels, len(keys))
			for i, l := range limits {
				level := levelOf(levels[i], l.rate)
				for range counts[i] {
					var standing Standing
					level, standing = pour(level, l.rate)
					require.Equal(t, l.model.count(now, l.rate), standing, "at %d µs, %s", now, l.rate)
				}
			}
		}
	})
}

func TestScript_TakesWhatItFindsForNothing(t *testing.T) {
	t.Parallel()

	options, err := redis.ParseURL(dbtest.Redis(t))
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer client.Close()
	eval := func() int64 {
		levels, err := client.Eval(t.Context(), limitScript, []string{"b"}, 10, 1_000_000, 1).Slice()
		require.NoError(t, err)
		require.Len(t, levels, 1)
		return levels[0].(int64)
	}

	for _, junk := range []string{"", " ", "x", "1", "-1 -1", "1 1 1", "1.5 2", "1e3 1", strings.Repeat("9", 400) + " 1", "1 " + strings.Repeat("9", 400), "nan nan"} {
		require.NoError(t, client.Set(t.Context(), "b", junk, 0).Err())
		require.Zero(t, eval(), "%q", junk)
	}
	require.NoError(t, client.Del(t.Context(), "b").Err())
	require.NoError(t, client.LPush(t.Context(), "b", "of another type").Err())
	require.Zero(t, eval())

	// More than full is full, and a time that is to come is now.
	later := time.Now().Add(time.Hour).UnixMicro()
	require.NoError(t, client.Set(t.Context(), "b", "9999999999999999 "+strconv.FormatInt(later, 10), 0).Err())
	require.Equal(t, int64(10_000_000), eval())

	// It does not stay longer than it matters.
	require.NoError(t, client.Del(t.Context(), "b").Err())
	require.Zero(t, eval())
	left, err := client.PTTL(t.Context(), "b").Result()
	require.NoError(t, err)
	require.LessOrEqual(t, left, 101*time.Millisecond) // a tenth of the bucket
}

func TestLocal_ForgetsLimitsThatNobodyUses(t *testing.T) {
	t.Parallel()

	limits := newLocal()
	rate := Rate{Requests: 5, Per: time.Second}
	for i := range 3 * maxLocalBuckets {
		limits.countAt(strconv.Itoa(i), rate, 0)
	}
	require.LessOrEqual(t, limits.buckets.Len(), maxLocalBuckets)
}
