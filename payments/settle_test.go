package payments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/payments"
	"paygate/processor"
)

// Every instrument comes to its end, with the books equal and each thing told once.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{bank: processor.Config{SlowLatency: 1}})
	for _, instrument := range processor.TestInstruments() {
		params := payments.CreateParams{Amount: 50000, Currency: "INR", Method: instrument.Method}
		switch instrument.Method {
		case processor.MethodCard:
			params.Card = card(processor.OutcomeSuccess)
			params.Card.Number = instrument.Value
			if instrument.Value[:2] == "37" {
				params.Card.CVC = "1234"
			}
		case processor.MethodUPI:
			params.VPA = instrument.Value
		default:
			params.Bank = instrument.Value
		}
		id := h.pay(t, h.services[0], params).payment(t).ID
		h.work(t)
		want := payments.Success
		payment := h.payment(t, id)
		switch instrument.Outcome {
		case processor.OutcomeRequiresAction:
			require.Equal(t, payments.RequiresAction, payment.Status)
			require.NotEmpty(t, payment.NextAction.URL)
			_, err := h.bank.CompleteAction(t.Context(), id, true)
			require.NoError(t, err)
			require.Equal(t, payments.Processing, h.payment(t, id).Status)
			h.work(t)
			payment = h.payment(t, id)
		case processor.OutcomeSuccess, processor.OutcomeSlow, processor.OutcomeTimeoutCharged, processor.OutcomeTimeoutNotCharged,
			processor.OutcomeAnsweredTwice, processor.OutcomeRefundFails, processor.OutcomeRefundTimeout:
		default:
			want = payments.Failed
			require.Equal(t, string(instrument.Outcome), *payment.FailureCode)
		}
		require.Equal(t, want, payment.Status, "%v", instrument)
	}
	h.examine(t)
}
