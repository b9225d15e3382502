package payments_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/payments"
)

var update = flag.Bool("update", false, "rewrite docs/states.md")

// allStatuses of a payment, in the order in which they are drawn.
var allStatuses = []payments.Status{
	payments.Pending, payments.Processing, payments.RequiresAction, payments.Authorized,
	payments.Success, payments.Failed, payments.Canceled,
}

// The page is drawn from the table: `go test ./payments -run StatesPage -update` redraws it.
func TestStatesPage(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "states.md")
	page := statesPage()
	if *update {
		require.NoError(t, os.WriteFile(path, page, 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(page), string(have), "docs/states.md is not what payments/states.go says; run go test ./payments -run StatesPage -update")
}

func statesPage() []byte {
	var b bytes.Buffer
	b.WriteString("<!-- Drawn from payments/states.go by `go test ./payments -run StatesPage -update`. -->\n\n# States\n\n## Payment\n\n" +
		"States only move forward. The statement that moves a payment names the state that it must be in, so of\n" +
		"two that try, one does and the other finds it done.\n\n```mermaid\nstateDiagram-v2\n    [*] --> pending: created\n")
	for _, tr := range payments.Transitions() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", tr.From, tr.To, tr.Cause)
	}
	for _, s := range allStatuses {
		if final(s) {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	b.WriteString("```\n\n| cause | what it is |\n|---|---|\n" +
		"| begin | a worker takes the payment up; from now on the acquirer may have been asked |\n" +
		"| answer | the acquirer says what became of the charge; no answer moves nothing, it is asked again |\n" +
		"| resume | the acquirer says that the customer has acted; it is asked how the payment stands |\n" +
		"| capture | the acquirer answers to a capture that the merchant decided |\n" +
		"| cancel | the acquirer answers to a cancellation that the merchant decided, or that we decided because the payment waited past its end |\n\n" +
		"| from | to | cause |\n|---|---|---|\n")
	for _, tr := range payments.Transitions() {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", tr.From, tr.To, tr.Cause)
	}
	b.WriteString("\n## Refund\n\n```mermaid\nstateDiagram-v2\n    [*] --> pending: the amount is taken off what can be refunded\n" +
		"    pending --> processed: paid back\n    pending --> failed: declined, the amount can be refunded again\n    processed --> [*]\n    failed --> [*]\n```\n\n" +
		"## Order\n\n```mermaid\nstateDiagram-v2\n    [*] --> created\n    created --> attempted: a payment was accepted\n    attempted --> paid: a payment succeeded\n    paid --> [*]\n```\n")
	return b.Bytes()
}

func final(s payments.Status) bool {
	return !slices.ContainsFunc(payments.Transitions(), func(tr payments.Transition) bool { return tr.From == s })
}

// An operation is a statement of queries/payments.sql as a worker uses it: it tries to bring a payment
// to a state for a cause. Every state is tried against every one, and moves exactly when the table
// says so; the rest leaves no trace.
func TestGuards(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{})

	for _, from := range allStatuses {
		for _, cause := range []string{"begin", "answer", "resume", "capture", "cancel"} {
			for _, to := range allStatuses {
				id := plant(t, h, from, cause)
				moved := payments.Attempt(t, h.services[0], id, cause, to)
				if cause == "begin" || cause == "resume" {
					to = payments.Processing // their statements know one goal
				}
				may := slices.Contains(payments.Transitions(), payments.Transition{From: from, To: to, Cause: cause})
				name := fmt.Sprintf("%s: %s → %s", cause, from, to)
				require.Equal(t, may, moved, name)
				want := from
				if may {
					want = to
				}
				require.Equal(t, want, h.payment(t, id).Status, name)
			}
		}
	}
}

// plant puts a payment into a state, with the decision that the cause needs.
func plant(t *testing.T, h *house, status payments.Status, cause string) string {
	t.Helper()
	id := h.pay(t, h.services[0], payments.CreateParams{Amount: 100, Currency: "INR"}).payment(t).ID
	set := []string{"status = '" + string(status) + "'"}
	switch status {
	case payments.Success:
		set = append(set, "amount_captured = 100")
	case payments.Failed:
		set = append(set, "failure_code = 'declined'")
	case payments.RequiresAction:
		set = append(set, "next_action_url = '/'", "expires_at = now()")
	case payments.Authorized:
		set = append(set, "expires_at = now()")
	case payments.Canceled:
		set = append(set, "operation = 'cancel'") // it cannot be without
	}
	if status != payments.Pending && status != payments.Processing && status != payments.Canceled {
		switch cause {
		case "capture":
			set = append(set, "operation = 'capture'", "operation_amount = 100")
		case "cancel":
			set = append(set, "operation = 'cancel'")
		}
	}
	_, err := h.pool.Exec(t.Context(), "UPDATE payments SET "+strings.Join(set, ", ")+" WHERE id = $1", id)
	require.NoError(t, err)
	return id
}
