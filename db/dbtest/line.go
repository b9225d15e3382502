package dbtest

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// TCP is the URL of a database over TCP, for what stands between it and its user: that of URL may lead to a socket.
func TCP(tb testing.TB, database string) *url.URL {
	tb.Helper()
	server := get(tb, postgres)
	at := server.base
	named, err := url.Parse(database)
	if err == nil && server.server != nil {
		var own *url.URL
		if own, err = url.Parse(server.server.TCPURL()); err == nil {
			at = *own
		}
	}
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	at.Path = named.Path
	return &at
}

// Line is a TCP line to a server, which a test can make bad. Its changes concern connections that are open, too.
type Line struct {
	tb    testing.TB
	proxy *toxiproxy.Proxy
}

// NewLine opens a good line to a server at host:port; it ends with the test.
func NewLine(tb testing.TB, server string) *Line {
	tb.Helper()
	logger := zerolog.Nop()
	api := &toxiproxy.ApiServer{Metrics: toxiproxy.NewMetricsContainer(nil), Logger: &logger}
	l := &Line{tb: tb, proxy: toxiproxy.NewProxy(api, tb.Name(), "127.0.0.1:0", server)}
	l.Restore()
	tb.Cleanup(l.Cut)
	return l
}

// Addr is the near end, as host:port.
func (l *Line) Addr() string { return l.proxy.Listen }

// Cut ends the line: connections break, new ones are refused.
func (l *Line) Cut() { l.proxy.Stop() }

// Restore makes the line good again, whatever was wrong with it.
func (l *Line) Restore() {
	l.tb.Helper()
	l.proxy.Toxics.ResetToxics(context.Background())
	if err := l.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted { //nolint:errorlint // it is never wrapped
		l.tb.Fatalf("dbtest: %v", err)
	}
}

// Hang lets nothing come back, and leaves connections open.
func (l *Line) Hang() { l.add(`{"type":"timeout","attributes":{"timeout":0}}`) }

// Slow delays what comes back.
func (l *Line) Slow(by time.Duration) {
	l.add(fmt.Sprintf(`{"type":"latency","attributes":{"latency":%d}}`, by.Milliseconds()))
}

func (l *Line) add(toxic string) {
	l.tb.Helper()
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		l.tb.Fatalf("dbtest: %v", err)
	}
}
