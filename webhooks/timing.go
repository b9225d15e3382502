package webhooks

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// phase is a part of an exchange that has a beginning and an end.
type phase struct{ begun, ended time.Time }

// took is the phase's length, or -1 when the exchange had no such part. One that never ended, ended with
// the exchange.
func (p phase) took(end time.Time) time.Duration {
	switch {
	case p.begun.IsZero():
		return -1
	case p.ended.IsZero():
		return end.Sub(p.begun)
	default:
		return p.ended.Sub(p.begun)
	}
}

// timing notes where the time of an exchange goes. Its hooks may be called by goroutines of the
// transport that outlive the exchange, so they take a lock.
type timing struct {
	mu                           sync.Mutex
	dns, connect, tls, firstByte phase
}

func (t *timing) trace() *httptrace.ClientTrace {
	begin := func(p *phase) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if p.begun.IsZero() { // of several addresses that are tried, the first
			p.begun = time.Now()
		}
	}
	end := func(p *phase) {
		t.mu.Lock()
		defer t.mu.Unlock()
		p.ended = time.Now()
	}
	return &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { begin(&t.dns) },
		DNSDone:              func(httptrace.DNSDoneInfo) { end(&t.dns) },
		ConnectStart:         func(string, string) { begin(&t.connect) },
		ConnectDone:          func(string, string, error) { end(&t.connect) },
		TLSHandshakeStart:    func() { begin(&t.tls) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { end(&t.tls) },
		GotConn:              func(httptrace.GotConnInfo) { begin(&t.firstByte) },
		GotFirstResponseByte: func() { end(&t.firstByte) },
	}
}

// split is where the time of an exchange went; -1 for a part that there was none of.
type split struct {
	dns, connect, tls time.Duration
	// firstByte is from having a connection to the first byte of the answer.
	firstByte time.Duration
}

// split returns the times as they are now.
func (t *timing) split() split {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	return split{t.dns.took(now), t.connect.took(now), t.tls.took(now), t.firstByte.took(now)}
}

// milliseconds keeps -1, which says that there was none.
func milliseconds(d time.Duration) int32 {
	if d < 0 {
		return -1
	}
	return int32(d.Milliseconds()) //nolint:gosec // bounded by the timeout
}
