package payments_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/payments"
	"paygate/processor"
)

// atOnce calls f from n goroutines that start together, and returns what each got.
func atOnce[T any](n int, f func(i int) T) []T {
	out := make([]T, n)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			<-start
			out[i] = f(i)
		})
	}
	close(start)
	wait.Wait()
	return out
}

// rounds of a storm: enough for every interleaving that is at all likely.
const rounds = 50

func TestRefundStorm(t *testing.T) {
	t.Parallel()
	const callers, captured = 200, 50000
	h := newHouse(t, houseOptions{services: 4})
	for range rounds {
		id := h.paid(t, payments.CreateParams{Amount: captured, Currency: "INR"})
		amounts := make([]int64, callers)
		for i := range amounts {
			amounts[i] = 1 + rand.Int64N(1500) // three times what there is
		}
		answers := atOnce(callers, func(i int) answer { return h.refund(t, h.any(i), id, &amounts[i]) })

		var given, least int64
		least = captured
		for i, a := range answers {
			switch a.code {
			case "":
				require.Equal(t, amounts[i], a.refund(t).Amount)
				given += amounts[i]
			case fault.RefundTooLarge:
				least = min(least, amounts[i])
			default:
				require.Fail(t, "refused for another reason", a.code)
			}
		}
		require.LessOrEqual(t, given, int64(captured))
		// Nobody was refused what was there at the end, and so at no time before.
		require.Greater(t, least, captured-given)
		require.Equal(t, given, h.payment(t, id).AmountRefunded)
		// What is left is exactly that.
		rest := h.refund(t, h.services[0], id, nil)
		if given == captured {
			require.Equal(t, fault.RefundTooLarge, rest.code)
		} else {
			require.Equal(t, captured-given, rest.refund(t).Amount)
		}
	}
	h.work(t)
	h.examine(t)
}

// Refunds that fail give their amount back while others take it: the sum is right at every moment.
func TestFailingRefundStorm(t *testing.T) {
	t.Parallel()
	const captured = 10000
	h := newHouse(t, houseOptions{services: 3})
	id := h.paid(t, payments.CreateParams{Amount: captured, Currency: "INR", Method: processor.MethodUPI, VPA: "refund-fails@upi"})
	other := h.paid(t, payments.CreateParams{Amount: captured, Currency: "INR", Method: processor.MethodUPI, VPA: "refund-fails@upi"})
	for range rounds / 5 {
		atOnce(60, func(i int) answer {
			amount := int64(100 + i)
			a := h.refund(t, h.any(i), []string{id, other}[i%2], &amount)
			if a.code == "" {
				require.NoError(t, h.any(i+1).ProcessRefund(t.Context(), a.refund(t).ID))
			}
			return a
		})
		require.Zero(t, h.payment(t, id).AmountRefunded)
		require.Zero(t, h.payment(t, other).AmountRefunded)
	}
	h.work(t)
	h.examine(t)
}

// Captures of different amounts and cancellations at once: one decision is made, and everybody who
// wanted that one is told so.
func TestDecisionStorm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{services: 4})
	for range rounds {
		id := h.held(t, 1000)
		answers := atOnce(20, func(i int) answer {
			if i%5 == 0 {
				return h.cancel(t, h.any(i), id)
			}
			amount := int64(1 + i%5)
			return h.capture(t, h.any(i), id, &amount)
		})
		h.work(t)
		payment := h.payment(t, id)
		for i, a := range answers {
			mine := payment.AmountCaptured == int64(1+i%5)
			if i%5 == 0 {
				mine = payment.Status == payments.Canceled
			}
			require.Equal(t, mine, a.code == "", "%v", payment)
		}
	}
	h.examine(t)
}

// Fifty payments for one order at once: one is accepted; after it failed, one more is, and so on, until
// one succeeds and none is. Meanwhile the payments are settled.
func TestOrderStorm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{services: 4})
	for range rounds / 5 {
		order := h.order(t, payments.OrderParams{MerchantID: h.merchant, Amount: 700, Currency: "INR"})
		live := 0
		for _, vpa := range []string{"failure@upi", "failure@upi", "success@upi", "success@upi"} {
			answers := atOnce(50, func(i int) answer {
				a := h.pay(t, h.any(i), payments.CreateParams{OrderID: order.ID, Method: processor.MethodUPI, VPA: vpa})
				if a.code == "" && vpa == "success@upi" {
					// Settled while the others still come: both want the order.
					require.NoError(t, h.any(i+1).Process(t.Context(), a.payment(t).ID))
				}
				return a
			})
			for _, a := range answers {
				switch a.code {
				case "":
					live++
				case fault.OrderPaid, fault.OrderBusy:
				default:
					require.Fail(t, "refused for another reason", a.code)
				}
			}
			h.work(t)
		}
		require.Equal(t, 3, live, "two that failed, and one")
	}
	h.examine(t)
}

// A reusable order takes them all.
func TestReusableOrderStorm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{services: 4})
	links := []*payments.Order{
		h.order(t, payments.OrderParams{MerchantID: h.merchant, Amount: 700, Currency: "INR", Reusable: true}),
		h.order(t, payments.OrderParams{MerchantID: h.merchant, Amount: 900, Currency: "INR", Reusable: true}),
	}
	atOnce(100, func(i int) error {
		id := h.pay(t, h.any(i), payments.CreateParams{OrderID: links[i%2].ID}).payment(t).ID
		require.NoError(t, h.any(i+1).Process(t.Context(), id))
		return nil
	})
	h.work(t)
	require.EqualValues(t, 100, h.count(t, `SELECT count(*) FROM payments WHERE status = 'success'`))
	require.EqualValues(t, 2, h.count(t, `SELECT count(*) FROM events WHERE type = 'order.paid'`))
	h.examine(t)
}

// The same job in many workers at once charges once and tells once, whatever the acquirer does.
func TestDuplicateJobs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{services: 2})
	for range rounds / 10 {
		for _, outcome := range []processor.Outcome{
			processor.OutcomeSuccess, processor.OutcomeCardDeclined, processor.OutcomeTimeoutCharged,
			processor.OutcomeTimeoutNotCharged, processor.OutcomeAnsweredTwice, processor.OutcomeRequiresAction,
		} {
			id := h.pay(t, h.services[0], byCard(outcome)).payment(t).ID
			atOnce(8, func(i int) error { return h.any(i).Process(t.Context(), id) })
			if outcome == processor.OutcomeRequiresAction {
				_, err := h.bank.CompleteAction(t.Context(), id, true)
				require.NoError(t, err)
				atOnce(8, func(i int) error { return h.any(i).Process(t.Context(), id) })
			}
			h.work(t)
			want := map[string]int{"payment.created": 1, "payment.success": 1}
			switch outcome {
			case processor.OutcomeCardDeclined:
				want = map[string]int{"payment.created": 1, "payment.failed": 1}
			case processor.OutcomeRequiresAction:
				want["payment.requires_action"] = 1
			}
			require.Equal(t, want, h.events(t, id), outcome)
			require.EqualValues(t, 1, h.count(t, `SELECT count(*) FROM acquirer.operations WHERE payment_reference = $1`, id))
		}
		held := h.held(t, 500)
		h.capture(t, h.services[0], held, nil).payment(t)
		atOnce(8, func(i int) error { return h.any(i).Finish(t.Context(), held) })
		refund := h.refund(t, h.services[0], held, nil).refund(t).ID
		atOnce(8, func(i int) error { return h.any(i).ProcessRefund(t.Context(), refund) })
		h.work(t)
		require.Equal(t, map[string]int{
			"payment.created": 1, "payment.authorized": 1, "payment.success": 1, "refund.created": 1, "refund.processed": 1,
		}, h.events(t, held))
	}
	h.examine(t)
}
