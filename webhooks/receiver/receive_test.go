package receiver

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testLogger writes everything to w.
func testLogger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func TestReceiveKeepsTheRequest(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	body := `{"id":"evt_body","type":"payment.success","data":{"b":1,"a":"<script>"}}` + "\n"
	res, answer := bundle.request(t, http.MethodPost, "/webhook/a?x=1", body, http.Header{
		"Webhook-Id": {"evt_header"}, "X-Custom": {"one", "two"},
	})
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.JSONEq(t, `{"received":true,"attempt":1}`, answer)

	w := bundle.latest(t)
	require.Equal(t, body, w.Body, "byte for byte")
	require.Equal(t, encodingText, w.BodyEncoding)
	require.Equal(t, len(body), w.BodyBytes)
	require.Equal(t, "evt_header", w.EventID, "the header is what attempts are told apart by")
	require.Equal(t, "payment.success", w.EventType)
	require.Equal(t, "/webhook/a", w.Path)
	require.Equal(t, "x=1", w.Query)
	require.Equal(t, []string{"one", "two"}, w.Headers["X-Custom"])
	require.Equal(t, strings.TrimPrefix(bundle.url, "http://"), w.Headers.Get("Host"))
	require.Equal(t, testNow, time.Time(w.ReceivedAt))

	_, raw := bundle.request(t, http.MethodGet, "/_events", "", nil)
	require.Contains(t, raw, `"received_at":"2026-11-23T09:12:03.120Z"`)
}

func TestReceiveTakesAnyPath(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	for _, path := range []string{"/", "/webhook", "/webhook/", "/webhook/a/b", "/hooks/paygate"} {
		require.Equal(t, http.StatusOK, bundle.post(t, path, `{}`).StatusCode, path)
		require.Equal(t, path, bundle.latest(t).Path)
	}
	// A page of another site may post here too: that is not our control.
	res, _ := bundle.request(t, http.MethodPost, "/webhook", `{}`, http.Header{"Sec-Fetch-Site": {"cross-site"}})
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func TestReceiveBodiesOfAnyKind(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	for name, body := range map[string]string{
		"Empty": "", "NotJSON": "payment=1", "AnotherShape": `{"id":7,"type":["x"]}`, "Array": `[1]`, "Null": "null",
	} {
		require.Equal(t, http.StatusOK, bundle.post(t, "/webhook", body).StatusCode, name)
		w := bundle.latest(t)
		require.Equal(t, body, w.Body, name)
		require.Empty(t, w.EventType, name)
		require.Equal(t, 1, w.Attempt, "without an id nothing is a repetition: %s", name)
	}

	binary := "\xff\x00\xfe"
	bundle.post(t, "/webhook", binary)
	w := bundle.latest(t)
	require.Equal(t, encodingBase64, w.BodyEncoding)
	require.Equal(t, base64.StdEncoding.EncodeToString([]byte(binary)), w.Body)
	require.Equal(t, binary, string(w.rawBody()))

	long := strings.Repeat("é", maxName)
	bundle.post(t, "/webhook", `{"id":"`+long+`","type":"`+long+`"}`)
	w = bundle.latest(t)
	require.Len(t, w.EventID, maxName)
	require.Len(t, w.EventType, maxName)
}

func TestReceiveBoundsTheBody(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{Secrets: []string{testSecret}})
	require.Equal(t, http.StatusOK, bundle.post(t, "/webhook", strings.Repeat("x", maxBody)).StatusCode)
	require.False(t, bundle.latest(t).BodyTruncated)

	require.Equal(t, http.StatusRequestEntityTooLarge, bundle.post(t, "/webhook", strings.Repeat("x", maxBody+1)).StatusCode)
	w := bundle.latest(t)
	require.True(t, w.BodyTruncated)
	require.Equal(t, maxBody, w.BodyBytes)
	require.Equal(t, StatusNotChecked, w.Signature.Status)
	require.Equal(t, "not checked: the body is larger than 1048576 bytes and was not read to its end", w.Signature.Summary)
}

func TestReceiveBrokenBody(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(bundle.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = fmt.Fprint(conn, "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nshort")
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")), "%s", answer)
	require.Empty(t, bundle.list(t, ""))
}

func TestReceiveCountsAttempts(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	for _, step := range []struct {
		path, id string
		attempt  int
	}{
		{"/webhook", "evt_1", 1},
		{"/webhook", "evt_1", 2},
		{"/webhook", "evt_2", 1},
		{"/webhook/a", "evt_1", 1}, // the same event for another endpoint
		{"/webhook", "evt_1", 3},
	} {
		bundle.request(t, http.MethodPost, step.path, `{}`, http.Header{"Webhook-Id": {step.id}})
		w := bundle.latest(t)
		require.Equal(t, step.attempt, w.Attempt)
		require.Equal(t, step.attempt > 1, w.Duplicate)
	}
}

func TestReceiveSenderLeaves(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	stream := bundle.stream(t)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, bundle.url+"/webhook?delay=2m", strings.NewReader(`{}`))
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() {
		res, err := bundle.client.Do(req)
		if err == nil {
			err = errors.Join(errors.New("answered"), res.Body.Close())
		}
		result <- err
	}()

	require.Nil(t, stream.webhook(t).Answer.SenderLeftMS)
	cancel()
	require.ErrorIs(t, <-result, context.Canceled)
	left := stream.webhook(t)
	require.NotNil(t, left.Answer.SenderLeftMS)
	require.Zero(t, left.Answer.Status)
}

func TestCloseEndsDelays(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	stream := bundle.stream(t)
	status := make(chan int, 1)
	go func() {
		res, _, err := bundle.try(t, http.MethodPost, "/webhook?delay=2m", `{}`, nil)
		if err != nil {
			t.Error(err)
		}
		status <- res.StatusCode
	}()

	stream.webhook(t)
	bundle.receiver.Close()
	require.Equal(t, http.StatusOK, <-status)
}
