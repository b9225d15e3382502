package receiver

import (
	"cmp"
	"slices"
)

// maxHistoryBytes bounds what all kept webhooks hold together: many of a megabyte
// must not fill the memory of the `dev` process.
const maxHistoryBytes = 32 << 20

// history keeps the latest webhooks, oldest first, within a count and a size. It is
// not safe for concurrent use: state guards it.
type history struct {
	limit     int
	entries   []*Webhook
	bytes     int
	delivered map[deliveryKey]int
}

// deliveryKey is what makes two requests two attempts of one delivery.
type deliveryKey struct{ path, eventID string }

func newHistory(limit int) *history {
	return &history{limit: limit, delivered: map[deliveryKey]int{}}
}

// add takes w over, counts its attempts, and lets go of the oldest beyond the bounds.
func (h *history) add(w *Webhook) {
	w.Attempt = 1
	if w.EventID != "" {
		key := deliveryKey{w.Path, w.EventID}
		w.Attempt = h.delivered[key] + 1
		h.delivered[key] = w.Attempt
	}
	w.Duplicate = w.Attempt > 1

	h.entries = append(h.entries, w)
	h.bytes += w.size()
	surplus := 0
	// The newest stays whatever its size is: a body is bounded by itself.
	for surplus < len(h.entries)-1 && (len(h.entries)-surplus > h.limit || h.bytes > maxHistoryBytes) {
		h.forget(h.entries[surplus])
		surplus++
	}
	h.entries = slices.Delete(h.entries, 0, surplus)
}

// forget also drops the count of attempts, which must not outlive its last witness:
// the map would grow for as long as the process runs.
func (h *history) forget(w *Webhook) {
	h.bytes -= w.size()
	key := deliveryKey{w.Path, w.EventID}
	if h.delivered[key] == w.Attempt {
		delete(h.delivered, key)
	}
}

// find returns the place of the webhook with this sequence.
func (h *history) find(sequence int64) (int, bool) {
	return slices.BinarySearchFunc(h.entries, sequence, func(w *Webhook, sequence int64) int {
		return cmp.Compare(w.Sequence, sequence)
	})
}

// clear forgets all of them and their attempts.
func (h *history) clear() {
	*h = *newHistory(h.limit)
}
