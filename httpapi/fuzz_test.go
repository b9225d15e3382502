package httpapi

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	must "github.com/stretchr/testify/require" // this package has a require of its own

	"paygate/db/ids"
	"paygate/fault"
	"paygate/page"
	"paygate/processor"
	"paygate/wire"
)

// FuzzReadCredentials: any headers are credentials or a refusal that repeats none of them, and nothing is taken for a secret
// that is not written as one.
func FuzzReadCredentials(f *testing.F) {
	f.Add("Bearer secret_test_xyz789", "", "")
	f.Add("bearer  \tx ", "key_test_abc123", "secret_test_xyz789")
	f.Add("Basic a2V5X3Rlc3RfYWJjMTIzOnNlY3JldA==", "", "")
	f.Add("Basic a2V5X3Rlc3RfYWJjMTIzOg==", "", "")
	f.Add("Basic Og==", "", "")
	f.Add("Basic %%%", "", "secret")
	f.Add("", "key_test_abc123", "")
	f.Add("Bearer", "\x00", "\xff")
	f.Fuzz(func(t *testing.T, authorization, key, secret string) {
		header := http.Header{}
		header.Set("Authorization", authorization)
		header.Set(headerKey, key)
		header.Set(headerSecret, secret)
		shown, err := readCredentials(header)
		if err != nil {
			must.Equal(t, fault.CredentialsInvalid, fault.CodeOf(err))
			if len(authorization) > 8 && !strings.Contains("The Authorization header must be `Bearer <secret key>`, or Basic with the key and its secret.", authorization) {
				must.NotContains(t, err.Error(), authorization)
			}
			return
		}
		switch shown.kind {
		case noCredentials:
			must.Empty(t, authorization+key+secret)
			must.Empty(t, shown.key+shown.secret)
		case secretAlone:
			must.NotEmpty(t, shown.secret)
			must.Empty(t, shown.key)
			must.Contains(t, authorization+" "+secret, shown.secret)
		case publishableAlone:
			must.Empty(t, shown.secret)
			if authorization == "" {
				must.Equal(t, key, shown.key)
			}
		case keyWithSecret:
			must.NotEmpty(t, shown.secret)
			if authorization == "" {
				must.Equal(t, credentials{keyWithSecret, key, secret}, shown)
			}
		}
	})
}

// FuzzQuery: any query is a page and filters within their bounds, or a refusal that can be shown.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "limit=10&starting_after=pay_1", "limit=0", "ending_before=pay_%00", "status=paid&status=paid", "created_after=2026-11-23T09:00:00%2B05:30",
		"%zz", "a;b", "currency=inr", "%FF=%FE", "limit=%2B5", "created_after=0000-01-01T00:00:00Z", "&&=&limit=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := newQuery(raw)
		params := q.page(ids.Payment)
		status, order := q.oneOf("status", "paid", "created"), q.id("order_id", ids.Order)
		currency, created := q.currency("currency"), q.time("created_after")
		if err := q.check(); err != nil {
			refusal := fault.From(err)
			must.Equal(t, fault.InvalidParameter, refusal.Code)
			must.NotEmpty(t, refusal.Message)
			must.True(t, utf8.ValidString(refusal.Message) && utf8.ValidString(refusal.Param))
			return
		}
		must.True(t, params.Limit >= 0 && params.Limit <= page.MaxLimit)
		for _, cursor := range []string{params.StartingAfter, params.EndingBefore} {
			must.True(t, cursor == "" || ids.Valid(ids.Payment, cursor))
		}
		must.True(t, status == nil || *status == "paid" || *status == "created")
		must.True(t, order == nil || ids.Valid(ids.Order, *order))
		must.True(t, currency == nil || len(*currency) == 3)
		must.True(t, created == nil || created.Year() >= 1 && created.Year() <= 9999)
		values, err := url.ParseQuery(raw)
		must.NoError(t, err)
		for name := range values {
			must.Contains(t, q.read, name, "a parameter that nobody read was let through")
		}
	})
}

// FuzzRequestID: what a caller names a request is fit for headers and logs, or not used.
func FuzzRequestID(f *testing.F) {
	for _, seed := range []string{"req_1", "a.b-C_9", "", "a b", "a\r\nSet-Cookie: x", "\xff", strings.Repeat("a", 129)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if validRequestID(id) {
			must.Regexp(t, `^[0-9A-Za-z._-]{1,128}$`, id)
		}
	})
}

// FuzzCardRequest: any body with a card in it is one that the acquirer takes or refuses by name, and neither repeats a number.
func FuzzCardRequest(f *testing.F) {
	for _, seed := range []string{
		`{"number":"4242424242424242","exp_month":12,"exp_year":2030,"cvc":"123"}`, `{"number":"4242424242424242","expiry_month":"04","expiry_year":"30","cvv":"123"}`,
		`{"exp_month":1e1}`, `{"exp_month":"0012"}`, `{"number":"4","exp_month":"-1","exp_year":true,"cvc":1}`, `{"exp_month":1,"expiry_month":1}`, `{"holder_name":"\u0000"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request := new(cardRequest)
		err := wire.Decode(body, request)
		var card processor.Card
		if err == nil {
			card, err = request.card()
		}
		if err != nil {
			refusal := fault.From(request.asWritten(err))
			must.NotEqual(t, fault.Internal, refusal.Code, "%s", err)
			must.True(t, utf8.ValidString(refusal.Message))
			return
		}
		must.True(t, card.ExpMonth >= 0 && card.ExpMonth <= 9999 && card.ExpYear >= 0 && card.ExpYear <= 9999)
		if len(card.Number) > 5 {
			must.NotContains(t, card.String(), card.Number)
		}
	})
}

// FuzzWantsCSV: an Accept header that no media type is in asks for nothing.
func FuzzWantsCSV(f *testing.F) {
	for _, seed := range []string{"text/csv", "text/html, text/csv;q=0.5", "*/*", "text/csv;=", ",,", "TEXT/CSV"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if wantsCSV(accept) {
			must.Contains(t, strings.ToLower(accept), "text/csv")
		}
	})
}
