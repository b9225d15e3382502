package payments_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/page"
	"paygate/payments"
)

// A list of one state has all payments in that state, whatever the way to it, and no others.
func TestListOfOneState(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})
	want := make(map[payments.Status][]string)
	for _, status := range allStatuses {
		want[status] = []string{plant(t, h, status, "")}
	}
	// A customer who has acted, and one who paid while the merchant canceled.
	resumed := plant(t, h, payments.RequiresAction, "")
	require.True(t, payments.Attempt(t, h.services[0], resumed, "resume", payments.Processing))
	want[payments.Processing] = append(want[payments.Processing], resumed)
	paid := plant(t, h, payments.RequiresAction, "cancel")
	require.True(t, payments.Attempt(t, h.services[0], paid, "cancel", payments.Success))
	want[payments.Success] = append(want[payments.Success], paid)

	for status, ids := range want {
		list, err := h.services[0].Payments(t.Context(), h.merchant, payments.PaymentFilter{Status: new(string(status))}, page.Params{Limit: page.MaxLimit})
		require.NoError(t, err)
		var found []string
		for _, payment := range list.Data {
			found = append(found, payment.ID)
		}
		require.ElementsMatch(t, ids, found, status)
	}
}
