package receiver

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"paygate/webhooks/signature"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testNow is when every test takes place.
var testNow = time.Date(2026, 11, 23, 9, 12, 3, 120_000_000, time.UTC)

// testWait is how long a test waits for what must come; nothing waits so long when
// all is well.
const testWait = 30 * time.Second

const (
	testSecret  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	otherSecret = "whsec_9Hc4fVnPpKxgYkV3nQm2Lw7sRb0aZt1E"
)

// testBundle is a receiver behind a real server.
type testBundle struct {
	client   *http.Client
	receiver *Receiver
	url      string
}

func setup(t *testing.T, opts Options) *testBundle {
	t.Helper()
	if opts.Now == nil {
		opts.Now = func() time.Time { return testNow }
	}
	r := New(opts)
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		r.Close()
		server.Close()
	})
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &testBundle{client: client, receiver: r, url: server.URL}
}

// testResponse is a response whose body was read and closed.
type testResponse struct {
	Header     http.Header
	StatusCode int
}

// request sends and returns the response and its body.
func (b *testBundle) request(t *testing.T, method, path, body string, header http.Header) (testResponse, string) {
	t.Helper()
	res, read, err := b.try(t, method, path, body, header)
	require.NoError(t, err)
	return res, read
}

// try is request for a goroutine of its own, and for what fails on purpose.
func (b *testBundle) try(t *testing.T, method, path, body string, header http.Header) (testResponse, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		return testResponse{}, "", err
	}
	maps.Copy(req.Header, header)
	res, err := b.client.Do(req)
	if err != nil {
		return testResponse{}, "", err
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	return testResponse{res.Header, res.StatusCode}, string(read), err
}

// post sends body as a webhook without any signature.
func (b *testBundle) post(t *testing.T, path, body string) testResponse {
	t.Helper()
	res, _ := b.request(t, http.MethodPost, path, body, nil)
	return res
}

// control sets how webhooks are answered.
func (b *testBundle) control(t *testing.T, settings string) {
	t.Helper()
	res, body := b.request(t, http.MethodPut, "/_control", settings, nil)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
}

// list reads GET /_events with a query.
func (b *testBundle) list(t *testing.T, query string) []*Webhook {
	t.Helper()
	res, body := b.request(t, http.MethodGet, "/_events"+query, "", nil)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	var list struct {
		Object string     `json:"object"`
		Data   []*Webhook `json:"data"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &list))
	require.Equal(t, "list", list.Object)
	return list.Data
}

// latest is the newest webhook.
func (b *testBundle) latest(t *testing.T) *Webhook {
	t.Helper()
	list := b.list(t, "?limit=1")
	require.Len(t, list, 1)
	return list[0]
}

// testStream reads GET /_events/stream.
type testStream struct {
	scanner *bufio.Scanner
	watch   *time.Timer
}

type streamed struct{ name, data string }

// stream is open, with its first overview read, when it returns.
func (b *testBundle) stream(t *testing.T) *testStream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/_events/stream", nil)
	require.NoError(t, err)
	res, err := b.client.Do(req)
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))

	s := &testStream{scanner: bufio.NewScanner(res.Body), watch: time.AfterFunc(testWait, cancel)}
	s.scanner.Buffer(nil, 4<<20)
	t.Cleanup(func() {
		s.watch.Stop()
		cancel()
		_ = res.Body.Close()
	})
	first, ok := s.next()
	require.True(t, ok)
	require.Equal(t, "overview", first.name)
	return s
}

// next waits for an event; false is the end of the stream.
func (s *testStream) next() (streamed, bool) {
	var event streamed
	for s.scanner.Scan() {
		line := s.scanner.Text()
		switch {
		case strings.HasPrefix(line, "event: "):
			event.name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			event.data = strings.TrimPrefix(line, "data: ")
		case line == "" && event.name != "":
			return event, true
		}
	}
	return event, false
}

// webhook waits for the next event, which must be a webhook.
func (s *testStream) webhook(t *testing.T) *Webhook {
	t.Helper()
	event, ok := s.next()
	require.True(t, ok, "the stream ended")
	require.Equal(t, "webhook", event.name)
	var w Webhook
	require.NoError(t, json.Unmarshal([]byte(event.data), &w))
	return &w
}

// signed are the headers of a delivery as Paygate sends it.
func signed(t *testing.T, id string, at time.Time, body string, secrets ...string) http.Header {
	t.Helper()
	parsed := make([]signature.Secret, 0, len(secrets))
	for _, text := range secrets {
		secret, err := signature.ParseSecret(text)
		require.NoError(t, err)
		parsed = append(parsed, secret)
	}
	header := http.Header{"Content-Type": {"application/json"}}
	require.NoError(t, signature.Sign(header, id, at, []byte(body), parsed...))
	return header
}
