package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What is promised about dev, for a machine that has time for it.
const (
	firstStartBound  = 15 * time.Second
	secondStartBound = 5 * time.Second
	memoryBoundMB    = 120
)

// figures is what was measured of dev.
type figures struct {
	first, second time.Duration
	memoryMB      float64
	// slowness is how many times longer than on an idle machine everything took.
	slowness float64
}

// measureDev starts dev in an empty folder, lets use do something with it, and starts it again.
func measureDev(t *testing.T, env map[string]string, use func(at place)) (f figures) {
	t.Helper()
	dir := t.TempDir()
	f.slowness = contention(t)
	dev := launch(t, dir, env, "dev")
	at := dev.place(t)
	f.first = time.Since(dev.started)
	f.slowness = max(f.slowness, contention(t))
	use(at)
	f.memoryMB = dev.residentMB(t)
	dev.end(t, syscall.SIGTERM)

	dev = launch(t, dir, env, "dev")
	dev.place(t)
	f.second = time.Since(dev.started)
	f.slowness = max(f.slowness, contention(t))
	f.memoryMB = max(f.memoryMB, dev.residentMB(t))
	dev.end(t, syscall.SIGTERM)
	t.Logf("ready after %s on the first start and %s on the second, where everything takes %.1f times as long as on an idle machine; dev itself has %.0f MB",
		f.first.Round(time.Millisecond), f.second.Round(time.Millisecond), f.slowness, f.memoryMB)
	return f
}

// good tells whether the figures are as promised. What else the machine does can only make dev slower: by
// that much the bounds are longer.
func (f figures) good() bool {
	stretched := func(bound time.Duration) time.Duration { return time.Duration(float64(bound) * f.slowness) }
	return f.first <= stretched(firstStartBound) && f.second <= stretched(secondStartBound) && f.memoryMB <= memoryBoundMB
}

// contention is how many times longer than alone a computation takes on this machine now: 1 or more.
func contention(t *testing.T) float64 {
	t.Helper()
	begin, before, used := time.Now(), cpuTime(t), time.Duration(0)
	for used < 100*time.Millisecond { // busily
		used = cpuTime(t) - before
	}
	return max(1, float64(time.Since(begin))/float64(used))
}

// cpuTime is what this process has had so far.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
