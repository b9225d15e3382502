package local

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const (
	// expiryInterval is how late a key of the local Redis may expire.
	expiryInterval = 50 * time.Millisecond
	// expiryShare bounds what expiring may take of one core: a twentieth.
	expiryShare = 20
)

// Redis is a Redis inside this process, for development and tests. It forgets everything
// when it is closed. Close ends it.
type Redis struct {
	server *miniredis.Miniredis
	url    string
	once   sync.Once
	quit   chan struct{}
	done   chan struct{}
}

// StartRedis starts a Redis on a free loopback port. ctx bounds the start, not its life.
func StartRedis(ctx context.Context) (*Redis, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("error starting a local Redis: %w", err)
	}
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("error starting a local Redis: %w", err)
	}
	r := &Redis{
		server: server,
		url:    "redis://" + server.Addr() + "/0",
		quit:   make(chan struct{}),
		done:   make(chan struct{}),
	}
	go r.expire()
	return r, nil
}

// URL is where the server listens.
func (r *Redis) URL() string { return r.url }

// Close ends the server and its connections. Further calls do nothing.
func (r *Redis) Close() {
	r.once.Do(func() {
		close(r.quit)
		<-r.done
		r.server.Close()
	})
}

// expire lets the keys' time pass. The server is made for tests, where time stands still unless
// it is pushed. Its own way to follow the clock (ClockTTL) was tried and rejected: it walks over all
// keys, sorted, at each command, and so grows slower with every idempotency key.
func (r *Redis) expire() {
	defer close(r.done)
	timer := time.NewTimer(expiryInterval)
	defer timer.Stop()
	last := time.Now()
	for {
		select {
		case <-r.quit:
			return
		case <-timer.C:
		}
		now := time.Now()
		r.server.FastForward(now.Sub(last))
		last = now
		timer.Reset(max(expiryInterval, expiryShare*time.Since(now)))
	}
}
