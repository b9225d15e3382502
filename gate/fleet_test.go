package gate_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/gate"
)

// fleetGate is a gate at a fleet, as a process has it.
func fleetGate(t *testing.T, url string, timeout time.Duration) (*gate.Gate, *log, *trips) {
	t.Helper()
	options, err := gate.ParseURL(url)
	require.NoError(t, err)
	client := gate.NewClient(options, timeout)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	trips := &trips{}
	client.AddHook(trips)
	log := &log{}
	g := gate.New(gate.Options{Redis: client, Timeout: timeout, Logger: slog.New(slog.NewTextHandler(log, nil))})
	t.Cleanup(func() { require.NoError(t, g.Close(context.WithoutCancel(t.Context()))) })
	return g, log, trips
}

// passesAgain waits until Redis itself has counted a request, and not this process alone: other sees it.
func passesAgain(t *testing.T, g, other *gate.Gate) {
	t.Helper()
	rounds := 0
	require.Eventually(t, func() bool {
		rounds++
		for i := range 64 { // whichever server has it
			ask := gate.Ask{Bucket: fmt.Sprint("again", rounds, ":", i), Rate: rarely}
			if g.Pass(ask).Remaining != 49 || other.Pass(ask).Remaining != 48 {
				return false
			}
		}
		return true
	}, patience, 20*time.Millisecond)
}

func TestGate_ClusterCountsExactlyAndFinds(t *testing.T) {
	t.Parallel()
	cluster := dbtest.NewRedisCluster(t, 3)
	g, log, trips := fleetGate(t, cluster.URL, patience)
	other, _, _ := fleetGate(t, cluster.URL, patience)
	gates := []*gate.Gate{g, other}

	// More keys than a slot has, in one batch after the other, from two processes.
	const buckets = 100
	var allowed [buckets]atomic.Int64
	var all sync.WaitGroup
	for i := range 1200 {
		all.Go(func() {
			ask := gate.Ask{Bucket: fmt.Sprint("b", i%buckets), Rate: gate.Rate{Requests: 5, Per: time.Hour}, Name: fmt.Sprint("n", i)}
			if gates[i/buckets%2].Pass(ask).Allowed {
				allowed[i%buckets].Add(1)
			}
		})
	}
	all.Wait()
	for i := range allowed {
		require.Equal(t, int64(5), allowed[i].Load(), "bucket %d, of twelve requests", i)
	}
	require.NotZero(t, trips.pipelines.Load())
	require.Less(t, trips.pipelines.Load(), int64(600), "requests share round trips")

	for i := range buckets {
		g.Keep(fmt.Sprint("answer", i), fmt.Append(nil, i))
	}
	for i := range buckets {
		require.Eventually(t, func() bool {
			return string(other.Pass(gate.Ask{Name: fmt.Sprint("answer", i)}).Found) == fmt.Sprint(i)
		}, patience, time.Millisecond)
	}
	require.NoError(t, g.Check(t.Context()))
	require.Zero(t, log.count("redis is away"))
	for i, node := range cluster.Nodes {
		n, err := node.Do("DBSIZE").Int()
		require.NoError(t, err)
		require.Greater(t, n, 40, "node %d has its share of 200 keys", i)
	}
}

func TestGate_ClusterMovesASlot(t *testing.T) {
	t.Parallel()
	cluster := dbtest.NewRedisCluster(t, 3)
	g, log, _ := fleetGate(t, cluster.URL, patience)
	other, _, _ := fleetGate(t, cluster.URL, patience)
	passesAgain(t, g, other) // both know the nodes

	key := gate.AnswerKey("moved")
	slot, err := cluster.Nodes[0].Do("CLUSTER", "KEYSLOT", key).Int()
	require.NoError(t, err)
	from := slot * 3 / 16384
	to := (from + 1) % 3
	id, err := cluster.Nodes[to].Do("CLUSTER", "MYID").Text()
	require.NoError(t, err)
	// Without its keys: they may be lost.
	require.NoError(t, cluster.Nodes[from].Do("FLUSHALL").Err())
	for _, at := range []int{to, from, (from + 2) % 3} {
		require.NoError(t, cluster.Nodes[at].Do("CLUSTER", "SETSLOT", slot, "NODE", id).Err())
	}
	g.Keep("moved", []byte("answer"))
	require.Eventually(t, func() bool { return string(other.Pass(gate.Ask{Name: "moved"}).Found) == "answer" }, patience, time.Millisecond)
	kept, err := cluster.Nodes[to].Do("GET", key).Text()
	require.NoError(t, err)
	require.Equal(t, "answer", kept)
	require.Zero(t, log.count("redis is away"))
}

func TestGate_ClusterWithoutOneNodeIsAwayUntilItIsBack(t *testing.T) {
	t.Parallel()
	cluster := dbtest.NewRedisCluster(t, 3)
	g, log, _ := fleetGate(t, cluster.URL, time.Second)
	other, _, _ := fleetGate(t, cluster.URL, time.Second)
	passesAgain(t, g, other)

	cluster.Nodes[1].Kill()
	require.Eventually(t, func() bool {
		g.Pass(gate.Ask{Name: "n"})
		return g.Check(t.Context()) != nil && log.count("redis is away") > 0
	}, patience, time.Millisecond)
	allowed := 0
	for range 60 {
		if g.Pass(gate.Ask{Bucket: "alone", Rate: rarely}).Allowed {
			allowed++
		}
	}
	require.Equal(t, 50, allowed, "a limit of the same size, in this process")

	cluster.Nodes[1].Start()
	cluster.Await()
	passesAgain(t, g, other)
	require.NotZero(t, log.count("redis is back"))
}

func TestGate_SentinelsReplaceADeadMaster(t *testing.T) {
	t.Parallel()
	sentinels := dbtest.NewRedisSentinels(t)
	g, log, _ := fleetGate(t, sentinels.URL, time.Second)
	other, _, _ := fleetGate(t, sentinels.URL, time.Second)
	passesAgain(t, g, other)
	g.Keep("n", []byte("answer"))
	eventually(t, other, "answer")
	require.Eventually(t, func() bool {
		kept, err := sentinels.Replica.Do("GET", gate.AnswerKey("n")).Text()
		return err == nil && kept == "answer"
	}, patience, time.Millisecond)

	sentinels.Master.Kill()
	require.True(t, g.Pass(gate.Ask{Bucket: "during", Rate: rarely, Name: "n"}).Allowed, "a request does not wait for them")
	sentinels.AwaitFailover()
	passesAgain(t, g, other)
	require.Equal(t, "answer", string(g.Pass(gate.Ask{Name: "n"}).Found), "the replica had it")
	require.NoError(t, g.Check(t.Context()))
	require.Equal(t, log.count("redis is away"), log.count("redis is back"))
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]redis.UniversalOptions{
		"redis://u:p@one:6380/3":                 {Addrs: []string{"one:6380"}, Username: "u", Password: "p", DB: 3},
		"redis://one":                            {Addrs: []string{"one:6379"}},
		"unix:///run/redis.sock?db=2":            {Addrs: []string{"/run/redis.sock"}, DB: 2},
		"redis+cluster://one":                    {Addrs: []string{"one:6379"}, IsClusterMode: true},
		"redis+cluster://u:p@one,two:7000,[::1]": {Addrs: []string{"one:6379", "two:7000", "[::1]:6379"}, IsClusterMode: true, Username: "u", Password: "p"},
		"redis+cluster://one?addr=two:7000":      {Addrs: []string{"one:6379", "two:7000"}, IsClusterMode: true},
		"redis+sentinel://s:q@one,two:5000/4?master_name=m&username=u&password=p": {
			Addrs: []string{"one:26379", "two:5000"}, MasterName: "m", DB: 4, Username: "u", Password: "p", SentinelUsername: "s", SentinelPassword: "q",
		},
	} {
		got, err := gate.ParseURL(text)
		require.NoError(t, err, text)
		require.Equal(t, &want, got, text)
	}
	for _, text := range []string{"rediss://one", "rediss+cluster://one,two", "rediss+sentinel://one,two?master_name=m"} {
		got, err := gate.ParseURL(text)
		require.NoError(t, err, text)
		require.NotNil(t, got.TLSConfig, text)
	}
	for _, text := range []string{
		"", "one:6379", "http://one", "redis://one/x", "redis+sentinel://one,two/0", "redis+sentinel://one,two/x?master_name=m", "redis+cluster://",
		"redis+cluster://one,,two", "redis://u:hunter2@one:x", "redis://u:hunter2@[::1", "redis+cluster://one:x", "http+cluster://one", "redis+cluster://u:hunter2@[::1,two", "redis+other://one",
	} {
		_, err := gate.ParseURL(text)
		require.Error(t, err, text)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
