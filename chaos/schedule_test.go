package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func planOf(t *testing.T, args ...string) []fault {
	t.Helper()
	o, err := parse(args)
	require.NoError(t, err)
	r := &rig{options: o, rescue: o.rescue, log: &journal{out: io.Discard, began: time.Now()}, postgres: &database{volume: &volume{}}}
	plan, err := r.plan(o)
	require.NoError(t, err)
	return plan
}

func TestScheduleIsReplayed(t *testing.T) {
	t.Parallel()
	first := planOf(t, "-seed", "7", "-duration", "20m")
	require.Equal(t, first, planOf(t, "-seed", "7", "-duration", "20m"))
	require.NotEqual(t, first, planOf(t, "-seed", "8", "-duration", "20m"))
}

// What an hour has to show: 200 faults, of every kind, and never two at a time for one part.
func TestScheduleOfAnHour(t *testing.T) {
	t.Parallel()
	plan := planOf(t, "-seed", "1", "-duration", "60m")
	require.GreaterOrEqual(t, len(plan), 200)
	of := map[string]int{}
	free := map[string]time.Duration{}
	for _, f := range plan {
		of[f.kind.name]++
		for _, part := range f.kind.parts(f.target) {
			require.LessOrEqual(t, free[part], f.at, "%s: %s has another fault", f, part)
			free[part] = f.at + f.length + f.kind.mending
		}
		require.LessOrEqual(t, f.at+f.length, time.Hour)
	}
	for _, k := range kinds {
		if k.missing == nil || k.missing(&rig{options: options{clock: true, upgrades: 1}, postgres: &database{volume: &volume{}}}) == "" {
			require.GreaterOrEqual(t, of[k.name], 3, k.name)
		}
	}
}

// Failovers take their time, and are made where there is somebody to fail over to.
func TestScheduleOfFailovers(t *testing.T) {
	t.Parallel()
	plan := planOf(t, "-seed", "1", "-duration", "10m", "-stores", "replicated", "-clock=false", "-upgrades", "0")
	of := map[string]int{}
	free := map[string]time.Duration{}
	for _, f := range plan {
		of[f.kind.name]++
		for _, part := range f.kind.parts(f.target) {
			require.LessOrEqual(t, free[part], f.at, "%s: %s has another fault", f, part)
			free[part] = f.at + f.length + f.kind.mending
		}
	}
	for _, name := range []string{"postgres-failover-kill9", "postgres-failover-cut", "postgres-failover-hang", "postgres-failover-no-etcd", "redis-failover"} {
		require.Positive(t, of[name], name)
	}
	require.Zero(t, of["postgres-kill9"])
	require.Zero(t, of["redis-restart"])
}

func TestUnknownFault(t *testing.T) {
	t.Parallel()
	_, err := parse([]string{"-faults", "api-kill9,api-kill10"})
	require.ErrorContains(t, err, `there is no fault "api-kill10"`)
}
