package idempotency

import (
	"strings"

	"paygate/fault"
)

// MaxKeyLength is the longest key accepted, in characters.
const MaxKeyLength = 255

// ParseKey reads the Idempotency-Key header: bare, or quoted as the draft's
// structured-field string (RFC 8941, section 3.3.3) wants it. Both forms of one key are
// the same key. An absent header gives an empty key and no error.
func ParseKey(values []string) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", invalidKey("Send one Idempotency-Key header, not several.")
	}
	key := strings.TrimSpace(values[0])
	if inner, quoted := strings.CutPrefix(key, `"`); quoted {
		var err error
		if key, err = unquote(inner); err != nil {
			return "", err
		}
	}
	switch {
	case key == "":
		return "", invalidKey("The Idempotency-Key header is empty. Send 1 to 255 printable characters, a UUID for example, or leave the header out.")
	case len(key) > MaxKeyLength:
		return "", invalidKey("The Idempotency-Key is longer than 255 characters.")
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return "", invalidKey("The Idempotency-Key may hold printable ASCII characters only.")
		}
	}
	return key, nil
}

// unquote reads the rest of a structured-field string behind its opening quote.
func unquote(rest string) (string, error) {
	var key strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '"':
			if i != len(rest)-1 {
				return "", invalidKey("Nothing may follow the closing quote of the Idempotency-Key.")
			}
			return key.String(), nil
		case '\\':
			if i++; i == len(rest) || rest[i] != '"' && rest[i] != '\\' {
				return "", invalidKey(`Inside a quoted Idempotency-Key, a backslash may only stand before " or \.`)
			}
			key.WriteByte(rest[i])
		default:
			key.WriteByte(c)
		}
	}
	return "", invalidKey("The Idempotency-Key starts with a quote but does not end with one.")
}

func invalidKey(message string) error {
	return fault.On(fault.InvalidIdempotency, "Idempotency-Key", "%s", message)
}
