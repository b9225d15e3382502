package webhooks

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/wire"
)

// The envelope is put together by hand, and is what Encode would give.
func TestNewEvent_IsWhatEncodeGives(t *testing.T) {
	t.Parallel()

	type thing struct {
		Name wire.Metadata `json:"name"`
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 70_000_000, time.FixedZone("", 3600))
	for _, kind := range Types {
		event, err := NewEvent(uuid.New(), kind, Refs{}, at, "thing", thing{wire.Metadata{"10": "\"<&>\u2028", "9": "\\"}})
		require.NoError(t, err)
		want, err := wire.Encode(struct {
			ID        string    `json:"id"`
			Type      Type      `json:"type"`
			Timestamp wire.Time `json:"timestamp"`
			Data      any       `json:"data"`
		}{event.id, kind, wire.Time(at), struct {
			Thing thing `json:"thing"`
		}{thing{wire.Metadata{"9": "\\", "10": "\"<&>\u2028"}}}})
		require.NoError(t, err)
		require.Equal(t, string(want), event.body)
	}
}

func TestSubscribed(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		patterns []string
		kind     Type
		want     bool
	}{
		{[]string{"*"}, PaymentSuccess, true},
		{[]string{"*"}, OrderPaid, true},
		{[]string{"payment.*"}, PaymentSuccess, true},
		{[]string{"payment.*"}, RefundProcessed, false},
		{[]string{"payment.success"}, PaymentSuccess, true},
		{[]string{"payment.success"}, PaymentFailed, false},
		{[]string{"payment"}, PaymentSuccess, false},
		{[]string{"payment.success."}, PaymentSuccess, false},
		{[]string{"refund.*", "payment.success"}, PaymentSuccess, true},
		{[]string{"refund.*", "order.paid"}, PaymentSuccess, false},
		{nil, PaymentSuccess, false},
	} {
		require.Equal(t, c.want, Subscribed(c.patterns, c.kind), "%v %s", c.patterns, c.kind)
	}
}

func TestCheckPatterns(t *testing.T) {
	t.Parallel()

	for _, c := range []struct{ given, want []string }{
		{nil, []string{"*"}},
		{[]string{"*"}, []string{"*"}},
		{[]string{"refund.*", "order.paid", "refund.*"}, []string{"order.paid", "refund.*"}},
	} {
		patterns, err := checkPatterns(c.given)
		require.NoError(t, err)
		require.Equal(t, c.want, patterns)
	}
	for _, kind := range Types {
		_, err := checkPatterns([]string{string(kind)})
		require.NoError(t, err)
	}
	for _, given := range [][]string{
		{},
		{""},
		{"nope"},
		{"payment"},
		{"payment."},
		{"pay*"},
		{"payment.s*"},
		{"payment.success*"},
		{"**"},
		{"*.success"},
		{"*payment.success"},
		{"Payment.success"},
		{" payment.success"},
		{"nope.*"},
		{".*"},
		{"payment.*", "nope"},
	} {
		_, err := checkPatterns(given)
		require.Equal(t, fault.InvalidValue, fault.CodeOf(err), "%q", given)
		require.Equal(t, "event_types", fault.From(err).Param)
	}
}
