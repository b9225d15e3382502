package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// link is a line from one process to a server, which can be made bad. Changes concern open connections, too.
type link struct {
	name  string
	proxy *toxiproxy.Proxy
}

func newLink(ctx context.Context, name, upstream string) (*link, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	logger := zerolog.Nop()
	server := &toxiproxy.ApiServer{Metrics: toxiproxy.NewMetricsContainer(nil), Logger: &logger}
	l := &link{name: name, proxy: toxiproxy.NewProxy(server, name, addr, upstream)}
	return l, l.restore()
}

// addr is the near end.
func (l *link) addr() string { return l.proxy.Listen }

// lead points the line at another server; its connections end.
func (l *link) lead(upstream string) error {
	l.cut()
	l.proxy.Lock()
	l.proxy.Upstream = upstream
	l.proxy.Unlock()
	return l.restore()
}

// cut ends connections and refuses new ones.
func (l *link) cut() { l.proxy.Stop() }

// restore makes the line good again, whatever was wrong with it.
func (l *link) restore() error {
	l.proxy.Toxics.ResetToxics(context.Background())
	// A line that stays cut would be a fault that nobody planned.
	return await(context.Background(), 10*time.Second, 50*time.Millisecond, func(context.Context) error {
		if err := l.proxy.Start(); err != nil && !errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
			return fmt.Errorf("error opening the line %s: %w", l.name, err)
		}
		return nil
	})
}

// slow delays what goes either way, in milliseconds.
func (l *link) slow(latency, jitter int) error {
	return errors.Join(
		l.add(`{"type":"latency","stream":"upstream","attributes":{"latency":%d,"jitter":%d}}`, latency, jitter),
		l.add(`{"type":"latency","stream":"downstream","attributes":{"latency":%d,"jitter":%d}}`, latency, jitter))
}

// hang loses what is sent either way, and leaves connections open: a cable that was pulled.
func (l *link) hang() error {
	return errors.Join(
		l.add(`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`),
		l.add(`{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`))
}

// reset answers what is sent by a reset, after some milliseconds.
func (l *link) reset(after int) error {
	return l.add(`{"type":"reset_peer","stream":"downstream","attributes":{"timeout":%d}}`, after)
}

// mute loses what the server answers: what was asked is done, and nobody is told.
func (l *link) mute() error {
	return l.add(`{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`)
}

func (l *link) add(format string, args ...any) error {
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(format, args...))); err != nil {
		return fmt.Errorf("error making the line %s bad: %w", l.name, err)
	}
	return nil
}

// each does the same to several lines.
func each(links []*link, do func(l *link) error) error {
	var errs []error
	for _, l := range links {
		errs = append(errs, do(l))
	}
	return errors.Join(errs...)
}
