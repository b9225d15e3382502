package wire

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"paygate/fault"
)

// The bounds of Metadata; lengths count Unicode code points.
const (
	MaxMetadataKeys        = 50
	MaxMetadataKeyLength   = 64
	MaxMetadataValueLength = 512
)

// Metadata is a merchant's own names and values on a record: a JSON object of
// strings, {} when there are none. It is encoded in the order that JavaScript gives
// names, so always by Encode; encoding/json knows nothing of that order.
type Metadata map[string]string

// MarshalJSONTo implements json.MarshalerTo: array indices ascending, then the
// other names by their bytes. A nil Metadata is {}.
func (m Metadata) MarshalJSONTo(encoder *jsontext.Encoder) error {
	if err := encoder.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, key := range m.sortedKeys() {
		if err := encoder.WriteToken(jsontext.String(key)); err != nil {
			return err
		}
		if err := encoder.WriteToken(jsontext.String(m[key])); err != nil {
			return err
		}
	}
	return encoder.WriteToken(jsontext.EndObject)
}

// Validate holds m against its bounds. param is the field it came in, for the
// error's param (metadata, or metadata.k when one key or value is at fault).
func (m Metadata) Validate(param string) error {
	if len(m) > MaxMetadataKeys {
		return fault.On(fault.InvalidValue, param, "%s holds %d keys; at most %d are kept.", param, len(m), MaxMetadataKeys)
	}
	for _, key := range m.sortedKeys() {
		path := clip(param + "." + key)
		if n := utf8.RuneCountInString(key); n < 1 || n > MaxMetadataKeyLength {
			return fault.On(fault.InvalidValue, path, "A key of %s has %d characters; it must have between 1 and %d.",
				param, n, MaxMetadataKeyLength)
		}
		if n := utf8.RuneCountInString(m[key]); n > MaxMetadataValueLength {
			return fault.On(fault.InvalidValue, path, "%s has %d characters; at most %d are kept.", path, n, MaxMetadataValueLength)
		}
	}
	return nil
}

func (m Metadata) sortedKeys() []string {
	return slices.SortedFunc(maps.Keys(m), compareNames)
}
