package checkout

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/processor"
	"paygate/wire"
)

// FuzzOriginOf: where a customer is sent back to is the site whose origin was compared, also as browsers read addresses: they
// take a backslash for a slash, and leave out tabs and line breaks.
func FuzzOriginOf(f *testing.F) {
	for _, seed := range []string{
		"https://shop.example/thanks?a=b#c", "https://shop.example:443", "https://shop.example@evil.example/", "https://shop.example\\@evil.example/",
		"https:\\\\evil.example", "https://evil.example\t.shop.example", "//evil.example", "https:///evil.example", "javascript:alert(1)//https://shop.example", " https://shop.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		origin := originOf(text)
		if origin == "" {
			return
		}
		require.False(t, strings.ContainsAny(text, "\t\r\n"), "%q", text)
		scheme, rest, found := strings.Cut(text, "://")
		require.True(t, found)
		authority := strings.ToLower(rest)
		if end := strings.IndexAny(authority, `/?#\`); end >= 0 {
			authority = authority[:end]
		}
		require.NotContains(t, authority, "@")
		withPort := strings.ToLower(scheme) + "://" + authority
		require.Contains(t, []string{
			withPort, strings.TrimSuffix(withPort, ":"), strings.TrimSuffix(withPort, ":443"), strings.TrimSuffix(withPort, ":80"),
		}, origin)
	})
}

// FuzzPaymentRequest: what a payment page, or whoever passes for one, sends is a request or a refusal that repeats no number of a card.
func FuzzPaymentRequest(f *testing.F) {
	for _, seed := range []string{
		`{"method":"card","card":{"number":"4242424242424242","exp_month":12,"exp_year":2030,"cvc":"123"}}`, `{"method":"upi","vpa":"success@upi"}`,
		`{"method":"netbanking","bank":"HDFC"}`, `{"amount":1,"method":"upi"}`, `{"card":null}`, `{"card":{"number":4242424242424242}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var request paymentRequest
		err := wire.Decode(body, &request)
		if err != nil {
			refusal := fault.From(err)
			require.NotEqual(t, fault.Internal, refusal.Code)
			require.True(t, utf8.ValidString(refusal.Message))
			require.NotContains(t, refusal.Message, "4242424242424242")
			return
		}
		if request.Card != nil {
			shown := processor.Card{Number: request.Card.Number, CVC: request.Card.CVC}.String()
			require.False(t, len(request.Card.Number) > 5 && strings.Contains(shown, request.Card.Number))
		}
	})
}
