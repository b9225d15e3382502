package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// MaxInteger is the largest integer that every JSON implementation keeps exactly
// (RFC 7493, section 2.2; JavaScript's Number.MAX_SAFE_INTEGER).
const MaxInteger = 1<<53 - 1

// Encoded is a value that may hold what it was encoded to, so that the answer to a request and the event that tells of it share
// the work. Nobody changes either afterwards.
type Encoded interface {
	// Encoded is what Encode gave for the value; nil when it has not been asked.
	Encoded() []byte
}

var encodeOptions = json.JoinOptions(json.Deterministic(true))

// Encode writes a value as JSON, compact and byte for byte as JavaScript's
// JSON.stringify(JSON.parse(body)) would write it again, so that a receiver who
// signs what it has parsed gets the signature of what was sent:
//
//   - struct fields stand in their order, nil slices are [], nil maps {}
//   - strings escape the quote, the backslash and the control characters below
//     U+0020 alone; <, >, &, U+2028 and U+2029 stand as they are
//   - numbers are integers within ±[MaxInteger]
//   - names that JavaScript takes for array indices come first, ascending; [Metadata]
//     sees to it by itself
//
// A value that was encoded before ([Encoded]) is taken as it is.
//
// The result is checked against this, so that a [Raw] or a map that breaks it is an
// error here, not a signature that fails at a receiver. Errors are our own mistakes
// and not for callers.
func Encode(v any) ([]byte, error) {
	if before, ok := v.(Encoded); ok {
		if body := before.Encoded(); body != nil {
			return body, nil
		}
	}
	body, err := json.Marshal(v, encodeOptions)
	if err != nil {
		return nil, fmt.Errorf("error encoding JSON: %w", err)
	}
	if err := checkJavaScript(body); err != nil {
		return nil, fmt.Errorf("error encoding JSON: %w", err)
	}
	return body, nil
}
