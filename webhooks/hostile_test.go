package webhooks

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
)

// hostileTimeout is the whole-exchange deadline of these tests.
const hostileTimeout = 2 * time.Second

// hijacked answers with a raw conversation over the connection, once the request has been read.
func hijacked(talk func(conn net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		talk(conn)
	}
}

// repeat writes the same bytes until the other side has had enough.
func repeat(to io.Writer, chunk []byte, pause time.Duration) {
	for {
		if _, err := to.Write(chunk); err != nil {
			return
		}
		if f, ok := to.(http.Flusher); ok {
			f.Flush()
		}
		if pause > 0 {
			time.Sleep(pause) //nolint:forbidigo // the point is to be slow
		}
	}
}

// bomb is 64 MiB of zeros, compressed to 64 KiB, to be sent again and again in one stream.
var bomb = sync.OnceValue(func() []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, _ = w.Write(zeros)
	}
	_ = w.Close()
	return out.Bytes()
})

var megabyte = bytes.Repeat([]byte("a"), 1<<20)

func endlessBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", strconv.Itoa(1<<30))
	for range 1 << 10 {
		if _, err := w.Write(megabyte); err != nil {
			return
		}
	}
}

func tenMegabytesOfHeaders(conn net.Conn) {
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
	for i := range 10 {
		line := net.Buffers{[]byte("X-" + strconv.Itoa(i) + ": "), megabyte, []byte("\r\n")}
		if _, err := line.WriteTo(conn); err != nil {
			return
		}
	}
	_, _ = io.WriteString(conn, "\r\n")
}

func gzipBomb(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	for range 1 << 10 { // 64 GiB in all
		if _, err := w.Write(bomb()); err != nil {
			return
		}
	}
}

// TestHostileReceivers: whatever a receiver does, the exchange ends within its deadline, in the right class.
func TestHostileReceivers(t *testing.T) {
	t.Parallel()

	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	raw := func(text string) http.HandlerFunc {
		return hijacked(func(conn net.Conn) { _, _ = io.WriteString(conn, text) })
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		classes []string // "" is success
		status  int
	}{
		"EndlessDrip": {func(w http.ResponseWriter, _ *http.Request) { repeat(w, []byte("."), 20*time.Millisecond) }, []string{classTimeout}, 200},
		"HeadersDrip": {hijacked(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			repeat(conn, []byte("X: y\r\n"), 20*time.Millisecond)
		}), []string{classTimeout}, 0},
		"StatusLineDrip": {hijacked(func(conn net.Conn) { repeat(conn, []byte("H"), 20*time.Millisecond) }), []string{classTimeout, classNetwork}, 0},
		"Silence":        {hijacked(func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }), []string{classTimeout}, 0},
		"1GBBody":        {endlessBody, []string{""}, 200},
		"GzipBomb":       {gzipBomb, []string{""}, 200},
		"BrokenGzip": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("this is nothing that gzip made"))
		}, []string{classNetwork}, 200},
		"10MBOfHeaders": {hijacked(tenMegabytesOfHeaders), []string{classTooLarge}, 0},
		"EndlessHeaders": {hijacked(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
			repeat(conn, []byte("X: "+strings.Repeat("y", 1000)+"\r\n"), 0)
		}), []string{classTooLarge}, 0},
		"EndlessEarlyHints": {hijacked(func(conn net.Conn) { repeat(conn, []byte("HTTP/1.1 103 Early Hints\r\n\r\n"), 0) }), []string{classNetwork, classTooLarge}, 0},
		"ResetMidBody": {hijacked(func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
			_ = conn.(*net.TCPConn).SetLinger(0)
		}), []string{classReset}, 200},
		"CloseMidBody":      {raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"), []string{classReset}, 200},
		"CloseMidChunk":     {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"), []string{classReset}, 200},
		"CloseBeforeAnswer": {hijacked(func(net.Conn) {}), []string{classReset}, 0},
		"Reset":             {hijacked(func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }), []string{classReset}, 0},
		"NotHTTP":           {raw("SSH-2.0-OpenSSH_9.2\r\n\r\n"), []string{classNetwork}, 0},
		"TwoLengths":        {raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), []string{classNetwork}, 0},
		"BadChunk":          {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), []string{classNetwork}, 200},
		"SwitchProtocols":   {raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), []string{classStatus}, 101},
		"200":               {status(200), []string{""}, 200},
		"204":               {status(204), []string{""}, 204},
		"205":               {status(205), []string{""}, 205},
		"304":               {status(304), []string{classStatus}, 304},
		"301":               {status(301, "Location", "http://169.254.169.254/"), []string{classRedirect}, 301},
		"303":               {status(303, "Location", "/elsewhere"), []string{classRedirect}, 303},
		"308NoLocation":     {status(308), []string{classRedirect}, 308},
		"410":               {status(410), []string{classStatus}, 410},
		"429":               {status(429), []string{classStatus}, 429},
		"429RetryAfter":     {status(429, "Retry-After", "7"), []string{classStatus}, 429},
		"503":               {status(503), []string{classStatus}, 503},
		"503RetryAfter":     {status(503, "Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)), []string{classStatus}, 503},
		"407":               {status(407, "Proxy-Authenticate", "Basic"), []string{classStatus}, 407},
		"999":               {status(999), []string{classStatus}, 999},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := httptest.NewServer(test.handler)
			t.Cleanup(server.Close)
			client := NewClient(NewGuard(GuardOptions{AllowHTTP: true, AllowCIDRs: allowLoopback}), hostileTimeout, time.Now)
			t.Cleanup(client.Close)
			begin := time.Now()
			result, err := client.post(t.Context(), testMessage(server.URL))
			require.NoError(t, err)
			require.Contains(t, test.classes, result.class, result.message)
			require.Equal(t, test.status, result.status)
			require.Less(t, time.Since(begin), hostileTimeout+5*time.Second, "the deadline, with room for a busy machine")
			require.LessOrEqual(t, utf8.RuneCountInString(result.body), keptBody)
			require.Equal(t, strings.HasSuffix(name, "RetryAfter"), result.retryAfter != "")
		})
	}
}

// rawTLS accepts connections and hands each to talk; with h2 it has agreed on HTTP/2 by then.
func rawTLS(t *testing.T, talk func(conn net.Conn)) (url string, trusted *tls.Config) {
	t.Helper()
	lender := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	t.Cleanup(lender.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var talks sync.WaitGroup
	talks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			talks.Go(func() {
				defer func() { _ = conn.Close() }()
				_ = conn.SetDeadline(time.Now().Add(hostileTimeout + time.Second))
				talk(conn)
			})
		}
	})
	t.Cleanup(func() { require.NoError(t, listener.Close()); talks.Wait() })
	trusted = lender.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	trusted.Certificates = lender.TLS.Certificates
	return "https://" + listener.Addr().String(), trusted
}

// TestHostileTLS is the same below HTTP/1: handshakes that do not end, and HTTP/2 that is broken off.
func TestHostileTLS(t *testing.T) {
	t.Parallel()

	// overHTTP2 speaks HTTP/2 as a server until the request's headers have come, then lets answer speak.
	overHTTP2 := func(answer func(framer *http2.Framer, stream uint32)) func(net.Conn, *tls.Config) {
		return func(conn net.Conn, config *tls.Config) {
			secure := tls.Server(conn, &tls.Config{Certificates: config.Certificates, NextProtos: []string{"h2"}})
			reader := bufio.NewReader(secure)
			if _, err := reader.Discard(len(http2.ClientPreface)); err != nil {
				return
			}
			framer := http2.NewFramer(secure, reader)
			_ = framer.WriteSettings()
			for {
				frame, err := framer.ReadFrame()
				if err != nil {
					return
				}
				if headers, ok := frame.(*http2.HeadersFrame); ok {
					answer(framer, headers.StreamID)
				}
			}
		}
	}
	for name, test := range map[string]struct {
		talk    func(conn net.Conn, config *tls.Config)
		trust   bool
		classes []string
	}{
		"SlowHandshake": {func(conn net.Conn, _ *tls.Config) { _, _ = io.Copy(io.Discard, conn) }, true, []string{classTimeout}},
		"DrippingHandshake": {func(conn net.Conn, _ *tls.Config) {
			repeat(conn, []byte{22}, 100*time.Millisecond)
		}, true, []string{classTimeout, classTLS}},
		"NoTLS": {func(conn net.Conn, _ *tls.Config) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") }, true, []string{classTLS}},
		"UnknownAuthority": {func(conn net.Conn, c *tls.Config) {
			_ = tls.Server(conn, &tls.Config{Certificates: c.Certificates}).Handshake()
		}, false, []string{classTLS}},
		"OldVersion": {func(conn net.Conn, c *tls.Config) {
			_ = tls.Server(conn, &tls.Config{Certificates: c.Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}).Handshake()
		}, true, []string{classTLS}},
		"CloseInHandshake":  {func(conn net.Conn, _ *tls.Config) { _, _ = conn.Read(make([]byte, 1)) }, true, []string{classReset}},
		"GOAWAY":            {overHTTP2(func(f *http2.Framer, id uint32) { _ = f.WriteGoAway(id, http2.ErrCodeInternal, []byte("go away")) }), true, []string{classReset, classTimeout}},
		"GOAWAYUnprocessed": {overHTTP2(func(f *http2.Framer, _ uint32) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) }), true, []string{classReset, classTimeout, classNetwork}},
		"StreamReset":       {overHTTP2(func(f *http2.Framer, id uint32) { _ = f.WriteRSTStream(id, http2.ErrCodeInternal) }), true, []string{classReset}},
		"HTTP2Silence":      {overHTTP2(func(*http2.Framer, uint32) {}), true, []string{classTimeout}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var config *tls.Config
			ready := make(chan struct{})
			url, config := rawTLS(t, func(conn net.Conn) { <-ready; test.talk(conn, config) })
			close(ready)
			client := NewClient(NewGuard(GuardOptions{AllowCIDRs: allowLoopback}), hostileTimeout, time.Now)
			t.Cleanup(client.Close)
			if test.trust {
				client.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: config.RootCAs}
			}
			begin := time.Now()
			result, err := client.post(t.Context(), testMessage(url))
			require.NoError(t, err)
			require.Contains(t, test.classes, result.class, result.message)
			require.Less(t, time.Since(begin), hostileTimeout+5*time.Second)
		})
	}
}

// HTTP/2 is kept although the dialer is our own.
func TestHTTP2(t *testing.T) {
	t.Parallel()

	protocol := make(chan string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocol <- r.Proto }))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	client := NewClient(NewGuard(GuardOptions{AllowCIDRs: allowLoopback}), 10*time.Second, time.Now)
	t.Cleanup(client.Close)
	client.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	result, err := client.post(t.Context(), testMessage(server.URL))
	require.NoError(t, err)
	require.Empty(t, result.class, result.message)
	require.Equal(t, "HTTP/2.0", <-protocol)
	require.GreaterOrEqual(t, result.split.tls, time.Duration(0))
}

// TestHostileMemory measures what 100 exchanges at once take with receivers that send without end. It
// is not parallel, so that nothing else is measured.
func TestHostileMemory(t *testing.T) {
	const atOnce = 100
	const bound = 64 << 20
	bomb()
	for name, hostile := range map[string]struct {
		handler http.HandlerFunc
		class   string
	}{
		"1GBBody": {endlessBody, ""}, "GzipBomb": {gzipBomb, ""}, "10MBOfHeaders": {hijacked(tenMegabytesOfHeaders), classTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(hostile.handler)
			t.Cleanup(server.Close)
			client := NewClient(NewGuard(GuardOptions{AllowHTTP: true, AllowCIDRs: allowLoopback}), 30*time.Second, time.Now)
			t.Cleanup(client.Close)
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			var exchanges sync.WaitGroup
			for range atOnce {
				exchanges.Go(func() {
					result, err := client.post(t.Context(), testMessage(server.URL))
					if err != nil || result.class != hostile.class {
						t.Errorf("%v %s %s", err, result.class, result.message)
					}
				})
			}
			done := make(chan struct{})
			go func() { exchanges.Wait(); close(done) }()
			var peak uint64
			for ticker := time.NewTicker(2 * time.Millisecond); ; {
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapInuse)
				select {
				case <-ticker.C:
					continue
				case <-done:
					ticker.Stop()
				}
				break
			}
			grown := int64(peak) - int64(before.HeapInuse)
			t.Logf("%d exchanges at once: the heap grew by %d KiB, server included", atOnce, grown>>10)
			require.Less(t, grown, int64(bound))
		})
	}
}
