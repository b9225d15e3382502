package payments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/payments"
)

// What a merchant may ask of a payment in each state: the table says it, the decision obeys it, and what
// is refused leaves no trace.
func TestDecisionsFollowTheTable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	for _, from := range allStatuses {
		for cause, refused := range map[string]fault.Code{"capture": fault.PaymentNotCapturable, "cancel": fault.PaymentNotCancelable} {
			id := plant(t, h, from, "")
			may := false
			for _, tr := range payments.Transitions() {
				may = may || tr.From == from && tr.Cause == cause
			}
			ask := func() answer {
				if cause == "capture" {
					return h.capture(t, h.services[0], id, nil)
				}
				return h.cancel(t, h.services[0], id)
			}
			first := ask()
			if !may {
				if from == payments.Canceled && cause == "cancel" {
					require.Equal(t, from, first.payment(t).Status, "it has come to that already")
				} else {
					require.Equal(t, refused, first.code, "%s of %s", cause, from)
				}
				require.Zero(t, h.count(t, `SELECT count(*) FROM payments WHERE id = $1 AND operation IS NOT NULL AND status <> 'canceled'`, id))
				require.Zero(t, h.count(t, `SELECT count(*) FROM river_job WHERE kind = 'finish_payment' AND args ->> 'payment_id' = $1`, id))
				continue
			}
			require.Equal(t, from, first.payment(t).Status)
			require.Equal(t, from, ask().payment(t).Status, "again")
			require.EqualValues(t, 1, h.count(t, `SELECT count(*) FROM river_job WHERE kind = 'finish_payment' AND args ->> 'payment_id' = $1`, id))
		}
	}
}

// A cancellation races with the customer at the bank's page. Whoever is first there, our books say what
// the bank's say.
func TestCancelAgainstCustomer(t *testing.T) {
	t.Parallel()
	for _, capture := range []payments.Capture{payments.CaptureAutomatic, payments.CaptureManual} {
		for _, approves := range []bool{true, false} {
			h := newHouse(t, houseOptions{})
			params := byCard("requires_action")
			params.Capture = capture
			id := h.pay(t, h.services[0], params).payment(t).ID
			h.work(t)
			require.Equal(t, payments.RequiresAction, h.payment(t, id).Status)
			h.cancel(t, h.services[0], id).payment(t)
			_, err := h.bank.CompleteAction(t.Context(), id, approves)
			require.NoError(t, err)
			h.work(t)

			want := payments.Failed
			switch {
			case approves && capture == payments.CaptureAutomatic:
				want = payments.Success
			case approves:
				want = payments.Canceled
			}
			require.Equal(t, want, h.payment(t, id).Status)
			if want == payments.Success {
				require.Equal(t, fault.PaymentNotCancelable, h.cancel(t, h.services[0], id).code)
			}
			h.examine(t)
		}
	}
}
