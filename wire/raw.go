package wire

import "slices"

// Raw is JSON that was encoded before, to be embedded as it is: an event's data in
// a list of events. What Encode once gave passes unchanged; nil is null. Text from
// elsewhere, such as a jsonb column, which has an order of names of its own, is
// likely to be an error in Encode.
type Raw []byte

// MarshalJSON implements json.Marshaler.
func (r Raw) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	return r, nil
}

// UnmarshalJSON implements json.Unmarshaler: it keeps the text of the value.
func (r *Raw) UnmarshalJSON(text []byte) error {
	*r = slices.Clone(text)
	return nil
}

func (*Raw) takesNull() {}
