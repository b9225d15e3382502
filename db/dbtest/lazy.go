package dbtest

import (
	"context"
	"sync"
)

type stopper interface {
	stop(ctx context.Context) error
}

// lazy is a server that the first test to need it starts. A start that failed is not
// tried again: it would fail each test after the same long wait.
type lazy[S stopper] struct {
	start func(ctx context.Context) (S, error)

	mu      sync.Mutex
	tried   bool
	started S
	err     error
}

func newLazy[S stopper](start func(ctx context.Context) (S, error)) *lazy[S] {
	return &lazy[S]{start: start}
}

func (l *lazy[S]) get() (S, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.tried {
		l.tried = true
		// Not the test's context: the server is there for the tests after it too.
		ctx, cancel := context.WithTimeout(context.Background(), startPatience)
		defer cancel()
		l.started, l.err = l.start(ctx)
	}
	return l.started, l.err
}

// stop ends the server if a test started it.
func (l *lazy[S]) stop(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.tried || l.err != nil {
		return nil
	}
	return l.started.stop(ctx)
}
