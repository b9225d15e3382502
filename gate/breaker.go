package gate

import (
	"sync"
	"time"
)

// The behaviour of a breaker.
const (
	// maxFailures in a row open it. Each of them has cost the requests of one round trip the timeout.
	maxFailures = 3
	// minPause is the first pause until a probe; it doubles with each that fails, up to maxPause.
	minPause = 250 * time.Millisecond
	maxPause = 5 * time.Second
)

// breaker decides whether Redis is worth asking. Closed, everybody asks. After a few failures in a row
// it is open: nobody asks, but for one probe after each pause, in the background, so that no request
// ever waits to find out that Redis is still dead.
type breaker struct {
	mu       sync.Mutex
	failures int
	open     bool
	openedAt time.Time
	pause    time.Duration
	probing  bool
	retryAt  time.Time
}

// change is what a report has changed.
type change int

const (
	unchanged change = iota
	opened
	closed
)

// pass tells whether to ask, and when not, whether the caller is to probe.
func (b *breaker) pass(now time.Time) (ask, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true, false
	}
	if b.probing || now.Before(b.retryAt) {
		return false, false
	}
	b.probing = true
	return false, true
}

// report takes the outcome of a round trip or a probe. When it closes the breaker, outage is how long
// it was open.
func (b *breaker) report(now time.Time, err error) (what change, outage time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch {
	case err == nil && b.open:
		outage = now.Sub(b.openedAt)
		b.open, b.failures, b.pause = false, 0, 0
		return closed, outage
	case err == nil:
		b.failures = 0
		return unchanged, 0
	case b.open:
		b.pause = min(2*b.pause, maxPause)
		b.retryAt = now.Add(b.pause)
		return unchanged, 0
	}
	b.failures++
	if b.failures < maxFailures {
		return unchanged, 0
	}
	b.open, b.openedAt, b.pause = true, now, minPause
	b.retryAt = now.Add(b.pause)
	return opened, 0
}

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}
