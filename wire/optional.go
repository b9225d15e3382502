package wire

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Optional is a field of a request for which absent, null and a value mean three
// things, as in PATCH: leave it, clear it, set it. Where absent and null mean the
// same, a pointer is enough.
type Optional[T any] struct {
	// Present tells that the field was in the body, be it as null.
	Present bool
	// Null tells that it was null; Value is then zero.
	Null  bool
	Value T
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom; it runs only for a field that is there.
func (o *Optional[T]) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	*o = Optional[T]{Present: true}
	if decoder.PeekKind() == 'n' {
		o.Null = true
		_, err := decoder.ReadToken()
		return err
	}
	return json.UnmarshalDecode(decoder, &o.Value)
}

func (*Optional[T]) takesNull() {}
