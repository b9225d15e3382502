package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"paygate/fault"
)

// MaxDepth bounds how deep objects and arrays may nest in a body; the body's own
// object is the first level. The library's WithDepthLimit is not carried out yet.
const MaxDepth = 16

// MaxTokens bounds how many names, values, brackets and braces a body may hold: all that a route
// takes fits ten times, while checking a body for duplicates costs memory for each name in it.
const MaxTokens = 2000

// Names are compared byte for byte: a second spelling of a field would be a second
// way to give it twice.
var decodeOptions = json.JoinOptions(
	json.RejectUnknownMembers(true),
	json.MatchCaseInsensitiveNames(false),
	json.WithUnmarshalers(json.UnmarshalFromFunc(decodeStrictly)),
)

// Decode reads a request's body, which must be one JSON object, into a pointer to
// a struct, and refuses everything that a caller may have meant differently:
//
//   - malformed_json: not JSON (RFC 8259), nothing or something else than one object,
//     invalid UTF-8, half of a surrogate pair, nesting beyond [MaxDepth], more than [MaxTokens]
//   - duplicate_field, unknown_field: with the field's name as param
//   - invalid_type: another JSON type than the field's; null, which only pointers and
//     [Optional] take; an integer written as "100", 10.5 or 1e3
//   - invalid_value: an integer out of its range, which is never wider than
//     ±[MaxInteger]; U+0000 in a string or a name, which Postgres cannot hold
//
// Each is a *fault.Error whose param is the path as the caller wrote it, with dots
// (card.number, metadata.k, event_types.0). An unmarshaler of a field's type may
// return a *fault.Error of its own; its message continues a sentence that begins
// with the param. Any other error means that into is unfit. After an error, what
// into holds is unspecified.
//
// The library's errors are never attached as causes: they quote the values that
// they refuse, and a card number must not reach the log.
func Decode(body []byte, into any) error {
	// Two passes, so that a body that is no JSON is called that, whatever stands
	// in its first half. The first costs some three microseconds.
	if err := inspect(body); err != nil {
		return err
	}
	if err := json.Unmarshal(body, into, decodeOptions); err != nil {
		return semanticFault(err)
	}
	return nil
}

// inspect refuses what is wrong with a body whatever it is decoded into.
func inspect(body []byte) error {
	if !utf8.Valid(body) {
		return fault.New(fault.MalformedJSON, "The body is not valid UTF-8; send JSON encoded in UTF-8.")
	}
	switch start := bytes.TrimLeft(body, " \t\r\n"); {
	case len(start) == 0:
		return fault.New(fault.MalformedJSON, "The body is empty; send a JSON object, at least {}.")
	case bytes.HasPrefix(start, []byte("\ufeff")):
		return fault.New(fault.MalformedJSON, "The body begins with a byte order mark; send the JSON without it.")
	case start[0] != '{':
		return fault.New(fault.MalformedJSON, "The body must be one JSON object, as in {\"amount\":50000}.")
	}

	// A raw NUL is no JSON, so only this escape can make one; most bodies are
	// spared looking into each string.
	mayHoldNUL := bytes.Contains(body, []byte(`\u0000`))
	decoder := jsontext.NewDecoder(bytes.NewBuffer(body))
	tokens := 0
	for closed := false; ; closed = decoder.StackDepth() == 0 {
		token, err := decoder.ReadToken()
		tokens++
		switch {
		case closed && errors.Is(err, io.EOF):
			return nil
		case closed:
			return fault.New(fault.MalformedJSON, "Something follows the JSON object; send exactly one object.")
		case err != nil:
			return syntaxFault(body, err)
		case decoder.StackDepth() > MaxDepth:
			return fault.New(fault.MalformedJSON, "The body nests deeper than %d levels.", MaxDepth)
		case tokens > MaxTokens:
			return fault.New(fault.MalformedJSON, "The body holds more than %d names and values.", MaxTokens)
		case mayHoldNUL && token.Kind() == '"' && strings.ContainsRune(token.String(), 0):
			return nulFault(decoder)
		}
	}
}

// decodeStrictly is asked before the library decodes any value: it refuses null
// where the library would write a zero, and reads the integers.
func decodeStrictly(decoder *jsontext.Decoder, target any) error {
	switch decoder.PeekKind() {
	case 'n':
		if !takesNull(target) {
			return &json.SemanticError{JSONKind: 'n', GoType: reflect.TypeOf(target).Elem()}
		}
	case '0':
		if integer := reflect.ValueOf(target).Elem(); integer.CanInt() {
			return decodeInteger(decoder, integer)
		}
	}
	return errors.ErrUnsupported // the library's own way
}

func takesNull(target any) bool {
	if _, ok := target.(interface{ takesNull() }); ok {
		return true
	}
	kind := reflect.TypeOf(target).Elem().Kind()
	return kind == reflect.Pointer || kind == reflect.Interface
}

func decodeInteger(decoder *jsontext.Decoder, into reflect.Value) error {
	text, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(string(text), 10, 64)
	least, most := integerBounds(into.Type())
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return &json.SemanticError{JSONKind: '0', GoType: into.Type()}
	case err != nil, number < least, number > most:
		return &json.SemanticError{JSONKind: '0', GoType: into.Type(), Err: strconv.ErrRange}
	}
	into.SetInt(number)
	return nil
}

// integerBounds is what a caller may send for an integer of this type: all that
// the type holds, and no more than Encode could send back.
func integerBounds(t reflect.Type) (least, most int64) {
	if t.Bits() == 64 {
		return -MaxInteger, MaxInteger
	}
	return -1 << (t.Bits() - 1), 1<<(t.Bits()-1) - 1
}
