// Package gatetest stands between a test's gateway and its Redis, and makes that line bad.
package gatetest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"paygate/gate"
)

// Proxy is a line to Redis. Its changes concern connections that are open, too.
type Proxy struct {
	tb      testing.TB
	proxy   *toxiproxy.Proxy
	options *redis.UniversalOptions
}

// NewProxy opens a good line to the Redis at redisURL; it ends with the test.
func NewProxy(tb testing.TB, redisURL string) *Proxy {
	tb.Helper()
	parsed, err := url.Parse(redisURL)
	if err != nil {
		tb.Fatalf("gatetest: %v", err)
	}
	logger := zerolog.Nop()
	server := &toxiproxy.ApiServer{Metrics: toxiproxy.NewMetricsContainer(nil), Logger: &logger}
	p := &Proxy{tb: tb, proxy: toxiproxy.NewProxy(server, tb.Name(), "127.0.0.1:0", parsed.Host)}
	p.Restore()
	tb.Cleanup(p.Cut)
	parsed.Host = p.proxy.Listen
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

// Cut ends the line: connections break, new ones are refused.
func (p *Proxy) Cut() { p.proxy.Stop() }

// Restore makes the line good again, whatever was wrong with it.
func (p *Proxy) Restore() {
	p.tb.Helper()
	p.proxy.Toxics.ResetToxics(context.Background())
	if err := p.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted { //nolint:errorlint // it is never wrapped
		p.tb.Fatalf("gatetest: %v", err)
	}
}

// Hang lets nothing come back, and leaves connections open.
func (p *Proxy) Hang() { p.add(`{"type":"timeout","attributes":{"timeout":0}}`) }

// Slow delays what comes back.
func (p *Proxy) Slow(by time.Duration) {
	p.add(fmt.Sprintf(`{"type":"latency","attributes":{"latency":%d}}`, by.Milliseconds()))
}

func (p *Proxy) add(toxic string) {
	p.tb.Helper()
	if _, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		p.tb.Fatalf("gatetest: %v", err)
	}
}
