package main

import (
	"context"
	"slices"
	"strings"
	"time"
)

// kind is one way for things to go wrong.
type kind struct {
	name string
	// recovery says what is measured, "" for nothing.
	recovery string
	// bound is the most that it may take, 0 for any time.
	bound  time.Duration
	length func(r *rig) [2]time.Duration
	// mending is how long its parts are no good after that.
	mending time.Duration
	// targets are the members that it can be done to; nil when there is nothing to choose.
	targets func(r *rig) []int
	parts   func(target int) []string
	// missing says why it cannot be done here, "" when it can.
	missing func(r *rig) string
	// do makes the fault, mends it, and returns how long the recovery took.
	do func(ctx context.Context, r *rig, f fault) (time.Duration, error)
}

// The measures, and the bounds of those that were promised.
const (
	measureSuccess = "first success after Postgres is back"
	measureJobs    = "interrupted jobs run again"
	measureReady   = "serving again"
	measureWrite   = "first write after there is a primary"
	measureRedis   = "all APIs use the new primary"
	measureWebhook = "first webhook after the sink is back"
	measureWhole   = "all processes replaced"

	boundSuccess = 3 * time.Second
	boundJobs    = 3 * time.Minute
)

// The members, in the order of the rig.
const (
	firstAPI = iota
	secondAPI
	firstWorker
	secondWorker
)

func apis(*rig) []int    { return []int{firstAPI, secondAPI} }
func workers(*rig) []int { return []int{firstWorker, secondWorker} }

// clocked are the members whose clock can be set.
func clocked(*rig) []int { return []int{secondAPI, secondWorker} }

// between is the bounds of a length.
func between(least, most time.Duration) func(*rig) [2]time.Duration {
	return func(*rig) [2]time.Duration { return [2]time.Duration{least, most} }
}

// stopped is longer than it takes to give a stopped worker's jobs to another: the bound itself, half a minute until the
// next look, and the election of who looks.
func stopped(r *rig) [2]time.Duration {
	least := r.rescue + 45*time.Second
	return [2]time.Duration{least, least + 20*time.Second}
}

// needs is the parts of the rig that are no good meanwhile.
func needs(parts ...string) func(int) []string { return func(int) []string { return parts } }

// oneOf is the part that one process is; of two APIs one is always left in peace.
func oneOf(target int) []string {
	switch target {
	case firstWorker:
		return []string{"worker-1"}
	case secondWorker:
		return []string{"worker-2"}
	default:
		return []string{"api"}
	}
}

var everyMember = needs("api", "worker-1", "worker-2")

var kinds = []*kind{
	{name: "api-kill9", recovery: measureReady, length: between(time.Second/2, 4*time.Second), targets: apis, parts: oneOf, do: killMember},
	{name: "api-sigterm", recovery: measureReady, length: between(time.Second/2, 4*time.Second), targets: apis, parts: oneOf, do: drainMember},
	{name: "api-sigstop", recovery: measureReady, length: between(3*time.Second, 20*time.Second), targets: apis, parts: oneOf, do: stopAPI},
	{name: "worker-kill9", recovery: measureJobs, bound: boundJobs, length: between(time.Second/2, 6*time.Second), targets: workers, parts: oneOf, do: killMember},
	{name: "worker-sigterm", recovery: measureReady, length: between(time.Second/2, 4*time.Second), targets: workers, parts: oneOf, do: drainMember},
	{name: "worker-sigstop", recovery: measureJobs, bound: boundJobs, length: stopped, targets: workers, parts: oneOf, do: stopWorker},
	{name: "rolling-restart", recovery: measureWhole, length: between(20*time.Second, 20*time.Second), parts: everyMember, do: rollingRestart},
	{name: "rolling-upgrade", recovery: measureWhole, length: between(25*time.Second, 25*time.Second), parts: everyMember, missing: noUpgrade, do: rollingUpgrade},
	{name: "jobs-run-twice", length: between(2*time.Second, 6*time.Second), parts: needs("jobs"), do: runJobsTwice},
	{name: "clock-forward", length: between(5*time.Second, 15*time.Second), targets: clocked, parts: oneOf, missing: noClock, do: moveClock(+1)},
	{name: "clock-back", length: between(5*time.Second, 15*time.Second), targets: clocked, parts: oneOf, missing: noClock, do: moveClock(-1)},

	{name: "postgres-fast-stop", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second/2, 8*time.Second), parts: needs("postgres"), missing: notSingle, do: stopPostgres(fastStop)},
	{name: "postgres-immediate-stop", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second/2, 8*time.Second), parts: needs("postgres"), missing: notSingle, do: stopPostgres(immediateStop)},
	{name: "postgres-kill9", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second/2, 8*time.Second), parts: needs("postgres"), missing: notSingle, do: stopPostgres(kill)},
	{name: "postgres-backend-kill9", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second, time.Second), parts: needs("postgres"), missing: notSingle, do: killBackend},
	{name: "postgres-terminate", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second, time.Second), parts: needs("postgres"), do: terminateBackends},
	{name: "postgres-no-connections", recovery: measureSuccess, bound: boundSuccess, length: between(2*time.Second, 10*time.Second), parts: needs("postgres"), missing: notSingle, do: takeConnections},
	{name: "postgres-disk-full", recovery: measureSuccess, bound: boundSuccess, length: between(3*time.Second, 10*time.Second), parts: needs("postgres"), missing: noVolume, do: fillDisk},
	{name: "postgres-link-slow", recovery: measureSuccess, bound: boundSuccess, length: between(3*time.Second, 10*time.Second), parts: needs("postgres"), do: worsenPostgres(slowLink)},
	{name: "postgres-link-reset", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second, 6*time.Second), parts: needs("postgres"), do: worsenPostgres(resetLink)},
	{name: "postgres-link-cut", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second, 10*time.Second), parts: needs("postgres"), do: worsenPostgres(cutLink)},
	{name: "postgres-link-hang", recovery: measureSuccess, bound: boundSuccess, length: between(3*time.Second, 15*time.Second), parts: needs("postgres"), do: worsenPostgres((*link).hang)},
	{name: "postgres-link-mute", recovery: measureSuccess, bound: boundSuccess, length: between(time.Second, 6*time.Second), parts: needs("postgres"), do: worsenPostgres((*link).mute)},

	{name: "redis-stop", length: between(time.Second, 10*time.Second), parts: needs("redis"), missing: notSingle, do: stopRedis},
	{name: "redis-restart", length: between(0, 0), parts: needs("redis"), missing: notSingle, do: stopRedis},
	{name: "redis-flush", length: between(time.Second, time.Second), parts: needs("redis"), missing: notSingle, do: flushRedis},
	{name: "redis-sigstop", length: between(2*time.Second, 10*time.Second), parts: needs("redis"), missing: notSingle, do: freezeRedis},
	{name: "redis-link-slow", length: between(3*time.Second, 10*time.Second), parts: needs("redis"), missing: notSingle, do: worsenRedis(slowLink)},
	{name: "redis-link-reset", length: between(time.Second, 6*time.Second), parts: needs("redis"), missing: notSingle, do: worsenRedis(resetLink)},
	{name: "redis-link-cut", length: between(time.Second, 10*time.Second), parts: needs("redis"), missing: notSingle, do: worsenRedis(cutLink)},
	{name: "redis-link-hang", length: between(3*time.Second, 10*time.Second), parts: needs("redis"), missing: notSingle, do: worsenRedis((*link).hang)},

	{name: "postgres-failover-kill9", recovery: measureWrite, bound: boundSuccess, length: between(failoverLength, failoverLength+4*time.Second), mending: rejoining, parts: needs("postgres"), missing: notReplicated, do: failPostgresOver(killNode, (*node).start)},
	{name: "postgres-failover-cut", recovery: measureWrite, bound: boundSuccess, length: between(failoverLength, failoverLength+4*time.Second), mending: rejoining, parts: needs("postgres"), missing: notReplicated, do: failPostgresOver(cutOff((*node).lines, cutLink), connectAgain)},
	{name: "postgres-failover-hang", recovery: measureWrite, bound: boundSuccess, length: between(failoverLength, failoverLength+4*time.Second), mending: rejoining, parts: needs("postgres"), missing: notReplicated, do: failPostgresOver(cutOff((*node).lines, (*link).hang), connectAgain)},
	{name: "postgres-failover-no-etcd", recovery: measureWrite, bound: boundSuccess, length: between(failoverLength, failoverLength+4*time.Second), mending: rejoining, parts: needs("postgres"), missing: notReplicated, do: failPostgresOver(cutOff(etcdLine, cutLink), connectAgain)},
	{name: "redis-failover", recovery: measureRedis, length: between(8*time.Second, 12*time.Second), mending: rejoining, parts: needs("redis"), missing: notReplicated, do: failRedisOver},

	{name: "sink-dies", recovery: measureWebhook, length: between(2*time.Second, 12*time.Second), parts: needs("sink"), do: killSink},
	{name: "sink-slow", recovery: measureWebhook, length: between(4*time.Second, 10*time.Second), parts: needs("sink"), do: spoilSink(slow)},
	{name: "sink-fails", recovery: measureWebhook, length: between(2*time.Second, 10*time.Second), parts: needs("sink"), do: spoilSink(failing)},
	{name: "sink-resets", recovery: measureWebhook, length: between(2*time.Second, 10*time.Second), parts: needs("sink"), do: spoilSink(cutting)},
}

func kindNamed(name string) *kind {
	i := slices.IndexFunc(kinds, func(k *kind) bool { return k.name == name })
	if i < 0 {
		return nil
	}
	return kinds[i]
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

func notSingle(r *rig) string {
	if r.options.replicated() {
		return "it needs -stores " + storesSingle
	}
	return ""
}

func notReplicated(r *rig) string {
	if !r.options.replicated() {
		return "it needs -stores " + storesReplicated
	}
	return ""
}

func noVolume(r *rig) string {
	if r.options.replicated() {
		return notSingle(r)
	}
	if r.postgres.volume == nil {
		return "this process may not mount a small disk: " + r.volumeErr
	}
	return ""
}

func noClock(r *rig) string {
	if r.options.clock {
		return ""
	}
	return "it needs -clock"
}

func noUpgrade(r *rig) string {
	if r.options.upgrades == 0 {
		return "it needs -upgrades"
	}
	return ""
}

// made is what became of a fault.
type made struct {
	fault

	recovery time.Duration
	// silence is the longest time without a success for the client, from the fault until after its recovery.
	silence time.Duration
	err     error
}

// take waits until the parts are whole, since an earlier fault may take longer than was planned, and returns what gives
// them back.
func (r *rig) take(parts []string) (giveBack func()) {
	// In one order by all, so that nobody waits in a circle.
	parts = slices.Sorted(slices.Values(parts))
	for _, part := range parts {
		r.parts[part].Lock()
	}
	return func() {
		for _, part := range parts {
			r.parts[part].Unlock()
		}
	}
}

// make carries one fault out.
func (r *rig) make(ctx context.Context, f fault) made {
	defer r.take(f.kind.parts(f.target))()
	r.log.say("%s begins (%s)", f.kind.name, strings.TrimSpace(f.String()))
	silence := r.client.listen()
	recovery, err := f.kind.do(ctx, r, f)
	m := made{fault: f, recovery: recovery, err: err, silence: silence()}
	switch {
	case err != nil:
		r.log.say("%s went wrong: %v", f.kind.name, err)
	case f.kind.recovery != "":
		r.log.say("%s is over: %s after %.2f s; silence %.2f s", f.kind.name, f.kind.recovery, recovery.Seconds(), m.silence.Seconds())
	default:
		r.log.say("%s is over; silence %.2f s", f.kind.name, m.silence.Seconds())
	}
	return m
}
