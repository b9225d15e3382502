package export_test

import (
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"paygate/tracing/export"
)

// send makes one span, and returns what was reported when it was to be sent.
func send(t *testing.T, collector export.Collector) (reported error) {
	t.Helper()
	opts := options("", func(err error) { reported = err })
	opts.Collector = collector
	provider, err := export.New(t.Context(), opts)
	require.NoError(t, err)
	_, span := provider.Tracer("test").Start(t.Context(), "sent")
	span.End()
	require.NoError(t, provider.Shutdown(t.Context()))
	return reported
}

// What is sent is what the standard's own type reads.
func TestCollectorGetsSpans(t *testing.T) {
	t.Parallel()

	for name, zipped := range map[string]bool{"Plain": false, "Gzip": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			received := make(chan *collectorpb.ExportTraceServiceRequest, 1)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body := io.Reader(r.Body)
				if zipped {
					unpacked, err := gzip.NewReader(r.Body)
					if err != nil {
						t.Error(err)
						return
					}
					body = unpacked
				}
				raw, err := io.ReadAll(body)
				message := new(collectorpb.ExportTraceServiceRequest)
				if err != nil || proto.Unmarshal(raw, message) != nil || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("X-Tenant") != "one" || r.URL.Path != "/in" {
					t.Errorf("%v, %s, %v", err, r.URL, r.Header)
				}
				received <- message
			}))
			defer server.Close()

			require.NoError(t, send(t, export.Collector{URL: server.URL + "/in", Headers: map[string]string{"x-tenant": "one"}, Gzip: zipped}))
			spans := (<-received).ResourceSpans[0].ScopeSpans[0].Spans
			require.Len(t, spans, 1)
			require.Equal(t, "sent", spans[0].Name)
		})
	}
}

// What a collector may take later is sent again, what it refuses is not, and headers go nowhere else.
func TestCollectorThatFails(t *testing.T) {
	t.Parallel()

	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the headers went elsewhere") }))
	defer elsewhere.Close()
	partial := func(spans int64, why string) []byte {
		raw, err := proto.Marshal(&collectorpb.ExportTraceServiceResponse{PartialSuccess: &collectorpb.ExportTracePartialSuccess{RejectedSpans: spans, ErrorMessage: why}})
		require.NoError(t, err)
		return raw
	}
	for name, tt := range map[string]struct {
		status   int
		answer   []byte
		asked    int32
		reported string
	}{
		"Accepted":     {status: 202, asked: 1},
		"Warned":       {status: 200, answer: partial(0, "slow down"), asked: 1},
		"Rejected":     {status: 200, answer: partial(300, "too old: hunter2"), asked: 1, reported: "the collector rejected 300 of them"},
		"NoMessage":    {status: 200, answer: []byte("<html>hunter2"), asked: 1, reported: "cannot be read"},
		"BadRequest":   {status: 400, answer: []byte("hunter2"), asked: 1, reported: "400 Bad Request"},
		"Failure":      {status: 500, asked: 1, reported: "500 Internal Server Error"},
		"Redirect":     {status: 307, asked: 1, reported: "307 Temporary Redirect"},
		"TooMany":      {status: 429, asked: 2},
		"Away":         {status: 503, asked: 2},
		"GatewayTimes": {status: 504, asked: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if asked.Add(1) > 1 {
					return
				}
				w.Header().Set("Location", elsewhere.URL)
				w.WriteHeader(tt.status)
				if _, err := w.Write(tt.answer); err != nil {
					t.Error(err)
				}
			}))
			defer server.Close()

			err := send(t, export.Collector{URL: server.URL})
			require.Equal(t, tt.asked, asked.Load())
			if tt.reported == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.reported)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// A collector that only asks for time gets what was given, and no more.
func TestCollectorThatTakesLong(t *testing.T) {
	t.Parallel()

	for name, handler := range map[string]http.HandlerFunc{
		"Hangs": func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() },
		"RetryAfter": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(handler)
			defer server.Close()
			began := time.Now()
			require.Error(t, send(t, export.Collector{URL: server.URL, Timeout: 100 * time.Millisecond}))
			require.Less(t, time.Since(began), 10*time.Second)
		})
	}
}

func TestCollectorOverTLS(t *testing.T) {
	t.Parallel()

	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	require.NoError(t, send(t, export.Collector{URL: server.URL, TLS: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}))
	require.Error(t, send(t, export.Collector{URL: server.URL, Timeout: 100 * time.Millisecond}))
}
