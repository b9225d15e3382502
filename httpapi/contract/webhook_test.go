package contract

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func eventBody(kind, data string) string {
	return `{"id":"evt_1","type":"` + kind + `","timestamp":"2026-11-23T09:00:00.123Z","data":` + data + `}`
}

func TestCheckWebhook(t *testing.T) {
	t.Parallel()
	succeeded := strings.NewReplacer(`"status":"pending"`, `"status":"success"`, `"amount_captured":0`, `"amount_captured":50000`).Replace(payment)
	for name, test := range map[string]struct{ body, want string }{
		"created":          {eventBody("payment.created", `{"payment":`+payment+`}`), ""},
		"success":          {eventBody("payment.success", `{"payment":`+succeeded+`}`), ""},
		"endpoint":         {eventBody("webhook.test", `{"endpoint":`+endpoint+`}`), ""},
		"unknown type":     {eventBody("payment.gone", `{"payment":`+payment+`}`), "type payment.gone is not documented"},
		"state too early":  {eventBody("payment.success", `{"payment":`+payment+`}`), "at '/data/payment/status'"},
		"other object":     {eventBody("payment.success", `{"endpoint":`+endpoint+`}`), "missing property 'payment'"},
		"two objects":      {eventBody("payment.created", `{"payment":`+payment+`,"endpoint":`+endpoint+`}`), "at '/data'"},
		"undocumented":     {eventBody("payment.created", `{"payment":`+payment+`},"attempt":1`), "'attempt' not allowed"},
		"undocumented in":  {eventBody("payment.created", `{"payment":{"cvc":"123",`+payment[1:]+`}`), "'cvc' not allowed"},
		"not JSON":         {"{", "is not strict JSON"},
		"nothing":          {"", "body is empty"},
		"duplicate member": {`{"id":"evt_0",` + eventBody("payment.created", `{"payment":`+payment+`}`)[1:], "is not strict JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var reports recorder
			Load(t).CheckWebhook(&reports, []byte(test.body))
			if test.want == "" {
				require.Empty(t, reports.text())
				return
			}
			require.Contains(t, reports.text(), test.want)
		})
	}
}

func TestCheckDelivery(t *testing.T) {
	t.Parallel()
	body := eventBody("payment.created", `{"payment":`+payment+`}`)
	for name, test := range map[string]struct{ header, value, want string }{
		"good":              {"Content-Type", mediaJSON, ""},
		"two signatures":    {"webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44=", ""},
		"no content type":   {"Content-Type", "", "Content-Type is not application/json"},
		"other id":          {"webhook-id", "evt_2", "header webhook-id is evt_2, and the body's id is evt_1"},
		"milliseconds":      {"webhook-timestamp", "1795424401000", "webhook-timestamp: at ''"},
		"no signature":      {"webhook-signature", "", "webhook-signature is missing"},
		"signature in hex":  {"webhook-signature", "v1," + strings.Repeat("0f", 32), "webhook-signature: at ''"},
		"no body signature": {"X-Webhook-Signature", "", "X-Webhook-Signature is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Content-Type": {mediaJSON}}
			header.Set("webhook-id", "evt_1")
			header.Set("webhook-timestamp", "1795424401")
			header.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
			header.Set("X-Webhook-Signature", strings.Repeat("0f", 32))
			header.Set(test.header, test.value)
			if test.value == "" {
				header.Del(test.header)
			}
			var reports recorder
			Load(t).CheckDelivery(&reports, header, []byte(body))
			if test.want == "" {
				require.Empty(t, reports.text())
				return
			}
			require.Contains(t, reports.text(), test.want)
		})
	}
}
