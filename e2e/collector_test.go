package e2e

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes spans as an operator's does (OTLP over HTTP).
type collector struct {
	url string

	mu       sync.Mutex
	requests []*http.Request
	// raw is all that was sent, for looking what is in it.
	raw   []byte
	spans []span
}

// span is one that a process has sent.
type span struct {
	*tracepb.Span

	service string
}

func (s span) trace() string { return hex.EncodeToString(s.TraceId) }
func (s span) id() string    { return hex.EncodeToString(s.SpanId) }

// tells is the value of an attribute; "" for none.
func (s span) tells(name string) string {
	for _, a := range s.Attributes {
		if a.Key == name {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = c.take(r, body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			t.Errorf("spans cannot be read: %v", err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) take(r *http.Request, body []byte) error {
	var sent collectorpb.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r)
	c.raw = append(c.raw, body...)
	for _, of := range sent.ResourceSpans {
		service := ""
		for _, a := range of.Resource.Attributes {
			if a.Key == "service.name" {
				service = a.Value.GetStringValue()
			}
		}
		for _, scope := range of.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans = append(c.spans, span{s, service})
			}
		}
	}
	return nil
}

// of returns the spans of a trace so far.
func (c *collector) of(trace string) (spans []span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.trace() == trace {
			spans = append(spans, s)
		}
	}
	return spans
}

// await waits for a span of a trace.
func (c *collector) await(t *testing.T, trace string, so func(span) bool, what string) (found span) {
	t.Helper()
	wait(t, what, func() (bool, error) {
		for _, s := range c.of(trace) {
			if so(s) {
				found = s
				return true, nil
			}
		}
		return false, nil
	})
	return found
}

// sent is all that was sent.
func (c *collector) sent() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var headers strings.Builder
	for _, r := range c.requests {
		_ = r.Header.Write(&headers) // to memory
	}
	return string(c.raw) + headers.String()
}
