package receiver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHistoryIsBoundedByCount(t *testing.T) {
	t.Parallel()

	bundle := setup(t, Options{History: 5})
	for i := range 12 {
		bundle.request(t, http.MethodPost, "/webhook", `{}`, http.Header{"Webhook-Id": {fmt.Sprintf("evt_%d", i)}})
	}
	list := bundle.list(t, "")
	require.Len(t, list, 5)
	require.Equal(t, "evt_11", list[0].EventID)
	require.Equal(t, "evt_7", list[4].EventID)
	require.Len(t, bundle.receiver.state.history.delivered, 5, "the counts go with the webhooks")
}

func TestHistoryIsBoundedBySize(t *testing.T) {
	t.Parallel()

	h := newHistory(1000)
	body := strings.Repeat("x", maxBody)
	for i := range int64(100) {
		h.add(&Webhook{Sequence: i, EventID: fmt.Sprint(i), Body: body, Headers: http.Header{"X": {"y"}}})
		require.LessOrEqual(t, h.bytes, maxHistoryBytes)
	}
	require.Len(t, h.entries, maxHistoryBytes/maxBody-1, "the headers count too")
	require.Len(t, h.delivered, len(h.entries))
	require.Equal(t, int64(99), h.entries[len(h.entries)-1].Sequence)

	h.add(&Webhook{Sequence: 100, Body: strings.Repeat("x", 2*maxHistoryBytes)})
	require.Len(t, h.entries, 1, "the newest is always kept")
}

func TestHistoryForgetsAttemptsWithTheirLastWitness(t *testing.T) {
	t.Parallel()

	h := newHistory(2)
	add := func(sequence int64, id string) int {
		w := &Webhook{Sequence: sequence, EventID: id}
		h.add(w)
		return w.Attempt
	}
	require.Equal(t, 1, add(1, "a"))
	require.Equal(t, 2, add(2, "a"))
	require.Equal(t, 3, add(3, "a"), "the first is gone, the second is not")
	require.Equal(t, 1, add(4, "b"))
	require.Equal(t, 1, add(5, "b")-1)
	require.Equal(t, 1, add(6, "a"), "none is left that tells of it")
	require.Zero(t, h.bytes)
}
