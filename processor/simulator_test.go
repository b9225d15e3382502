package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/db/ids"
)

func newSimulator(t *testing.T, pool *pgxpool.Pool, config Config) *Simulator {
	t.Helper()
	if config.Logger == nil {
		config.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	simulator, err := NewSimulator(pool, config)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, simulator.Close(context.Background()))
		requireBooksAddUp(t, pool)
	})
	return simulator
}

// request is one to charge 50000 INR at once on an instrument, any ordinary one when value is empty.
func request(t *testing.T, s *Simulator, method Method, value string) AuthorizeRequest {
	t.Helper()
	req := AuthorizeRequest{Reference: ids.New(ids.Payment), Amount: 50000, Currency: "INR", Capture: true, Method: method}
	switch method {
	case MethodCard:
		card := goodCard()
		card.Number, card.ExpYear = "4000000000000010", s.config.Now().Year()+1
		if value != "" {
			card.Number = value
		}
		if brandOf(card.Number).brand == BrandAmex {
			card.CVC = "1234"
		}
		token, err := s.Tokenize(t.Context(), card)
		require.NoError(t, err)
		req.Token = token.Token
	case MethodUPI:
		req.VPA = "someone@paytm"
		if value != "" {
			req.VPA = value
		}
		require.NoError(t, ValidateVPA(req.VPA))
	case MethodNetbanking:
		req.Bank = "HDFC"
		if value != "" {
			req.Bank = value
		}
		require.NoError(t, ValidateBank(req.Bank))
	case MethodUnspecified:
	}
	return req
}

func cardOf(t *testing.T, outcome Outcome) string {
	t.Helper()
	for _, instrument := range TestInstruments() {
		if instrument.Method == MethodCard && instrument.Outcome == outcome {
			return instrument.Value
		}
	}
	require.FailNow(t, "no card with this outcome", outcome)
	return ""
}

func entries(t *testing.T, s *Simulator) map[string]Entry {
	t.Helper()
	out := make(map[string]Entry)
	for entry, err := range s.Statement(t.Context()) {
		require.NoError(t, err)
		out[entry.Reference] = entry
	}
	return out
}

func TestNewSimulatorRefusesNonsense(t *testing.T) {
	t.Parallel()

	for _, config := range []Config{
		{CardSuccessRate: new(1.1)},
		{UPISuccessRate: new(-0.1)},
		{AnswerLostRate: 2},
		{LatencyMin: time.Second},
		{LatencyMin: -time.Second},
	} {
		_, err := NewSimulator(nil, config)
		require.Error(t, err)
	}
}

func TestSimulatorInstruments(t *testing.T) {
	t.Parallel()

	// Rates of zero: the fixed outcomes must not depend on them.
	s := newSimulator(t, dbtest.Pool(t), Config{
		CardSuccessRate: new(0.0), UPISuccessRate: new(0.0), NetbankingSuccessRate: new(0.0), SlowLatency: time.Nanosecond,
	})
	for _, instrument := range TestInstruments() {
		t.Run(string(instrument.Method)+"/"+instrument.Value, func(t *testing.T) {
			t.Parallel()

			req := request(t, s, instrument.Method, instrument.Value)
			result, err := s.Authorize(t.Context(), req)
			if instrument.Outcome == OutcomeTimeoutCharged {
				require.ErrorIs(t, err, ErrNoAnswer)
				result, err = s.Lookup(t.Context(), req.Reference)
			}
			if instrument.Outcome == OutcomeTimeoutNotCharged {
				require.ErrorIs(t, err, ErrNoAnswer)
				result, err = s.Lookup(t.Context(), req.Reference)
				require.NoError(t, err)
				require.Equal(t, Result{Status: StatusNotFound}, result)
				result, err = s.Authorize(t.Context(), req)
			}
			require.NoError(t, err)

			want := Result{Status: StatusApproved, Amount: 50000}
			if message, declines := codeMessages[string(instrument.Outcome)]; declines {
				want = Result{Status: StatusDeclined, Code: string(instrument.Outcome), Message: message, Amount: 50000}
			}
			if instrument.Outcome == OutcomeRequiresAction {
				want = Result{Status: StatusRequiresAction, ActionURL: "/acquirer/actions/" + req.Reference, Amount: 50000}
			}
			require.Equal(t, want, result)

			again, err := s.Authorize(t.Context(), req)
			require.NoError(t, err)
			require.Equal(t, result, again)
			looked, err := s.Lookup(t.Context(), req.Reference)
			require.NoError(t, err)
			require.Equal(t, result, looked)
		})
	}
}

func TestSimulatorWithoutMethod(t *testing.T) {
	t.Parallel()

	zero := new(0.0)
	s := newSimulator(t, dbtest.Pool(t), Config{CardSuccessRate: zero, UPISuccessRate: zero, NetbankingSuccessRate: zero})
	result, err := s.Authorize(t.Context(), request(t, s, MethodUnspecified, ""))
	require.NoError(t, err)
	require.Equal(t, StatusApproved, result.Status)
}

func TestSimulatorRates(t *testing.T) {
	t.Parallel()

	s := newSimulator(t, dbtest.Pool(t), Config{CardSuccessRate: new(0.8), UPISuccessRate: new(0.0)})
	for method, want := range map[Method]struct {
		approved float64
		code     string
	}{
		MethodCard:       {0.8, CodeCardDeclined},
		MethodUPI:        {0, CodePaymentDeclined},
		MethodNetbanking: {1, ""},
	} {
		const n = 2000
		req, approved := request(t, s, method, ""), 0
		for i := range n {
			req.Reference = fmt.Sprintf("pay_%d", i)
			status, code := s.decide(req, OutcomeOrdinary)
			again, _ := s.decide(req, OutcomeOrdinary)
			require.Equal(t, status, again)
			if status == StatusApproved {
				approved++
			} else {
				require.Equal(t, want.code, code)
			}
		}
		require.InDelta(t, want.approved, float64(approved)/n, 0.05)
	}

	// The books have the last word: another process with other settings gives the first answer.
	req := request(t, s, MethodUPI, "")
	first, err := s.Authorize(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, StatusDeclined, first.Status)
	other := newSimulator(t, s.pool, Config{})
	second, err := other.Authorize(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, first, second)
}

func TestSimulatorRejectsNonsense(t *testing.T) {
	t.Parallel()

	s := newSimulator(t, dbtest.Pool(t), Config{})
	good := AuthorizeRequest{Reference: ids.New(ids.Payment), Amount: 1, Currency: "INR"}
	for _, spoil := range []func(*AuthorizeRequest){
		func(r *AuthorizeRequest) { r.Reference = "" },
		func(r *AuthorizeRequest) { r.Amount = 0 },
		func(r *AuthorizeRequest) { r.Amount = -1 },
		func(r *AuthorizeRequest) { r.Currency = "inr" },
		func(r *AuthorizeRequest) { r.Currency = "RUPEE" },
		func(r *AuthorizeRequest) { r.Method = "cheque" },
		func(r *AuthorizeRequest) { r.Method = MethodCard },
		func(r *AuthorizeRequest) { r.Method = MethodUPI },
		func(r *AuthorizeRequest) { r.Method = MethodNetbanking },
	} {
		req := good
		spoil(&req)
		_, err := s.Authorize(t.Context(), req)
		require.ErrorIs(t, err, ErrRejected)
	}
	_, err := s.Capture(t.Context(), CaptureRequest{Reference: "x", PaymentReference: "y"})
	require.ErrorIs(t, err, ErrRejected)
	_, err = s.Refund(t.Context(), RefundRequest{Reference: "x", PaymentReference: "y", Amount: -40000})
	require.ErrorIs(t, err, ErrRejected)
	_, err = s.Cancel(t.Context(), CancelRequest{Reference: "x"})
	require.ErrorIs(t, err, ErrRejected)

	for _, token := range []string{"x", "tok_", "card_0123", "tok_0123_jackpot", "tok__success"} {
		req := good
		req.Reference, req.Method, req.Token = ids.New(ids.Payment), MethodCard, token
		result, err := s.Authorize(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, StatusDeclined, result.Status)
		require.Equal(t, CodeInvalidToken, result.Code)
	}
	require.Len(t, entries(t, s), 5)
}

func TestSimulatorAction(t *testing.T) {
	t.Parallel()

	var mu sync.Mutex
	notified := make(map[string]int)
	pool := dbtest.Pool(t)
	s := newSimulator(t, pool, Config{
		ActionURL: func(reference string) string { return "http://bank.test/" + reference },
		Notify: func(_ context.Context, reference string) error {
			mu.Lock()
			defer mu.Unlock()
			notified[reference]++
			return nil
		},
	})
	begin := func(t *testing.T, capture bool) AuthorizeRequest {
		t.Helper()
		req := request(t, s, MethodCard, cardOf(t, OutcomeRequiresAction))
		req.Capture = capture
		result, err := s.Authorize(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, Result{Status: StatusRequiresAction, ActionURL: "http://bank.test/" + req.Reference, Amount: 50000}, result)
		return req
	}

	t.Run("Approved", func(t *testing.T) {
		t.Parallel()
		req := begin(t, true)
		refund, err := s.Refund(t.Context(), RefundRequest{Reference: ids.New(ids.Refund), PaymentReference: req.Reference, Amount: 1})
		require.NoError(t, err)
		require.Equal(t, CodePaymentNotApproved, refund.Code)

		result, err := s.CompleteAction(t.Context(), req.Reference, true)
		require.NoError(t, err)
		require.Equal(t, Result{Status: StatusApproved, Amount: 50000}, result)
		again, err := s.Authorize(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, result, again)
		require.EqualValues(t, 50000, entries(t, s)[req.Reference].Captured)

		// The second click, on the other button, comes too late, and is announced nevertheless.
		result, err = s.CompleteAction(t.Context(), req.Reference, false)
		require.NoError(t, err)
		require.Equal(t, StatusApproved, result.Status)
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, 2, notified[req.Reference])
	})

	t.Run("ApprovedAndHeld", func(t *testing.T) {
		t.Parallel()
		req := begin(t, false)
		_, err := s.CompleteAction(t.Context(), req.Reference, true)
		require.NoError(t, err)
		require.Zero(t, entries(t, s)[req.Reference].Captured)
		result, err := s.Capture(t.Context(), CaptureRequest{Reference: req.Reference + "_capture", PaymentReference: req.Reference, Amount: 1})
		require.NoError(t, err)
		require.Equal(t, StatusApproved, result.Status)
	})

	t.Run("Refused", func(t *testing.T) {
		t.Parallel()
		req := begin(t, true)
		result, err := s.CompleteAction(t.Context(), req.Reference, false)
		require.NoError(t, err)
		require.Equal(t, StatusDeclined, result.Status)
		require.Equal(t, CodeAuthenticationFailed, result.Code)
	})

	t.Run("CanceledMeanwhile", func(t *testing.T) {
		t.Parallel()
		req := begin(t, true)
		result, err := s.Cancel(t.Context(), CancelRequest{Reference: req.Reference + "_cancel", PaymentReference: req.Reference})
		require.NoError(t, err)
		require.Equal(t, StatusApproved, result.Status)
		result, err = s.CompleteAction(t.Context(), req.Reference, true)
		require.NoError(t, err)
		require.Equal(t, StatusDeclined, result.Status)
		require.Equal(t, CodePaymentCanceled, result.Code)
	})

	t.Run("Unknown", func(t *testing.T) {
		t.Parallel()
		result, err := s.CompleteAction(t.Context(), ids.New(ids.Payment), true)
		require.NoError(t, err)
		require.Equal(t, StatusNotFound, result.Status)
	})

	t.Run("NotTaken", func(t *testing.T) {
		t.Parallel()
		deaf := newSimulator(t, pool, Config{Notify: func(context.Context, string) error { return errors.New("busy") }})
		_, err := deaf.CompleteAction(t.Context(), begin(t, true).Reference, true)
		require.ErrorContains(t, err, "busy")
	})
}

func TestSimulatorAnsweredTwice(t *testing.T) {
	t.Parallel()

	var notified []string
	var s *Simulator
	s = newSimulator(t, dbtest.Pool(t), Config{Notify: func(ctx context.Context, reference string) error {
		notified = append(notified, reference)
		result, err := s.Lookup(ctx, reference)
		require.Equal(t, StatusApproved, result.Status, "the first answer is true already")
		return errors.Join(err, errors.New("nobody minds"))
	}})
	req := request(t, s, MethodCard, cardOf(t, OutcomeAnsweredTwice))
	for range 2 {
		result, err := s.Authorize(t.Context(), req)
		require.NoError(t, err)
		require.Equal(t, StatusApproved, result.Status)
	}
	require.Equal(t, []string{req.Reference}, notified)
	require.Len(t, entries(t, s), 1)
}

func TestSimulatorRefundInstruments(t *testing.T) {
	t.Parallel()

	s := newSimulator(t, dbtest.Pool(t), Config{})
	refundOn := func(t *testing.T, outcome Outcome) (RefundRequest, error) {
		t.Helper()
		req := request(t, s, MethodCard, cardOf(t, outcome))
		_, err := s.Authorize(t.Context(), req)
		require.NoError(t, err)
		refund := RefundRequest{Reference: ids.New(ids.Refund), PaymentReference: req.Reference, Amount: 30000}
		_, err = s.Refund(t.Context(), refund)
		return refund, err
	}

	t.Run("Fails", func(t *testing.T) {
		t.Parallel()
		refund, err := refundOn(t, OutcomeRefundFails)
		require.NoError(t, err)
		result, err := s.Lookup(t.Context(), refund.Reference)
		require.NoError(t, err)
		require.Equal(t, StatusDeclined, result.Status)
		require.Equal(t, CodeRefundFailed, result.Code)
		require.Zero(t, entries(t, s)[refund.PaymentReference].Refunded)
	})

	t.Run("TimesOut", func(t *testing.T) {
		t.Parallel()
		refund, err := refundOn(t, OutcomeRefundTimeout)
		require.ErrorIs(t, err, ErrNoAnswer)
		result, err := s.Refund(t.Context(), refund)
		require.NoError(t, err)
		require.Equal(t, Result{Status: StatusApproved, Amount: 30000}, result)
		require.EqualValues(t, 30000, entries(t, s)[refund.PaymentReference].Refunded)
	})
}

func TestSimulatorDown(t *testing.T) {
	t.Parallel()

	s := newSimulator(t, dbtest.Pool(t), Config{})
	req := request(t, s, MethodCard, "")
	s.SetDown(true)

	_, err := s.Tokenize(t.Context(), Card{Number: "4242424242424242", ExpMonth: 1, ExpYear: s.config.Now().Year() + 1, CVC: "123"})
	require.ErrorIs(t, err, ErrUnavailable)
	_, err = s.Authorize(t.Context(), req)
	require.ErrorIs(t, err, ErrUnavailable)
	_, err = s.Lookup(t.Context(), req.Reference)
	require.ErrorIs(t, err, ErrUnavailable)
	_, err = s.CompleteAction(t.Context(), req.Reference, true)
	require.ErrorIs(t, err, ErrUnavailable)
	require.Empty(t, entries(t, s))

	s.SetDown(false)
	result, err := s.Authorize(t.Context(), req)
	require.NoError(t, err)
	require.Equal(t, StatusApproved, result.Status)
}

func TestSimulatorLostTraffic(t *testing.T) {
	t.Parallel()

	// Every request and every answer is lost once, on every kind of operation.
	s := newSimulator(t, dbtest.Pool(t), Config{AnswerLostRate: 1, RequestLostRate: 1})
	req := request(t, s, MethodUnspecified, "")
	req.Capture = false

	for _, call := range []struct {
		reference string
		do        func() (Result, error)
	}{
		{req.Reference, func() (Result, error) { return s.Authorize(t.Context(), req) }},
		{req.Reference + "_capture", func() (Result, error) {
			return s.Capture(t.Context(), CaptureRequest{Reference: req.Reference + "_capture", PaymentReference: req.Reference, Amount: 40000})
		}},
		{req.Reference + "_refund", func() (Result, error) {
			return s.Refund(t.Context(), RefundRequest{Reference: req.Reference + "_refund", PaymentReference: req.Reference, Amount: 30000})
		}},
	} {
		_, err := call.do()
		require.ErrorIs(t, err, ErrNoAnswer)
		result, err := s.Lookup(t.Context(), call.reference)
		require.NoError(t, err)
		require.Equal(t, StatusNotFound, result.Status, "the request was lost")

		_, err = call.do()
		require.ErrorIs(t, err, ErrNoAnswer)
		result, err = s.Lookup(t.Context(), call.reference)
		require.NoError(t, err)
		require.Equal(t, StatusApproved, result.Status, "the answer was lost")

		result, err = call.do()
		require.NoError(t, err)
		require.Equal(t, StatusApproved, result.Status)
	}
	charge := entries(t, s)[req.Reference]
	require.EqualValues(t, 40000, charge.Captured)
	require.EqualValues(t, 30000, charge.Refunded)
}

func TestSimulatorContext(t *testing.T) {
	t.Parallel()

	pool := dbtest.Pool(t)

	t.Run("EndsOnTheWayThere", func(t *testing.T) {
		t.Parallel()
		s := newSimulator(t, pool, Config{LatencyMin: time.Hour, LatencyMax: time.Hour})
		req := request(t, s, MethodCard, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := s.Authorize(ctx, req)
		require.ErrorIs(t, err, ErrNoAnswer)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		result, err := s.Lookup(t.Context(), req.Reference)
		require.NoError(t, err)
		require.Equal(t, StatusNotFound, result.Status)
	})

	t.Run("EndsOnTheWayBack", func(t *testing.T) {
		t.Parallel()
		s := newSimulator(t, pool, Config{LatencyMin: time.Second, LatencyMax: time.Second})
		req := request(t, s, MethodCard, "")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() {
			_, err := s.Authorize(ctx, req)
			done <- err
		}()
		require.Eventually(t, func() bool {
			result, err := s.Lookup(t.Context(), req.Reference)
			return err == nil && result.Status == StatusApproved
		}, 10*time.Second, time.Millisecond)
		cancel()
		err := <-done
		require.ErrorIs(t, err, ErrNoAnswer)
	})

	t.Run("EndedBefore", func(t *testing.T) {
		t.Parallel()
		s := newSimulator(t, pool, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Authorize(ctx, request(t, s, MethodCard, ""))
		require.ErrorIs(t, err, ErrUnavailable)
	})

	t.Run("Closed", func(t *testing.T) {
		t.Parallel()
		s := newSimulator(t, pool, Config{})
		require.NoError(t, s.Close(t.Context()))
		_, err := s.Authorize(t.Context(), request(t, s, MethodCard, ""))
		require.ErrorIs(t, err, ErrUnavailable)
	})
}

func TestSimulatorLatency(t *testing.T) {
	t.Parallel()

	s, err := NewSimulator(nil, Config{LatencyMin: 100 * time.Millisecond, LatencyMax: 200 * time.Millisecond, SlowLatency: time.Minute})
	require.NoError(t, err)
	seen := make(map[time.Duration]bool)
	for i := range 100 {
		op := operation{reference: fmt.Sprintf("pay_%d", i)}
		latency := s.latency(op)
		require.GreaterOrEqual(t, latency, 100*time.Millisecond)
		require.Less(t, latency, 200*time.Millisecond)
		seen[latency] = true
		op.outcome = OutcomeSlow
		require.Equal(t, latency+time.Minute, s.latency(op))
	}
	require.Greater(t, len(seen), 50)
}
