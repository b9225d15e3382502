// Package gatetest stands between a test's gateway and its Redis, and makes that line bad.
package gatetest

import (
	"net/url"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"paygate/db/dbtest"
	"paygate/gate"
)

// Proxy is a line to Redis.
type Proxy struct {
	*dbtest.Line

	tb      testing.TB
	options *redis.UniversalOptions
}

// NewProxy opens a good line to the Redis at redisURL; it ends with the test.
func NewProxy(tb testing.TB, redisURL string) *Proxy {
	tb.Helper()
	parsed, err := url.Parse(redisURL)
	if err != nil {
		tb.Fatalf("gatetest: %v", err)
	}
	p := &Proxy{Line: dbtest.NewLine(tb, parsed.Host), tb: tb}
	parsed.Host = p.Addr()
	if p.options, err = gate.ParseURL(parsed.String()); err != nil {
		tb.Fatalf("gatetest: %v", err)
	}
	return p
}

// Client returns a client as a gateway uses it, at the near end of the line. timeout is that of
// gate.NewClient.
func (p *Proxy) Client(timeout time.Duration) redis.UniversalClient {
	client := gate.NewClient(p.options, timeout)
	p.tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			p.tb.Errorf("gatetest: %v", err)
		}
	})
	return client
}
