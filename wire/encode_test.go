package wire_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/wire"
)

func TestEncode(t *testing.T) {
	t.Parallel()

	at := time.Date(2026, 11, 23, 14, 30, 0, 123_999_999, time.FixedZone("IST", 5*3600+1800))
	for name, test := range map[string]struct {
		value any
		body  string
	}{
		"FieldsInOrder": {struct {
			B int     `json:"b"`
			A *string `json:"a"`
		}{1, nil}, `{"b":1,"a":null}`},
		"NilSlice":        {[]string(nil), `[]`},
		"NilMetadata":     {wire.Metadata(nil), `{}`},
		"Markup":          {"<>&'/", `"<>&'/"`},
		"LineSeparators":  {"\u2028\u2029", "\"\u2028\u2029\""},
		"Controls":        {"\x00\x01\b\t\n\v\f\r\x1f\x7f\u0085", `"\u0000\u0001\b\t\n\u000b\f\r\u001f` + "\x7f\u0085" + `"`},
		"Quotes":          {`\"`, `"\\\""`},
		"Integers":        {[]int64{0, -1, wire.MaxInteger, -wire.MaxInteger}, `[0,-1,9007199254740991,-9007199254740991]`},
		"Time":            {wire.Time(at), `"2026-11-23T09:00:00.123Z"`},
		"TimePointer":     {(*wire.Time)(&at), `"2026-11-23T09:00:00.123Z"`},
		"NilTime":         {(*wire.Time)(nil), `null`},
		"Raw":             {[]any{wire.Raw(`{"a":"<\u2028"}`)}, "[{\"a\":\"<\u2028\"}]"},
		"RawIsCompacted":  {wire.Raw(` { "a" : 1 } `), `{"a":1}`},
		"NilRaw":          {wire.Raw(nil), `null`},
		"MetadataInOrder": {wire.Metadata{"b": "", "10": "", "2": "", "01": "", "": "", "-1": "", "a": ""}, `{"2":"","10":"","":"","-1":"","01":"","a":"","b":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			body, err := wire.Encode(test.value)
			require.NoError(t, err)
			require.Equal(t, test.body, string(body))
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()

	for name, value := range map[string]any{
		"UnsafeInteger":    int64(wire.MaxInteger + 1),
		"UnsafeNegative":   struct{ A []int64 }{[]int64{1, -wire.MaxInteger - 1}},
		"Overflow":         uint64(math.MaxUint64),
		"Float":            1.5,
		"WholeFloat":       1e300,
		"NegativeZero":     wire.Raw(`[-0]`),
		"RawExponent":      wire.Raw(`{"a":1e3}`),
		"InvalidUTF8":      "\xff",
		"InvalidUTF8Key":   wire.Metadata{"\xff": ""},
		"PlainMapOfIndex":  map[string]int{"10": 1, "2": 2},
		"IndexAfterName":   wire.Raw(`{"a":1,"0":2}`),
		"IndexDescending":  wire.Raw(`[{"x":{"a":[],"b":{"2":1,"1":1}}}]`),
		"IndexAfterObject": wire.Raw(`{"a":{"1":{}},"2":1}`),
		"DuplicateInRaw":   wire.Raw(`{"a":1,"a":1}`),
		"RawOfNothing":     wire.Raw(``),
		"RawOfTwo":         wire.Raw(`1 2`),
		"RawSurrogate":     wire.Raw(`"\ud800"`),
		"Year":             wire.Time(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)),
		"Channel":          make(chan int),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := wire.Encode(value)
			require.Error(t, err)
		})
	}
}

func TestEncodeAllowsIndicesInOrder(t *testing.T) {
	t.Parallel()

	raw := wire.Raw(`{"0":{"1":"{\"9\":"},"2":["9","1"],"4294967294":[{"3":1},{"2":1}],"4294967295":{},"1a":1,"01":-1}`)
	got, err := wire.Encode(raw)
	require.NoError(t, err)
	require.Equal(t, raw, wire.Raw(got))
}

// encoding/json meets these types too, in job arguments and test clients.
func TestTypesInEncodingJSON(t *testing.T) {
	t.Parallel()

	type record struct {
		At  wire.Time
		Raw wire.Raw
	}
	in := record{wire.Time(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)), wire.Raw(`{"a":[1]}`)}
	body, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"At":"2026-11-23T09:00:00.000Z","Raw":{"a":[1]}}`, string(body))

	var out record
	require.NoError(t, json.Unmarshal(body, &out))
	require.Equal(t, in, out)
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(`{"amount":50000,"currency":"INR","order_id":"order_0abcdefghijklmnop","card":{"number":"4242424242424242","exp_month":12},"metadata":{"customer":"cus_1"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := wire.Decode(body, new(request)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	type payment struct {
		ID        string        `json:"id"`
		Object    string        `json:"object"`
		Amount    int64         `json:"amount"`
		Currency  string        `json:"currency"`
		Note      *string       `json:"note"`
		Metadata  wire.Metadata `json:"metadata"`
		CreatedAt wire.Time     `json:"created_at"`
	}
	value := payment{"pay_0abcdefghijklmnop", "payment", 50000, "INR", nil, wire.Metadata{"a": strings.Repeat("x", 40)}, wire.Time(time.Now())}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.Encode(&value); err != nil {
			b.Fatal(err)
		}
	}
}

type encodedBefore struct {
	Name string `json:"name"`
	text []byte
}

func (e encodedBefore) Encoded() []byte { return e.text }

func TestEncode_TakesWhatWasEncodedBefore(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		value encodedBefore
		want  string
	}{
		{encodedBefore{Name: "n"}, `{"name":"n"}`},
		{encodedBefore{Name: "n", text: []byte("as it is")}, "as it is"},
	} {
		text, err := wire.Encode(test.value)
		require.NoError(t, err)
		require.Equal(t, test.want, string(text))
	}
}
