package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/httpapi"
	"paygate/payments"
)

// What a client sends here is written by hand onto a socket: an HTTP library would not send most of it.

// line is a connection to a server.
type line struct {
	net.Conn

	reader *bufio.Reader
}

func dial(t *testing.T, url string) *line {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // the server, or the test, may have done so
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	return &line{conn, bufio.NewReader(conn)}
}

// say writes, and gives back whether the server still listens.
func (l *line) say(text string) error {
	_, err := io.WriteString(l, text)
	return err
}

// answer reads the next response.
func (l *line) answer(t *testing.T) answer {
	t.Helper()
	response, err := http.ReadResponse(l.reader, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, body}
}

// requireHungUp waits until the server closes the connection, which has nothing more to say.
func (l *line) requireHungUp(t *testing.T) {
	t.Helper()
	rest, err := io.ReadAll(l.reader)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // the deadline of our own side, unwrapped
		require.Fail(t, "the server holds the connection")
	}
	require.Empty(t, rest)
}

// request is the head of a request, and what of its body is sent.
func request(c *caller, length string, body string) string {
	return "POST /api/v1/payments HTTP/1.1\r\nHost: paygate\r\nAuthorization: Bearer " + c.secret + "\r\nContent-Type: application/json\r\n" + length + "\r\n\r\n" + body
}

func TestBounds_OfARequest(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{})
	const small = `{"amount":100,"currency":"INR"}`
	atLimit := small + strings.Repeat(" ", 256<<10-len(small))

	t.Run("Head", func(t *testing.T) {
		t.Parallel()
		for size, status := range map[int]int{30 << 10: http.StatusOK, 40 << 10: http.StatusRequestHeaderFieldsTooLarge, 10 << 20: http.StatusRequestHeaderFieldsTooLarge} {
			l := dial(t, a.url)
			_ = l.say("GET /health HTTP/1.1\r\nHost: paygate\r\nX-Much: " + strings.Repeat("x", size) + "\r\n\r\n") // it may hang up while we talk
			require.Equal(t, status, l.answer(t).status, "%d bytes", size)
		}
	})
	t.Run("Target", func(t *testing.T) {
		t.Parallel()
		l := dial(t, a.url)
		_ = l.say("GET /" + strings.Repeat("x", 40<<10) + " HTTP/1.1\r\nHost: paygate\r\n\r\n")
		require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, l.answer(t).status)
	})
	t.Run("BodyOfADeclaredLength", func(t *testing.T) {
		t.Parallel()
		for _, length := range []int{256<<10 + 1, 1 << 40} {
			l := dial(t, a.url)
			// Sent to the bound and no further: the answer does not wait for the rest.
			require.NoError(t, l.say(request(a.shop, fmt.Sprintf("Content-Length: %d", length), atLimit+" ")))
			requireProblem(t, l.answer(t), http.StatusRequestEntityTooLarge, fault.BodyTooLarge, "")
			if length > 1<<20 {
				l.requireHungUp(t)
			}
		}
		l := dial(t, a.url)
		require.NoError(t, l.say(request(a.shop, fmt.Sprintf("Content-Length: %d", len(atLimit)), atLimit)))
		require.Equal(t, http.StatusCreated, l.answer(t).status, "as large as it may be")
	})
	t.Run("BodyInChunks", func(t *testing.T) {
		t.Parallel()
		l := dial(t, a.url)
		require.NoError(t, l.say(request(a.shop, "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n1\r\n \r\n", len(atLimit), atLimit))))
		requireProblem(t, l.answer(t), http.StatusRequestEntityTooLarge, fault.BodyTooLarge, "")
	})
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		many := `{"metadata":{"a":"b"`
		for i := range 1000 {
			many += fmt.Sprintf(`,"a%d":"b"`, i)
		}
		for says, body := range map[string]string{
			"deeper than 16 levels":           `{"metadata":` + strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 17),
			"more than 2000 names and values": many + "}}",
		} {
			l := dial(t, a.url)
			require.NoError(t, l.say(request(a.shop, fmt.Sprintf("Content-Length: %d", len(body)), body)))
			require.Contains(t, requireProblem(t, l.answer(t), http.StatusBadRequest, fault.MalformedJSON, "").Detail, says)
		}
	})
	t.Run("TwoLengths", func(t *testing.T) {
		t.Parallel()
		// What two servers in a row could read differently is a way past the first (RFC 9112, 6.3).
		for _, lengths := range []string{
			"Content-Length: 5\r\nContent-Length: 31", "Content-Length: 31\r\nTransfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity", "Content-Length: +31", "Content-Length: 0x1f",
		} {
			l := dial(t, a.url)
			require.NoError(t, l.say(request(a.shop, lengths, small)))
			require.Contains(t, []int{http.StatusBadRequest, http.StatusNotImplemented}, l.answer(t).status, lengths)
			l.requireHungUp(t)
		}
	})
}

// TestBounds_OfTime is about a server of the API with all its times a hundredth of what they are.
func TestBounds_OfTime(t *testing.T) {
	t.Parallel()

	serve := func(t *testing.T, handler http.HandlerFunc) string {
		t.Helper()
		server := httpapi.NewHTTPServer(handler, slog.New(slog.DiscardHandler))
		require.Equal(t, 5*time.Second, server.ReadHeaderTimeout)
		require.Equal(t, 20*time.Second, server.ReadTimeout)
		require.Equal(t, 30*time.Second, server.WriteTimeout)
		require.Equal(t, 2*time.Minute, server.IdleTimeout)
		for _, bound := range []*time.Duration{&server.ReadHeaderTimeout, &server.ReadTimeout, &server.WriteTimeout, &server.IdleTimeout} {
			*bound /= 100
		}
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(listener) }()
		t.Cleanup(func() {
			require.NoError(t, server.Close())
			require.ErrorIs(t, <-ended, http.ErrServerClosed)
		})
		return "http://" + listener.Addr().String()
	}
	const head = "GET / HTTP/1.1\r\nHost: paygate\r\n"

	t.Run("Silence", func(t *testing.T) {
		t.Parallel()
		dial(t, serve(t, func(http.ResponseWriter, *http.Request) {})).requireHungUp(t)
	})
	t.Run("BetweenRequests", func(t *testing.T) {
		t.Parallel()
		l := dial(t, serve(t, func(http.ResponseWriter, *http.Request) {}))
		require.NoError(t, l.say(head+"\r\n"))
		require.Equal(t, http.StatusOK, l.answer(t).status)
		l.requireHungUp(t)
	})
	t.Run("Reading", func(t *testing.T) {
		t.Parallel()
		failed := make(chan error, 1)
		l := dial(t, serve(t, func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.ReadAll(r.Body)
			failed <- err
		}))
		require.NoError(t, l.say("POST / HTTP/1.1\r\nHost: paygate\r\nContent-Length: 10\r\n\r\n12345"))
		require.ErrorContains(t, <-failed, "i/o timeout")
	})
	t.Run("Writing", func(t *testing.T) {
		t.Parallel()
		// More than the kernel keeps for a client that does not read.
		failed := make(chan error, 1)
		l := dial(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			var err error
			for chunk := make([]byte, 1<<20); err == nil; {
				_, err = w.Write(chunk)
			}
			failed <- err
		}))
		require.NoError(t, l.say(head+"\r\n"))
		require.ErrorContains(t, <-failed, "i/o timeout")
	})
}

// TestSlowClients_HoldNothing lets many clients stop in the middle of their requests. They hold a socket and a goroutine of
// ours, no connection to the database, and others are served as if they were not there.
func TestSlowClients_HoldNothing(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{})
	for range 50 {
		head := dial(t, a.url)
		require.NoError(t, head.say("POST /api/v1/payments HTTP/1.1\r\nHost: paygate\r\nAuthorization: Bearer "+a.shop.secret+"\r\nX-Drip: "))
		body := dial(t, a.url)
		require.NoError(t, body.say(request(a.shop, "Content-Length: 100000\r\nIdempotency-Key: slow\r\nExpect: 100-continue", `{"metadata":{"a":"`)))
		said, err := body.reader.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 100 Continue\r\n", said, "the body is being read")
	}
	require.Zero(t, a.pool.Stat().AcquiredConns())
	require.Equal(t, payments.Pending, a.shop.pay(t, smallPayment).Status)
	// Not even the idempotency key that they sent is taken.
	require.Equal(t, http.StatusCreated, a.shop.post(t, "/api/v1/payments", smallPayment, "Idempotency-Key", "slow").status)
}

// TestSlowClients_AreCutOff lets clients send a byte now and then, which no idle time-out would end.
func TestSlowClients_AreCutOff(t *testing.T) {
	t.Parallel()

	a := newAPI(t, setup{bounds: func(server *http.Server) {
		server.ReadHeaderTimeout, server.ReadTimeout = 300*time.Millisecond, 300*time.Millisecond
	}})
	for name, start := range map[string]string{
		"Head": "POST /api/v1/payments HTTP/1.1\r\nHost: paygate\r\nAuthorization: Bearer " + a.shop.secret + "\r\nX-Drip: ",
		"Body": request(a.shop, "Content-Length: 100000", `{"metadata":{"a":"`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := dial(t, a.url)
			require.NoError(t, l.say(start))
			require.NoError(t, l.drip())
		})
	}
}

// drip sends a byte now and then until the server has had enough.
func (l *line) drip() error {
	hungUp := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, l.reader)
		hungUp <- err
	}()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err := <-hungUp:
			if timeout, ok := err.(net.Error); ok && timeout.Timeout() { //nolint:errorlint // see requireHungUp
				return err
			}
			return nil
		case <-ticker.C:
			_ = l.say("x") // whether it is heard shows above
		}
	}
}
