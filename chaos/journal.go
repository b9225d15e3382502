package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// journal tells what happens, with the time since the start.
type journal struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
}

func (j *journal) say(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = fmt.Fprintf(j.out, "%8.1fs  %s\n", time.Since(j.began).Seconds(), fmt.Sprintf(format, args...)) // nobody to tell
}

// pause waits, or returns earlier with the error of ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// await asks every interval until the answer is no error, for at most limit.
func await(ctx context.Context, limit, interval time.Duration, ready func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if pause(ctx, interval) != nil {
			return fmt.Errorf("not within %s: %w", limit, err)
		}
	}
}
