package receiver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStreamDelivers(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	bundle.post(t, "/webhook", `{"id":"evt_before"}`)
	streams := []*testStream{bundle.stream(t), bundle.stream(t)}
	for i := range 20 {
		bundle.post(t, "/webhook", fmt.Sprintf("{\"id\":\"evt_%d\",\n\n\"type\":\"payment.success\"}", i))
	}
	for _, stream := range streams {
		for i := range 20 {
			w := stream.webhook(t)
			require.Equal(t, fmt.Sprintf("evt_%d", i), w.EventID)
			require.Equal(t, int64(i+2), w.Sequence)
			require.Contains(t, w.Body, "\n\n", "line breaks do not end the event")
		}
	}
}

func TestStreamTellsOfClearAndControl(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{History: 7})
	stream := bundle.stream(t)
	bundle.post(t, "/webhook", `{}`)
	w := stream.webhook(t)

	next := func() overview {
		event, ok := stream.next()
		require.True(t, ok)
		require.Equal(t, "overview", event.name)
		var o overview
		require.NoError(t, json.Unmarshal([]byte(event.data), &o))
		return o
	}
	bundle.request(t, http.MethodDelete, "/_events", "", nil)
	cleared := next()
	require.Greater(t, cleared.ClearedAt, w.Version)
	require.Equal(t, 7, cleared.History)
	require.Equal(t, ModeOK, cleared.Control.Mode)

	bundle.control(t, `{"mode":"gone"}`)
	changed := next()
	require.Equal(t, ModeGone, changed.Control.Mode)
	require.Equal(t, cleared.Instance, changed.Instance)
}

// A watcher that was away learns each webhook's last state, in the order of changes.
func TestStateSinceCatchesUp(t *testing.T) {
	t.Parallel()

	s := newState(3)
	before := s.now().version
	for range 5 {
		s.record(&Webhook{}, planBySettings)
	}
	s.senderLeft(4, 1500)
	s.senderLeft(1, 1500) // no longer kept

	news := s.since(before)
	var sequences []int64
	for _, w := range news.webhooks {
		sequences = append(sequences, w.Sequence)
	}
	require.Equal(t, []int64{3, 5, 4}, sequences)
	require.Equal(t, int64(1500), *news.webhooks[2].Answer.SenderLeftMS)
	require.Nil(t, news.overview)

	require.Empty(t, s.since(news.version).webhooks)
	select {
	case <-news.next:
		require.Fail(t, "nothing has changed since")
	default:
	}
	s.clear()
	<-news.next
	require.NotNil(t, s.since(news.version).overview)
}

// A server with a WriteTimeout, as any has that listens for longer than a test.
func TestLongAnswersOutliveTheWriteTimeout(t *testing.T) {
	t.Parallel()

	r := New(Options{})
	server := httptest.NewUnstartedServer(r)
	server.Config.WriteTimeout = 20 * time.Millisecond
	server.Config.RegisterOnShutdown(r.Close)
	server.Start()
	bundle := &testBundle{client: server.Client(), receiver: r, url: server.URL}

	stream := bundle.stream(t)
	res, body := bundle.request(t, http.MethodPost, "/webhook?delay=100ms", `{}`, nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NotEmpty(t, body)
	require.Equal(t, http.StatusOK, bundle.post(t, "/webhook", `{}`).StatusCode)
	require.Equal(t, int64(1), stream.webhook(t).Sequence)
	require.Equal(t, int64(2), stream.webhook(t).Sequence)

	// The stream does not hold up a shutdown either.
	ctx, cancel := context.WithTimeout(t.Context(), testWait)
	defer cancel()
	require.NoError(t, server.Config.Shutdown(ctx))
	server.Close()
}

func TestCloseEndsStreams(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{})
	stream := bundle.stream(t)
	bundle.receiver.Close()
	bundle.receiver.Close() // does no harm
	_, ok := stream.next()
	require.False(t, ok)
	require.NoError(t, stream.scanner.Err(), "an orderly end, not a torn connection")
	require.Equal(t, http.StatusOK, bundle.post(t, "/webhook", `{}`).StatusCode)
}
