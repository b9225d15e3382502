package webhooks

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// attempted makes one attempt and returns what was recorded.
func (b *bundle) attempted(t *testing.T) Attempt {
	t.Helper()
	job := b.emit(t)
	require.NoError(t, b.deliverer.Deliver(t.Context(), job))
	attempts := b.delivery(t, job.DeliveryID).Attempts
	require.Len(t, attempts, 1)
	return attempts[0]
}

func TestExchange_Redirects(t *testing.T) {
	t.Parallel()

	var followed atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	t.Cleanup(elsewhere.Close)
	b := newBundle(t, nil)
	for _, code := range []int{301, 302, 303, 307, 308} {
		b.answerWith(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, code) })
		got := b.attempted(t)
		b.takeJob(t) // of the next attempt
		require.Equal(t, "failure", got.Outcome)
		require.EqualValues(t, code, *got.ResponseCode)
		require.Contains(t, *got.Error, http.StatusText(code))
	}
	require.Zero(t, followed.Load(), "the signature is for nobody else")
}

func TestExchange_Timeout(t *testing.T) {
	t.Parallel()

	for name, begin := range map[string]func(w http.ResponseWriter){
		"BeforeTheAnswer": func(http.ResponseWriter) {},
		"InsideTheBody": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "so far")
			_ = http.NewResponseController(w).Flush()
		},
		"BehindWhatIsKept": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, strings.Repeat("x", keptBody+1))
			_ = http.NewResponseController(w).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := newBundle(t, func(w http.ResponseWriter, r *http.Request) {
				begin(w)
				<-r.Context().Done()
			})
			b.timeout = 300 * time.Millisecond
			b.deliverer = b.newDeliverer(t)
			began := time.Now()
			got := b.attempted(t)
			require.Less(t, time.Since(began), 10*time.Second)
			require.Equal(t, "failure", got.Outcome)
			require.Equal(t, classTimeout, *got.ErrorClass)
			require.GreaterOrEqual(t, got.DurationMS, int32(300))
			require.Equal(t, name != "BeforeTheAnswer", got.ResponseCode != nil)
		})
	}
}

func TestExchange_Body(t *testing.T) {
	t.Parallel()

	b := newBundle(t, nil)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kept   string
	}{
		"Empty": {status(200), ""},
		"Text":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "thank you, Jürgen 😀\n") }, "thank you, Jürgen 😀\n"},
		"NUL":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a\x00b") }, "a\uFFFDb"},
		"NotUTF8": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a\xff\xfe\xc3(b\xed\xa0\x80") }, "a\uFFFD(b\uFFFD", // one for each run of bad bytes
		},
		"Long": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 50_000)) }, strings.Repeat("x", keptBody),
		},
		"CutInsideACharacter": {
			func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "x"+strings.Repeat("é", keptBody))
			},
			"x" + strings.Repeat("é", keptBody/2-1) + "\uFFFD",
		},
		"Endless": {
			func(w http.ResponseWriter, _ *http.Request) {
				for {
					if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
						return
					}
				}
			},
			strings.Repeat("x", keptBody),
		},
		"Compressed": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				bomb := gzip.NewWriter(w)
				for range 1 << 14 { // a gigabyte, were it all to be unpacked
					if _, err := bomb.Write(make([]byte, 1<<16)); err != nil {
						return
					}
					_ = bomb.Flush()
				}
			},
			strings.Repeat("\uFFFD", keptBody),
		},
	} {
		b.answerWith(c.answer)
		got := b.attempted(t)
		require.Equal(t, "success", got.Outcome, name)
		require.Equal(t, c.kept, *got.ResponseBody, name)
	}
}

func TestExchange_Failures(t *testing.T) {
	t.Parallel()

	b := newBundle(t, nil)
	b.guard.resolver = newResolver(t, nil)
	closeConnection := func(w http.ResponseWriter) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		url    string // instead of the server's
		class  string
	}{
		"Status":      {status(418), "", classStatus},
		"OddStatus":   {status(599), "", classStatus},
		"NotModified": {status(304), "", classStatus},
		"Reset":       {func(w http.ResponseWriter, _ *http.Request) { closeConnection(w) }, "", classReset},
		"Nonsense": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.6\r\n")
				_ = conn.Close()
			}
		}, "", classNetwork},
		"CutShort": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "thank you")
			_ = http.NewResponseController(w).Flush()
			closeConnection(w)
		}, "", classReset},
		"Refused":     {nil, "http://127.0.0.1:1/", classRefused},
		"NotTLS":      {nil, "https://SERVER/", classTLS},
		"Blocked":     {nil, "http://10.255.255.1/", classBlocked},
		"UnknownName": {nil, "http://nothing.invalid/", classDNS},
	} {
		b.answerWith(c.answer)
		url := b.endpoint.URL
		if c.url != "" {
			url = strings.Replace(c.url, "https://SERVER", strings.Replace(url, "http:", "https:", 1), 1)
		}
		_, err := b.pool.Exec(t.Context(), "UPDATE webhook_endpoints SET url = $1", url)
		require.NoError(t, err)
		b.deliverer = b.newDeliverer(t) // one that has met no failure yet
		got := b.attempted(t)
		b.takeJob(t)
		require.Equal(t, "failure", got.Outcome, name)
		require.Equal(t, c.class, *got.ErrorClass, name)
		require.NotEmpty(t, *got.Error)
		require.NotContains(t, *got.Error, "127.0.0.1")
		require.NotContains(t, *got.Error, "10.255")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"120":                            2 * time.Minute,
		"3600":                           time.Hour,
		"3601":                           time.Hour,
		"99999999999":                    time.Hour,
		"99999999999999999999999":        time.Hour,
		"-5":                             0,
		"1.5":                            0,
		"soon":                           0,
		"Mon, 23 Nov 2026 09:05:00 GMT":  5 * time.Minute,
		"Mon, 23 Nov 2026 08:00:00 GMT":  0,
		"Mon, 23 Nov 2099 09:00:00 GMT":  time.Hour,
		"Monday, 23-Nov-26 09:05:00 GMT": 5 * time.Minute,
		"Mon Nov 23 09:05:00 2026":       5 * time.Minute,
		"2026-11-23T09:05:00Z":           0,
	} {
		for _, code := range []int{429, 503} {
			require.Equal(t, want, retryAfter(exchange{status: code, retryAfter: header}, now), header)
		}
		require.Zero(t, retryAfter(exchange{status: 500, retryAfter: header}, now), "only who is overloaded may ask for it")
	}
}

// TestRetryAfter_IsObeyed: it lengthens the schedule's pause, and never shortens it.
func TestRetryAfter_IsObeyed(t *testing.T) {
	t.Parallel()

	b := newBundle(t, nil)
	for header, want := range map[string]time.Duration{"1800": 30 * time.Minute, "1": time.Minute, "86400": time.Hour} {
		b.answerWith(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		job := b.emit(t)
		require.NoError(t, b.deliverer.Deliver(t.Context(), job))
		b.takeJob(t)
		pause := time.Time(*b.delivery(t, job.DeliveryID).NextAttemptAt).Sub(b.now())
		require.InDelta(t, want.Seconds(), pause.Seconds(), want.Seconds()/10+1, header)
	}
}
