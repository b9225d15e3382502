package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Config of a Simulator. The zero value approves everything at once.
type Config struct {
	// ActionURL gives the page on which a customer completes what requires_action asks for; the page
	// calls Simulator.CompleteAction. Default: /acquirer/actions/ and the reference.
	ActionURL func(reference string) string

	// AnswerLostRate is the share (0–1) of operations, on any instrument, that are executed while
	// their first answer is lost.
	AnswerLostRate float64

	// CardSuccessRate is the share (0–1) of charges on cards without a fixed outcome that are approved;
	// nil means all. So for UPI and netbanking.
	CardSuccessRate       *float64
	UPISuccessRate        *float64
	NetbankingSuccessRate *float64

	// Down starts the simulator as if SetDown(true) had been called.
	Down bool

	// LatencyMin and LatencyMax bound how long an operation takes at the bank. Half of it passes
	// before it is booked and half after, so that a caller who gives up leaves either kind of
	// accident. Tokenize and Lookup do not take it.
	LatencyMin time.Duration
	LatencyMax time.Duration

	// Logger gets what nobody is there to be told; default slog.Default().
	Logger *slog.Logger

	// Notify is the bank's call to us: something happened to this payment, at least once, in no order,
	// possibly before the answer to the request. Whoever is notified looks the reference up. It is
	// called after CompleteAction, and for OutcomeAnsweredTwice before Authorize returns. May be nil.
	Notify func(ctx context.Context, reference string) error

	// Now is the clock; default time.Now.
	Now func() time.Time

	// RequestLostRate is the share (0–1) of operations whose first request is lost before it is executed.
	RequestLostRate float64

	// Seed changes which operations the rates and latencies hit. All chance is a function of Seed and
	// the reference, so that a run can be repeated.
	Seed uint64

	// SlowLatency is what OutcomeSlow adds to the latency; default 5 s.
	SlowLatency time.Duration
}

func (c Config) withDefaults() Config {
	if c.ActionURL == nil {
		c.ActionURL = func(reference string) string { return "/acquirer/actions/" + reference }
	}
	if c.CardSuccessRate == nil {
		c.CardSuccessRate = new(1.0)
	}
	if c.UPISuccessRate == nil {
		c.UPISuccessRate = new(1.0)
	}
	if c.NetbankingSuccessRate == nil {
		c.NetbankingSuccessRate = new(1.0)
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.SlowLatency == 0 {
		c.SlowLatency = 5 * time.Second
	}
	return c
}

func (c Config) validate() error {
	for name, rate := range map[string]float64{
		"AnswerLostRate":        c.AnswerLostRate,
		"CardSuccessRate":       *c.CardSuccessRate,
		"NetbankingSuccessRate": *c.NetbankingSuccessRate,
		"RequestLostRate":       c.RequestLostRate,
		"UPISuccessRate":        *c.UPISuccessRate,
	} {
		if !(rate >= 0 && rate <= 1) { // so that NaN is refused
			return fmt.Errorf("%s must be between 0 and 1, not %v", name, rate)
		}
	}
	switch {
	case c.LatencyMin < 0 || c.SlowLatency < 0:
		return errors.New("a latency cannot be negative")
	case c.LatencyMax < c.LatencyMin:
		return fmt.Errorf("LatencyMax (%s) must not be below LatencyMin (%s)", c.LatencyMax, c.LatencyMin)
	}
	return nil
}
