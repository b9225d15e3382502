package receiver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/wire"
)

func TestTerminalLine(t *testing.T) {
	t.Parallel()

	var out strings.Builder
	bundle := setup(t, Options{Secrets: []string{testSecret}, Output: &out})
	send := func(path, id, eventType string, header http.Header) {
		body := `{"id":"` + id + `","type":"` + eventType + `"}`
		if header == nil {
			header = signed(t, id, testNow, body, testSecret)
		}
		bundle.request(t, http.MethodPost, path, body, header)
	}
	send("/webhook", "evt_1", "payment.success", nil)
	send("/webhook", "evt_1", "payment.success", nil)
	send("/webhook/a?fail=503&retry_after=5", "evt_2", "refund.processed", nil)
	send("/webhook?delay=2ms", "evt_3", "payment.created", nil)
	send("/webhook?redirect=/elsewhere", "evt_4", "order.paid", http.Header{"X-Webhook-Signature": {"00"}})
	// Whoever posts must not be able to steer the terminal.
	send("/webhook", `evt_\u001b]0;x\u0007`, `\u001b[31mred\r\n\u202e`, http.Header{"A": {"b"}})
	bundle.post(t, "/%1b%5b2J", "")

	require.Equal(t, strings.Join([]string{
		"09:12:03.120  payment.success   evt_1  signature ok (seed + standard)  → 200",
		"09:12:03.120  payment.success   evt_1  attempt 2  signature ok (seed + standard)  → 200",
		"09:12:03.120  refund.processed  evt_2  /webhook/a  signature ok (seed + standard)  → 503 retry after 5 s (told to by the URL's query)",
		"09:12:03.120  payment.created   evt_3  signature ok (seed + standard)  → 200 after 2ms (told to by the URL's query)",
		"09:12:03.120  order.paid        evt_4  signature FAILED (seed: it was not made with the secret, or the body was changed on its way)  → 307 to /elsewhere (told to by the URL's query)",
		"09:12:03.120  ·[31mred···       evt_·]0;x·  not signed (seed: header X-Webhook-Signature is missing; standard: header webhook-id is missing)  → 200",
		"09:12:03.120  (no type)         (no id)  /·[2J  not signed (seed: header X-Webhook-Signature is missing; standard: header webhook-id is missing)  → 200",
		"",
	}, "\n"), out.String())
}

func TestTerminalColours(t *testing.T) {
	t.Parallel()

	require.False(t, newTerminal(&strings.Builder{}).coloured, "a file or a pipe gets plain text")

	coloured := &terminal{coloured: true}
	line := func(status Status, answer Answer) string {
		return coloured.line(&Webhook{
			ReceivedAt: wire.Time(testNow), EventType: "payment.success", EventID: "evt_1", Path: "/webhook",
			Signature: Verdict{Status: status, Summary: "verdict"}, Answer: answer,
		})
	}
	good := line(StatusOK, Answer{Status: 200})
	require.Contains(t, good, styleGreen+"verdict"+styleReset)
	require.Contains(t, good, styleGreen+"200"+styleReset)
	bad := line(StatusFailed, Answer{Status: 500})
	require.Contains(t, bad, styleRed+"verdict"+styleReset)
	require.Contains(t, bad, styleRed+"500"+styleReset)
	require.Contains(t, line(StatusNotChecked, Answer{}), styleYellow+"verdict"+styleReset)
	require.Contains(t, line(StatusOK, Answer{Status: 0}), styleRed+"closed without an answer"+styleReset)
}
