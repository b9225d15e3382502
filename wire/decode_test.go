package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/fault"
	"paygate/wire"
)

type card struct {
	Number   string `json:"number"`
	ExpMonth int    `json:"exp_month"`
}

type paging struct {
	Limit int8 `json:"limit"`
}

// request has a field of every kind that requests have.
type request struct {
	paging
	Amount      int64                 `json:"amount"`
	Currency    string                `json:"currency"`
	OrderID     *string               `json:"order_id"`
	Card        *card                 `json:"card"`
	EventTypes  []string              `json:"event_types"`
	Metadata    wire.Metadata         `json:"metadata"`
	Reusable    bool                  `json:"reusable"`
	ExpiresAt   wire.Time             `json:"expires_at"`
	Description wire.Optional[string] `json:"description"`
	Floor       wire.Optional[int64]  `json:"floor"`
	Hidden      string                `json:"-"`
}

func TestDecode(t *testing.T) {
	t.Parallel()

	var got request
	require.NoError(t, wire.Decode([]byte(` {
		"amount": 50000, "currency": "INR", "order_id": "order_xyz",
		"card": {"number": "4242", "exp_month": 12}, "event_types": ["payment.*"], "limit": -128,
		"metadata": {"a": "1", "é😀\u00e9\ud83d\ude00": "", "\\u0000": "\\u0000"},
		"reusable": true, "expires_at": "2026-11-23T14:30:00.123456+05:30", "description": "" }
	`), &got))

	orderID := "order_xyz"
	require.Equal(t, request{
		paging:      paging{Limit: -128},
		Amount:      50000,
		Currency:    "INR",
		OrderID:     &orderID,
		Card:        &card{Number: "4242", ExpMonth: 12},
		EventTypes:  []string{"payment.*"},
		Metadata:    wire.Metadata{"a": "1", "é😀é😀": "", `\u0000`: `\u0000`},
		Reusable:    true,
		ExpiresAt:   wire.Time(time.Date(2026, 11, 23, 9, 0, 0, 123456000, time.UTC)),
		Description: wire.Optional[string]{Present: true},
	}, got)
}

func TestDecodeNull(t *testing.T) {
	t.Parallel()

	var got request
	require.NoError(t, wire.Decode([]byte(`{"order_id":null,"card":null,"description":null}`), &got))
	require.Equal(t, request{Description: wire.Optional[string]{Present: true, Null: true}}, got)
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()

	const integer = "must be an integer without quotes, decimals or exponent (an amount counts the currency's minor unit: 10.50 is 1050)."
	const known = "Known here: limit, amount, currency, order_id, card, event_types, metadata, reusable, expires_at, description, floor."
	deep := func(levels int) string {
		return `{"x":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	// many has n values in its array, and so n and five tokens.
	many := func(n int) string { return `{"x":[1` + strings.Repeat(",1", n-1) + `]}` }

	for name, test := range map[string]struct {
		body    string
		code    fault.Code
		param   string
		message string // a part of it
	}{
		"Nothing":             {"", fault.MalformedJSON, "", "The body is empty"},
		"Spaces":              {" \r\n\t ", fault.MalformedJSON, "", "The body is empty"},
		"Text":                {"hello", fault.MalformedJSON, "", "must be one JSON object"},
		"Form":                {"amount=1&currency=INR", fault.MalformedJSON, "", "must be one JSON object"},
		"Null":                {"null", fault.MalformedJSON, "", "must be one JSON object"},
		"Array":               {`[{"amount":1}]`, fault.MalformedJSON, "", "must be one JSON object"},
		"String":              {`"{}"`, fault.MalformedJSON, "", "must be one JSON object"},
		"Number":              {"1", fault.MalformedJSON, "", "must be one JSON object"},
		"ByteOrderMark":       {"\ufeff{}", fault.MalformedJSON, "", "byte order mark"},
		"UTF16":               {"\xff\xfe{\x00}\x00", fault.MalformedJSON, "", "not valid UTF-8"},
		"InvalidUTF8":         {"{\"currency\":\"\xff\"}", fault.MalformedJSON, "", "not valid UTF-8"},
		"SurrogateInUTF8":     {"{\"currency\":\"\xed\xa0\x80\"}", fault.MalformedJSON, "", "not valid UTF-8"},
		"HighSurrogate":       {`{"currency":"ab\ud800"}`, fault.MalformedJSON, "", "line 1, column 16 is half of a surrogate pair"},
		"LowSurrogate":        {`{"currency":"\uDC00"}`, fault.MalformedJSON, "", "line 1, column 14 is half of a surrogate pair"},
		"SwappedSurrogates":   {`{"currency":"\udc00\ud800"}`, fault.MalformedJSON, "", "half of a surrogate pair"},
		"SurrogateThenLetter": {`{"currency":"\ud800\u0041"}`, fault.MalformedJSON, "", "half of a surrogate pair"},
		"SurrogateInName":     {`{"\ud800":1}`, fault.MalformedJSON, "", "half of a surrogate pair"},
		"Truncated":           {`{"amount":1`, fault.MalformedJSON, "", "ends before its JSON does"},
		"TruncatedName":       {`{"amou`, fault.MalformedJSON, "", "ends before its JSON does"},
		"TruncatedEscape":     {`{"currency":"\u00`, fault.MalformedJSON, "", "ends before its JSON does"},
		"Brace":               {`{`, fault.MalformedJSON, "", "ends before its JSON does"},
		"SingleQuotes":        {"{\n  'amount': 1}", fault.MalformedJSON, "", "look at line 2, column 3."},
		"ColumnInCharacters":  {`{"currency":"éé😀",}`, fault.MalformedJSON, "", "look at line 1, column 18."},
		"Comment":             {`{"amount":1 // one` + "\n}", fault.MalformedJSON, "", "line 1, column 13"},
		"LeadingZero":         {`{"amount":01}`, fault.MalformedJSON, "", "line 1, column 12"},
		"NaN":                 {`{"amount":NaN}`, fault.MalformedJSON, "", "line 1, column 11"},
		"ControlCharacter":    {"{\"currency\":\"a\nb\"}", fault.MalformedJSON, "", "line 1, column 15"},
		"NULByte":             {"{\"currency\":\"a\x00b\"}", fault.MalformedJSON, "", "line 1, column 15"},
		"BadEscape":           {`{"currency":"\x41"}`, fault.MalformedJSON, "", "line 1, column 14"},
		"TwoObjects":          {`{"amount":1}{"amount":2}`, fault.MalformedJSON, "", "Something follows the JSON object"},
		"TrailingText":        {`{"amount":1} x`, fault.MalformedJSON, "", "Something follows the JSON object"},
		"TrailingBrace":       {`{"amount":1}}`, fault.MalformedJSON, "", "Something follows the JSON object"},
		"TooDeep":             {deep(17), fault.MalformedJSON, "", "deeper than 16 levels"},
		"TooMany":             {many(wire.MaxTokens - 4), fault.MalformedJSON, "", "more than 2000 names and values"},
		"FarTooDeep":          {deep(100_000), fault.MalformedJSON, "", "deeper than 16 levels"},
		"MalformedFirst":      {`{"nonsense":1,"amount":"1",]`, fault.MalformedJSON, "", "line 1, column 27"},
		"ManyEnoughButWrong":  {many(wire.MaxTokens - 5), fault.UnknownField, "x", "There is no field x."},
		"DeepEnoughButWrong":  {deep(16), fault.UnknownField, "x", "There is no field x."},

		"Duplicate":         {`{"amount":1,"amount":1}`, fault.DuplicateField, "amount", "amount is given twice"},
		"DuplicateEscaped":  {`{"amount":1,"\u0061mount":1}`, fault.DuplicateField, "amount", "amount is given twice"},
		"DuplicateMetadata": {`{"metadata":{"a.b":"","a.b":""}}`, fault.DuplicateField, "metadata.a.b", "metadata.a.b is given twice"},
		"DuplicateUnknown":  {`{"x":1,"x":1}`, fault.DuplicateField, "x", "x is given twice"},
		"DuplicateNested":   {`{"card":{"number":"1","number":"1"}}`, fault.DuplicateField, "card.number", "card.number is given twice"},

		"Unknown":         {`{"colour":1}`, fault.UnknownField, "colour", "There is no field colour. " + known},
		"UnknownMisspelt": {`{"amout":1}`, fault.UnknownField, "amout", "There is no field amout. Did you mean amount? " + known},
		"UnknownCamel":    {`{"orderId":"x"}`, fault.UnknownField, "orderId", "Did you mean order_id?"},
		"UnknownCase":     {`{"Amount":1}`, fault.UnknownField, "Amount", "Did you mean amount?"},
		"UnknownNested":   {`{"card":{"numer":1}}`, fault.UnknownField, "card.numer", "There is no field card.numer. Did you mean number? Known here: number, exp_month."},
		"UnknownHidden":   {`{"Hidden":""}`, fault.UnknownField, "Hidden", "There is no field Hidden. Known"},
		"UnknownDash":     {`{"-":""}`, fault.UnknownField, "-", "There is no field -. Known"},
		"UnknownEmpty":    {`{"":""}`, fault.UnknownField, "", "There is no field"},
		"UnknownLong": {
			`{"` + strings.Repeat("é", 10_000) + `":1}`, fault.UnknownField,
			strings.Repeat("é", 128) + "…", "There is no field " + strings.Repeat("é", 128) + "…. Known",
		},
		"UnknownSlash": {`{"card":{"a/b~c":1}}`, fault.UnknownField, "card.a/b~c", "There is no field card.a/b~c."},

		"AmountString":       {`{"amount":"100"}`, fault.InvalidType, "amount", "amount " + integer},
		"AmountDecimal":      {`{"amount":10.5}`, fault.InvalidType, "amount", "amount " + integer},
		"AmountWholeDecimal": {`{"amount":10.0}`, fault.InvalidType, "amount", "amount " + integer},
		"AmountExponent":     {`{"amount":1e3}`, fault.InvalidType, "amount", "amount " + integer},
		"AmountBool":         {`{"amount":true}`, fault.InvalidType, "amount", "amount " + integer},
		"AmountObject":       {`{"amount":{}}`, fault.InvalidType, "amount", "amount " + integer},
		"AmountArray":        {`{"amount":[1]}`, fault.InvalidType, "amount", "amount " + integer},
		"AmountNull":         {`{"amount":null}`, fault.InvalidType, "amount", "minor unit: 10.50 is 1050), not null. Leave the field out"},
		"IntegerNested":      {`{"card":{"exp_month":"12"}}`, fault.InvalidType, "card.exp_month", "card.exp_month " + integer},
		"OptionalInteger":    {`{"floor":"1"}`, fault.InvalidType, "floor", "floor " + integer},
		"OptionalString":     {`{"description":1}`, fault.InvalidType, "description", "description must be a string."},
		"StringNumber":       {`{"currency":1}`, fault.InvalidType, "currency", "currency must be a string."},
		"StringNull":         {`{"currency":null}`, fault.InvalidType, "currency", "currency must be a string, not null."},
		"PointerNumber":      {`{"order_id":1}`, fault.InvalidType, "order_id", "order_id must be a string."},
		"ObjectString":       {`{"card":"4242"}`, fault.InvalidType, "card", "card must be an object."},
		"ArrayString":        {`{"event_types":"*"}`, fault.InvalidType, "event_types", "event_types must be an array."},
		"ArrayNull":          {`{"event_types":null}`, fault.InvalidType, "event_types", "event_types must be an array, not null."},
		"ElementNumber":      {`{"event_types":["a",1]}`, fault.InvalidType, "event_types.1", "event_types.1 must be a string."},
		"ElementNull":        {`{"event_types":[null]}`, fault.InvalidType, "event_types.0", "event_types.0 must be a string, not null."},
		"BoolString":         {`{"reusable":"true"}`, fault.InvalidType, "reusable", "reusable must be true or false."},
		"BoolNumber":         {`{"reusable":1}`, fault.InvalidType, "reusable", "reusable must be true or false."},
		"MetadataArray":      {`{"metadata":[]}`, fault.InvalidType, "metadata", "metadata must be an object."},
		"MetadataNull":       {`{"metadata":null}`, fault.InvalidType, "metadata", "metadata must be an object, not null."},
		"MetadataNumber":     {`{"metadata":{"k":1}}`, fault.InvalidType, "metadata.k", "metadata.k must be a string."},
		"MetadataNullValue":  {`{"metadata":{"k":null}}`, fault.InvalidType, "metadata.k", "metadata.k must be a string, not null."},
		"MetadataNested":     {`{"metadata":{"k":{}}}`, fault.InvalidType, "metadata.k", "metadata.k must be a string."},
		"TimeNumber":         {`{"expires_at":1}`, fault.InvalidType, "expires_at", "expires_at must be a string."},
		"TimeNull":           {`{"expires_at":null}`, fault.InvalidType, "expires_at", "expires_at must be a string, not null."},

		"TimeMalformed":    {`{"expires_at":"tomorrow"}`, fault.InvalidValue, "expires_at", "expires_at must be a time in the form of RFC 3339"},
		"Overflow":         {`{"amount":9223372036854775808}`, fault.InvalidValue, "amount", "amount must lie between -9007199254740991 and 9007199254740991."},
		"Underflow":        {`{"amount":-9223372036854775809}`, fault.InvalidValue, "amount", "must lie between"},
		"FarOverflow":      {`{"amount":` + strings.Repeat("9", 400) + `}`, fault.InvalidValue, "amount", "must lie between"},
		"UnsafeInteger":    {`{"amount":9007199254740992}`, fault.InvalidValue, "amount", "must lie between"},
		"UnsafeNegative":   {`{"amount":-9007199254740992}`, fault.InvalidValue, "amount", "must lie between"},
		"SmallOverflow":    {`{"limit":128}`, fault.InvalidValue, "limit", "limit must lie between -128 and 127."},
		"OptionalOverflow": {`{"floor":9223372036854775808}`, fault.InvalidValue, "floor", "must lie between"},
		"NUL":              {`{"currency":"a\u0000"}`, fault.InvalidValue, "currency", "currency holds the character U+0000"},
		"NULBackslash":     {`{"currency":"\\\u0000"}`, fault.InvalidValue, "currency", "currency holds the character U+0000"},
		"NULElement":       {`{"event_types":["a","\u0000"]}`, fault.InvalidValue, "event_types.1", "event_types.1 holds"},
		"NULMetadata":      {`{"metadata":{"k":"\u0000"}}`, fault.InvalidValue, "metadata.k", "metadata.k holds"},
		"NULName":          {`{"\u0000":1}`, fault.InvalidValue, "", "The name of a field holds"},
		"NULMetadataName":  {`{"metadata":{"\u0000":""}}`, fault.InvalidValue, "metadata", "metadata holds"},
		"NULUnknown":       {`{"x":"\u0000"}`, fault.InvalidValue, "x", "x holds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := wire.Decode([]byte(test.body), new(request))
			require.Error(t, err)
			refusal := fault.From(err)
			require.Equal(t, test.code, refusal.Code, "%s", err)
			require.Equal(t, test.param, refusal.Param)
			require.Contains(t, refusal.Message, test.message)
			require.NoError(t, refusal.Unwrap(), "a cause would carry values into the log")
		})
	}
}

func TestDecodeBoundsOfIntegers(t *testing.T) {
	t.Parallel()

	var got request
	require.NoError(t, wire.Decode([]byte(`{"amount":9007199254740991,"floor":-9007199254740991,"limit":127}`), &got))
	require.Equal(t, int64(wire.MaxInteger), got.Amount)
	require.Equal(t, int64(-wire.MaxInteger), got.Floor.Value)
	require.Equal(t, int8(127), got.Limit)
}

// A target that cannot be decoded into is our mistake, not the caller's.
func TestDecodeIntoUnfitTarget(t *testing.T) {
	t.Parallel()

	for name, target := range map[string]any{
		"Value":   request{},
		"Nil":     (*request)(nil),
		"Channel": &struct{ C chan int }{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			err := wire.Decode([]byte(`{"C":1}`), target)
			require.Error(t, err)
			require.Equal(t, fault.Internal, fault.CodeOf(err))
		})
	}
}

func TestDecodeWhereNothingIsKnown(t *testing.T) {
	t.Parallel()

	require.NoError(t, wire.Decode([]byte(`{}`), &struct{}{}))
	err := wire.Decode([]byte(`{"force":true}`), &struct{}{})
	require.EqualError(t, err, "unknown_field: There is no field force. Nothing is known here: send {}. (force)")
}
