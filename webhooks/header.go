package webhooks

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"paygate/fault"
	"paygate/keyring"
)

// The bounds of an endpoint's own headers.
const (
	maxHeaders      = 20
	maxHeaderName   = 64
	maxHeaderLength = 1024
)

// Header is one line of an answer's headers.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// keepHeaders keeps an answer's headers, sorted by name, as far as there is room.
func keepHeaders(from http.Header) []Header {
	var kept []Header
	room := keptHeaders
	for _, name := range slices.Sorted(maps.Keys(from)) {
		for _, value := range from[name] {
			if room -= len(name) + len(value); room < 0 {
				return kept
			}
			kept = append(kept, Header{name, storable([]byte(value))})
		}
	}
	return kept
}

// storeHeaders writes kept headers as an attempt holds them; empty for none.
func storeHeaders(headers []Header) string {
	if len(headers) == 0 {
		return ""
	}
	text, err := json.Marshal(headers)
	if err != nil {
		panic(fmt.Sprintf("headers of an answer do not encode: %v", err)) // they are text
	}
	return string(text)
}

// loadHeaders is the opposite of storeHeaders.
func loadHeaders(stored *string) ([]Header, error) {
	headers := []Header{}
	if stored == nil {
		return headers, nil
	}
	if err := json.Unmarshal([]byte(*stored), &headers); err != nil {
		return nil, fmt.Errorf("error decoding the headers of an answer: %w", err)
	}
	return headers, nil
}

// ourHeaders are those that an endpoint cannot have of its own: they are ours, frame the message, or
// tell a receiver's proxy where it comes from. One that ends in a dash stands for its family.
var ourHeaders = []string{
	"Accept-Encoding", "Connection", "Content-", "Expect", "Forwarded", "Host", "Keep-Alive", "Proxy-", "Te",
	"Traceparent", "Tracestate", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Via", "Webhook-", "X-Forwarded-", "X-Real-Ip", "X-Webhook-Signature",
}

// checkHeaders returns the headers under their canonical names. Authorization and the like are
// welcome; that is what they are for.
func checkHeaders(headers map[string]string) (map[string]string, error) {
	if len(headers) > maxHeaders {
		return nil, fault.On(fault.InvalidValue, "headers", "headers may have at most %d entries.", maxHeaders)
	}
	checked := make(map[string]string, len(headers))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		param, value := "headers."+name, headers[name]
		canonical := http.CanonicalHeaderKey(name)
		_, twice := checked[canonical]
		switch {
		case name == "" || len(name) > maxHeaderName || strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) }):
			return nil, fault.On(fault.InvalidValue, param, "A header's name has 1 to %d letters, digits and dashes.", maxHeaderName)
		case isOurs(canonical):
			return nil, fault.On(fault.InvalidValue, param, "%s cannot be set: it belongs to the delivery itself.", canonical)
		case twice:
			return nil, fault.On(fault.InvalidValue, param, "%s is given twice; the case of letters does not matter.", canonical)
		case value == "" || len(value) > maxHeaderLength || strings.TrimSpace(value) != value ||
			strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
			return nil, fault.On(fault.InvalidValue, param, "A header's value has 1 to %d printable ASCII characters, and no space at its ends.", maxHeaderLength)
		}
		checked[canonical] = value
	}
	return checked, nil
}

func isOurs(name string) bool {
	return slices.ContainsFunc(ourHeaders, func(ours string) bool {
		return name == ours || strings.HasSuffix(ours, "-") && strings.HasPrefix(name, ours)
	})
}

// isToken tells whether a character may stand in a header's name (RFC 9110, section 5.6.2).
func isToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r < 0x80 && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// sealHeaders returns the headers as they are stored, and their names; nil for none.
func sealHeaders(keys *keyring.Keyring, endpointID string, headers map[string]string) (sealed []byte, names []string, err error) {
	if len(headers) == 0 {
		return nil, []string{}, nil
	}
	text, err := json.Marshal(headers)
	if err != nil {
		return nil, nil, fmt.Errorf("error encoding the headers of %s: %w", endpointID, err)
	}
	return keys.Seal(text, headersContext(endpointID)), slices.Sorted(maps.Keys(headers)), nil
}

// openHeaders is the opposite of sealHeaders.
func openHeaders(keys *keyring.Keyring, endpointID string, sealed []byte) (map[string]string, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	text, err := keys.Open(sealed, headersContext(endpointID))
	if err != nil {
		return nil, fmt.Errorf("error opening the headers of %s: %w", endpointID, err)
	}
	var headers map[string]string
	if err := json.Unmarshal(text, &headers); err != nil {
		return nil, fmt.Errorf("error decoding the headers of %s: %w", endpointID, err)
	}
	return headers, nil
}

// headersContext binds sealed headers to their endpoint.
func headersContext(endpointID string) []byte {
	return []byte("webhook_endpoints.headers/" + endpointID)
}
