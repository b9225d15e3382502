package wire

import (
	"encoding"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"paygate/fault"
)

// Half of a surrogate pair, as an escape: a string that is no Unicode text.
var surrogateEscape = regexp.MustCompile(`^\\u[dD][89a-fA-F]`)

// syntaxFault words what the tokenizer refused.
func syntaxFault(body []byte, err error) error {
	syntactic, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return fmt.Errorf("error reading JSON: %w", err)
	}
	offset := min(max(int(syntactic.ByteOffset), 0), len(body))
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		param := dotted(syntactic.JSONPointer)
		return fault.On(fault.DuplicateField, param, "%s is given twice; send each field once.", param)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.New(fault.MalformedJSON, "The body ends before its JSON does; a closing quote, bracket or brace is missing.")
	case surrogateEscape.Match(body[offset:]):
		return fault.New(fault.MalformedJSON,
			"The body is not valid JSON: %s is half of a surrogate pair. Send characters beyond U+FFFF as UTF-8, or as both of their escapes.",
			position(body, offset))
	default:
		return fault.New(fault.MalformedJSON, "The body is not valid JSON: look at %s.", position(body, offset))
	}
}

// position says where offset is in the terms of a text editor.
func position(body []byte, offset int) string {
	before := string(body[:offset])
	line := strings.Count(before, "\n")
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf("line %d, column %d", line+1, column+1)
}

// nulFault points at the value that holds U+0000, or at the object that holds
// such a name: the name itself could not be shown.
func nulFault(decoder *jsontext.Decoder) error {
	pointer := decoder.StackPointer()
	if kind, length := decoder.StackIndex(decoder.StackDepth()); kind == '{' && length%2 == 1 {
		pointer = pointer.Parent()
	}
	param := dotted(pointer)
	if param == "" {
		return fault.New(fault.InvalidValue, "The name of a field holds the character U+0000, which cannot be stored; leave it out.")
	}
	return fault.On(fault.InvalidValue, param, "%s holds the character U+0000, which cannot be stored; leave it out.", param)
}

// semanticFault words what did not fit the fields.
func semanticFault(err error) error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok || semantic.GoType == nil {
		return fmt.Errorf("error decoding JSON: %w", err)
	}
	param := dotted(semantic.JSONPointer)
	if own, ok := errors.AsType[*fault.Error](semantic.Err); ok {
		return fault.On(own.Code, param, "%s %s", param, own.Message)
	}
	switch {
	case errors.Is(semantic.Err, json.ErrUnknownName):
		return unknownFieldFault(semantic)
	case errors.Is(semantic.Err, strconv.ErrRange):
		least, most := integerBounds(semantic.GoType)
		return fault.On(fault.InvalidValue, param, "%s must lie between %d and %d.", param, least, most)
	case semantic.JSONKind == 'n':
		return fault.On(fault.InvalidType, param, "%s must be %s, not null. Leave the field out when there is nothing to say.",
			param, wanted(semantic.GoType))
	case semantic.JSONKind != 0 && (semantic.Err == nil || readsText(semantic.GoType) && semantic.JSONKind != '"'):
		return fault.On(fault.InvalidType, param, "%s must be %s.", param, wanted(semantic.GoType))
	default:
		return fmt.Errorf("error decoding JSON: %w", err)
	}
}

// wanted says what a field of this Go type takes, in the words of JSON.
func wanted(t reflect.Type) string {
	if readsText(t) {
		return "a string"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "an integer without quotes, decimals or exponent (an amount counts the currency's minor unit: 10.50 is 1050)"
	case reflect.String:
		return "a string"
	case reflect.Array, reflect.Slice:
		return "an array"
	default:
		return "an object"
	}
}

func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// dotted is a JSON pointer as callers write paths: card.number, event_types.0.
func dotted(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(token)
	}
	return clip(path.String())
}

// clip bounds what of a caller's own text is sent back: a name may be a megabyte.
func clip(text string) string {
	const most = 128
	characters := 0
	for i := range text {
		if characters == most {
			return text[:i] + "…"
		}
		characters++
	}
	return text
}
