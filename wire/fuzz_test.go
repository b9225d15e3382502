package wire_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/wire"
)

// Words that belong to Go or the library, and to no message of ours.
var leak = regexp.MustCompile(`json:|jsontext|strconv|\bGo\b|wire\.|int(8|64)|struct|unmarshal|reflect|<nil>|%!`)

// FuzzDecode: Decode never panics, refuses with a usable public error, and accepts
// nothing that encoding/json would not read, nor what Encode could not write again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"amount":50000,"currency":"INR"}`,
		`{"card":{"number":"4242","exp_month":1},"order_id":null,"event_types":["a"]}`,
		`{"metadata":{"a":"\ud83d\ude00","\u0000":"\\u0000"},"floor":-1,"limit":127}`,
		`{"expires_at":"2026-11-23T09:00:00.123+05:30","reusable":true}`,
		`{"amount":1e3}`, `{"amount":9223372036854775808}`, `{"amout":1}`, `{"a":1,"a":2}`,
		`{"a":[[[[[[[[[[[[[[[[[[[[`, "\xef\xbb\xbf{}", `{"a":"\ud800"}`, `{} {}`, `nul`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got request
		if err := wire.Decode(body, &got); err != nil {
			refusal := fault.From(err)
			require.Contains(t, []fault.Code{
				fault.MalformedJSON, fault.DuplicateField, fault.UnknownField, fault.InvalidType, fault.InvalidValue,
			}, refusal.Code, "%s", err)
			require.NotEmpty(t, refusal.Message)
			require.True(t, utf8.ValidString(refusal.Param) && utf8.ValidString(refusal.Message))
			if text := strings.ReplaceAll(refusal.Message, refusal.Param, ""); refusal.Param != "" || !leak.Match(body) {
				require.NotRegexp(t, leak, text)
			}
			return
		}

		require.True(t, json.Valid(body))
		_, err := wire.Encode([]any{got.Amount, got.Currency, got.OrderID, got.Card, got.EventTypes, got.Metadata, got.ExpiresAt, got.Floor.Value})
		require.NoError(t, err)
	})
}

// FuzzEncode: what is encoded decodes to the same, and encodes to the same again.
func FuzzEncode(f *testing.F) {
	f.Add("10", "<>&", "2", "\u2028", int64(1))
	f.Add("__proto__", `\ud800`, "", "\x00", int64(-1<<53))
	f.Add("\x7f\x1f", "😀", "4294967295", "\xff", int64(1<<53-1))
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 string, amount int64) {
		in := request{Amount: amount, Currency: value1, EventTypes: []string{key1}, Metadata: wire.Metadata{key1: value1, key2: value2}}
		type body struct {
			Amount     int64         `json:"amount"`
			Currency   string        `json:"currency"`
			EventTypes []string      `json:"event_types"`
			Metadata   wire.Metadata `json:"metadata"`
		}
		encoded, err := wire.Encode(body{in.Amount, in.Currency, in.EventTypes, in.Metadata})
		// Between spaces: two halves of a character must not make a whole one.
		text := strings.Join([]string{key1, value1, key2, value2}, " ")
		if !utf8.ValidString(text) || amount < -wire.MaxInteger || amount > wire.MaxInteger {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)

		var out request
		err = wire.Decode(encoded, &out)
		if strings.ContainsRune(text, 0) {
			require.Equal(t, fault.InvalidValue, fault.CodeOf(err))
			return
		}
		require.NoError(t, err)
		require.Equal(t, in, out)

		again, err := wire.Encode(wire.Raw(encoded))
		require.NoError(t, err)
		require.Equal(t, string(encoded), string(again))
	})
}
