package payments_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"paygate/fault"
	"paygate/payments"
	"paygate/processor"
)

// Random sequences of everything that callers, customers, workers and the acquirer can do, against the
// model. `-rapid.checks=n` runs n sequences in each of the lanes.
func TestModel(t *testing.T) {
	t.Parallel()
	const lanes, examineEvery = 2, 50
	for lane := range lanes {
		t.Run(fmt.Sprint(lane), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, houseOptions{services: 2, bank: processor.Config{SlowLatency: time.Nanosecond}})
			n := 0
			rapid.Check(t, func(rt *rapid.T) {
				h.clear(rt)
				h.merchant = h.newMerchant(t, payments.Fee{BasisPoints: rapid.Int64Range(0, 10000).Draw(rt, "bps"), Fixed: rapid.Int64Range(0, 50).Draw(rt, "fixed")})
				s := &sequence{h: h, m: &model{}}
				rt.Repeat(map[string]func(*rapid.T){
					"":             s.check,
					"act":          s.act,
					"cancel":       s.cancel,
					"capture":      s.capture,
					"decideAtOnce": s.decideAtOnce,
					"expire":       s.expire,
					"job":          s.job,
					"order":        s.order,
					"outage":       s.outage,
					"pay":          s.pay,
					"payAgain":     s.pay,
					"refund":       s.refund,
					"refundAtOnce": s.refundAtOnce,
					"repeat":       s.repeat,
					"rush":         s.rush,
				})
				s.rush(rt)
				s.finish(rt)
				s.expire(rt)
				s.rush(rt)
				s.finish(rt)
				if n++; n%examineEvery == 1 {
					h.examine(rt)
				}
			})
			h.examine(t)
			t.Logf("%d sequences", n)
		})
	}
}

// clear brings to an end what a sequence that failed has left.
func (h *house) clear(t *rapid.T) {
	h.bank.SetDown(false)
	h.ahead.Add(int64(8 * 24 * time.Hour))
	_, err := h.services[0].Expire(context.Background())
	require.NoError(t, err)
	h.work(t)
	h.ahead.Store(0)
}

// sequence is one walk: the gateway and the model side by side.
type sequence struct {
	h     *house
	m     *model
	calls []call
	keys  int
	// touched is the payment to be compared after the step.
	touched *modelPayment
}

// call is a request that was answered under a key.
type call struct {
	ask   func(key, content string) answer
	key   string
	first answer
}

// ask makes a request, sometimes under a key, and remembers it.
func (s *sequence) ask(t *rapid.T, ask func(key, content string) answer) answer {
	if !rapid.Bool().Draw(t, "keyed") {
		return ask("", "")
	}
	s.keys++
	c := call{ask: ask, key: fmt.Sprintf("key-%d", s.keys)}
	if rapid.IntRange(0, 3).Draw(t, "twins") == 0 {
		// The same request twice at once: one does it, the other repeats or is told to wait.
		answers := atOnce(2, func(int) answer { return ask(c.key, "") })
		first := answers[0]
		if first.code == fault.IdempotencyRunning || first.replayed {
			first = answers[1]
		}
		for _, a := range answers {
			require.True(t, a.code == fault.IdempotencyRunning || string(a.body) == string(first.body), "%s %s", a.body, first.body)
		}
		require.False(t, first.replayed)
		c.first = first
	} else {
		c.first = ask(c.key, "")
	}
	s.calls = append(s.calls, c)
	return c.first
}

// repeat asks again under a key: byte for byte the same answer. Something else under it is refused.
func (s *sequence) repeat(t *rapid.T) {
	if len(s.calls) == 0 {
		t.Skip()
	}
	c := rapid.SampledFrom(s.calls).Draw(t, "call")
	if c.first.code == fault.OrderMismatch {
		t.Skip() // 400 is not remembered
	}
	again := c.ask(c.key, "")
	require.True(t, again.replayed)
	require.Equal(t, string(c.first.body), string(again.body))
	require.Equal(t, fault.IdempotencyReused, c.ask(c.key, "other").code)
}

func (s *sequence) order(t *rapid.T) {
	o := &modelOrder{amount: rapid.Int64Range(1, 1000).Draw(t, "amount"), currency: "INR", reusable: rapid.Bool().Draw(t, "reusable"), status: payments.OrderCreated}
	o.id = s.h.order(t, payments.OrderParams{MerchantID: s.h.merchant, Amount: o.amount, Currency: o.currency, Reusable: o.reusable}).ID
	s.m.orders = append(s.m.orders, o)
}

var outcomes = []processor.Outcome{
	processor.OutcomeSuccess, processor.OutcomeCardDeclined, processor.OutcomeRequiresAction, processor.OutcomeTimeoutCharged,
	processor.OutcomeTimeoutNotCharged, processor.OutcomeAnsweredTwice, processor.OutcomeRefundFails, processor.OutcomeRefundTimeout,
}

func (s *sequence) pay(t *rapid.T) {
	p := &modelPayment{
		outcome: rapid.SampledFrom(outcomes).Draw(t, "outcome"),
		capture: rapid.SampledFrom([]payments.Capture{payments.CaptureAutomatic, payments.CaptureManual}).Draw(t, "capture"),
	}
	params := payments.CreateParams{MerchantID: s.h.merchant, Capture: p.capture, Method: processor.MethodCard, Card: card(p.outcome)}
	if len(s.m.orders) > 0 && rapid.IntRange(0, 2).Draw(t, "for order") > 0 {
		p.order = rapid.SampledFrom(s.m.orders).Draw(t, "order")
		params.OrderID, p.amount = p.order.id, p.order.amount
	} else {
		p.amount = rapid.Int64Range(1, 1000).Draw(t, "amount")
		params.Amount, params.Currency = p.amount, rapid.SampledFrom([]string{"INR", "jpy", "KWD"}).Draw(t, "currency")
	}
	want := s.m.accepts(p.order)
	if s.m.down {
		want = fault.Unavailable // no card can be exchanged for a token
		_, err := s.h.any(0).Create(context.Background(), s.h.claim(s.h.merchant, "POST /payments", "", ""), params)
		require.Equal(t, want, fault.CodeOf(err))
		return
	}
	n := rapid.IntRange(0, 1).Draw(t, "service")
	a := s.ask(t, func(key, content string) answer {
		response, err := s.h.any(n).Create(context.Background(), s.h.claim(params.MerchantID, "POST /payments", key, content), params)
		return answered(t, response, err)
	})
	require.Equal(t, want, a.code)
	if want == "" {
		p.id = a.payment(t).ID
		s.m.pay(p)
		s.touched = p
	}
}

// some picks a payment.
func (s *sequence) some(t *rapid.T) *modelPayment {
	if len(s.m.payments) == 0 {
		t.Skip()
	}
	s.touched = rapid.SampledFrom(s.m.payments).Draw(t, "payment")
	return s.touched
}

func (s *sequence) capture(t *rapid.T) {
	p := s.some(t)
	amount := p.amount
	var given *int64
	if rapid.Bool().Draw(t, "partial") {
		amount = rapid.Int64Range(1, p.amount+1).Draw(t, "amount")
		given = &amount
	}
	want := p.decide("capture", amount)
	a := s.ask(t, func(key, content string) answer {
		response, err := s.h.any(1).Capture(context.Background(), s.h.claim(s.h.merchant, "POST capture "+p.id, key, content),
			payments.CaptureParams{MerchantID: s.h.merchant, PaymentID: p.id, Amount: given})
		return answered(t, response, err)
	})
	require.Equal(t, want, a.code)
}

func (s *sequence) cancel(t *rapid.T) {
	p := s.some(t)
	want := p.decide("cancel", 0)
	a := s.ask(t, func(key, content string) answer {
		response, err := s.h.any(1).Cancel(context.Background(), s.h.claim(s.h.merchant, "POST cancel "+p.id, key, content), s.h.merchant, p.id)
		return answered(t, response, err)
	})
	require.Equal(t, want, a.code)
}

// decideAtOnce captures and cancels together: who wins is open, that one does is not.
func (s *sequence) decideAtOnce(t *rapid.T) {
	p := s.some(t)
	before := *p
	answers := atOnce(4, func(i int) answer {
		if i%2 == 0 {
			return s.h.capture(t, s.h.any(i/2), p.id, nil)
		}
		return s.h.cancel(t, s.h.any(i/2), p.id)
	})
	captured, canceled := before, before
	byCapture := [2]fault.Code{captured.decide("capture", p.amount), captured.decide("cancel", 0)}
	byCancel := [2]fault.Code{}
	byCancel[1] = canceled.decide("cancel", 0)
	byCancel[0] = canceled.decide("capture", p.amount)
	got := [2]fault.Code{answers[0].code, answers[1].code}
	require.Equal(t, [2]fault.Code{answers[2].code, answers[3].code}, got)
	switch got {
	case byCapture:
		*p = captured
	case byCancel:
		*p = canceled
	default:
		require.Fail(t, "no order of the calls explains the answers", "%v of %+v", got, before)
	}
}

func (s *sequence) refund(t *rapid.T) {
	p := s.some(t)
	var given *int64
	wish := rapid.Int64Range(0, 1000).Draw(t, "amount")
	if wish > 0 {
		given = &wish
	}
	amount, want := s.m.refund(p, wish)
	a := s.ask(t, func(key, content string) answer {
		response, err := s.h.any(1).CreateRefund(context.Background(), s.h.claim(s.h.merchant, "POST /refunds", key, content),
			payments.RefundParams{MerchantID: s.h.merchant, PaymentID: p.id, Amount: given})
		return answered(t, response, err)
	})
	require.Equal(t, want, a.code)
	if want == "" {
		s.refunded(t, p, a, amount)
	}
}

func (s *sequence) refunded(t *rapid.T, p *modelPayment, a answer, amount int64) {
	r := a.refund(t)
	require.Equal(t, amount, r.Amount)
	s.m.refunds = append(s.m.refunds, &modelRefund{id: r.ID, payment: p, amount: amount, status: payments.RefundPending})
}

// refundAtOnce asks for the same amount from many sides: as many get it as it fits.
func (s *sequence) refundAtOnce(t *rapid.T) {
	p := s.some(t)
	wish := rapid.Int64Range(1, 500).Draw(t, "amount")
	answers := atOnce(6, func(i int) answer { return s.h.refund(t, s.h.any(i), p.id, &wish) })
	granted := 0
	for _, a := range answers {
		if a.code == "" {
			granted++
		}
	}
	for range answers {
		amount, code := s.m.refund(p, wish)
		if code != "" {
			for _, a := range answers {
				require.True(t, a.code == "" || a.code == code, "%s instead of %s", a.code, code)
			}
			break
		}
		require.Equal(t, wish, amount)
		granted--
	}
	require.Zero(t, granted)
	for _, a := range answers {
		if a.code == "" {
			s.refunded(t, p, a, wish)
		}
	}
}

// job runs one job, perhaps one that was run before and not taken off.
func (s *sequence) job(t *rapid.T) {
	jobs := s.h.jobs(t)
	if len(jobs) == 0 {
		t.Skip()
	}
	j := jobs[rapid.IntRange(0, len(jobs)-1).Draw(t, "job")]
	var done bool
	switch j.kind {
	case payments.ProcessRefundArgs{}.Kind():
		r := s.refundByID(j.of)
		s.touched, done = r.payment, s.m.payBack(r)
	case payments.FinishPaymentArgs{}.Kind():
		s.touched = s.paymentByID(j.of)
		done = s.m.finish(s.touched)
	default:
		s.touched = s.paymentByID(j.of)
		done = s.m.process(s.touched)
	}
	err := run(s.h.any(rapid.IntRange(0, 1).Draw(t, "worker")), j)
	_, open := errors.AsType[*payments.Unresolved](err)
	require.Equal(t, done, !open, "%v", err)
	if open {
		return
	}
	require.NoError(t, err)
	if rapid.IntRange(0, 3).Draw(t, "completes") > 0 {
		s.h.complete(t, j.id)
	}
}

func (s *sequence) paymentByID(id string) *modelPayment {
	for _, p := range s.m.payments {
		if p.id == id {
			return p
		}
	}
	panic("a job for no payment: " + id)
}

func (s *sequence) refundByID(id string) *modelRefund {
	for _, r := range s.m.refunds {
		if r.id == id {
			return r
		}
	}
	panic("a job for no refund: " + id)
}

func (s *sequence) act(t *rapid.T) {
	p := s.some(t)
	approve := rapid.Bool().Draw(t, "approve")
	_, err := s.h.bank.CompleteAction(context.Background(), p.id, approve)
	require.Equal(t, s.m.act(p, approve), err == nil, "%v", err)
}

func (s *sequence) outage(*rapid.T) {
	s.m.down = !s.m.down
	s.h.bank.SetDown(s.m.down)
}

// expire lets eight days pass.
func (s *sequence) expire(t *rapid.T) {
	s.h.ahead.Add(int64(8 * 24 * time.Hour))
	n, err := s.h.any(0).Expire(context.Background())
	require.NoError(t, err)
	require.Equal(t, s.m.expire(), n)
}

// rush lets all jobs run at once, each twice, with the acquirer up, until nothing is left to do.
func (s *sequence) rush(t *rapid.T) {
	s.m.down = false
	s.h.bank.SetDown(false)
	if jobs := s.h.jobs(t); len(jobs) > 0 {
		atOnce(2*len(jobs), func(i int) error { return run(s.h.any(i), jobs[i/2]) })
	}
	s.h.work(t)
	s.m.drain()
}

// check compares the payment that the last step was about.
func (s *sequence) check(t *rapid.T) {
	if s.touched != nil {
		s.compare(t, s.touched)
		s.touched = nil
	}
}

func (s *sequence) compare(t *rapid.T, p *modelPayment) {
	have := s.h.payment(t, p.id)
	require.Equal(t, p.status, have.Status, "%+v", p)
	require.Equal(t, []int64{p.amount, p.captured, p.refunded}, []int64{have.Amount, have.AmountCaptured, have.AmountRefunded}, "%+v", p)
}

// finish compares everything, when nothing is under way.
func (s *sequence) finish(t *rapid.T) {
	for _, p := range s.m.payments {
		require.NotContains(t, []payments.Status{payments.Pending, payments.Processing}, p.status, "a job was lost")
		s.compare(t, p)
		told := s.h.events(t, p.id)
		delete(told, "order.paid")
		require.Equal(t, p.told, told, "%+v", p)
	}
	for _, r := range s.m.refunds {
		have, err := s.h.services[0].Refund(context.Background(), s.h.merchant, r.id)
		require.NoError(t, err)
		require.Equal(t, r.status, have.Status)
	}
	for _, o := range s.m.orders {
		have, err := s.h.services[0].Order(context.Background(), s.h.merchant, o.id)
		require.NoError(t, err)
		require.Equal(t, o.status, have.Status)
	}
	s.balance(t)
}

// balance holds the ledger against the sums of the model.
func (s *sequence) balance(t *rapid.T) {
	var captured, refunded int64
	for _, p := range s.m.payments {
		captured, refunded = captured+p.captured, refunded+p.refunded
	}
	balance, err := s.h.services[0].Balance(context.Background(), s.h.merchant)
	require.NoError(t, err)
	var acquirer, fees, available int64
	for _, c := range balance.Currencies {
		require.Zero(t, c.PendingRefunds)
		require.Equal(t, c.Acquirer, c.Available+c.Fees)
		acquirer, fees, available = acquirer+c.Acquirer, fees+c.Fees, available+c.Available
	}
	require.Equal(t, captured-refunded, acquirer)
	require.Equal(t, captured-refunded-fees, available)
}
