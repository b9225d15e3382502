package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"paygate/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// outcome is what a call of the program left behind.
type outcome struct {
	status         int
	stdout, stderr string
}

// call runs the program in this process, with nothing in its environment but env, until it ends.
func call(t *testing.T, env map[string]string, args ...string) outcome {
	t.Helper()
	var stdout, stderr lockedBuffer
	status := run(t.Context(), args, lookupIn(env), &stdout, &stderr)
	return outcome{status, stdout.String(), stderr.String()}
}

func lookupIn(env map[string]string) lookupEnv {
	return func(name string) (string, bool) {
		value, found := env[name]
		return value, found
	}
}

// running is a call of the program that has not ended.
type running struct {
	stdout, stderr *lockedBuffer
	stop           context.CancelFunc
	status         chan int
}

// start runs the program in this process until stop is called.
func start(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{stdout: new(lockedBuffer), stderr: new(lockedBuffer), stop: cancel, status: make(chan int, 1)}
	go func() { r.status <- run(ctx, args, lookupIn(env), r.stdout, r.stderr) }()
	t.Cleanup(func() {
		cancel()
		if t.Failed() {
			t.Logf("%s wrote:\n%s%s", strings.Join(args, " "), r.stdout, r.stderr)
		}
	})
	return r
}

// lockedBuffer is written by a running program while a test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
