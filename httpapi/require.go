package httpapi

import (
	"reflect"

	"paygate/fault"
)

// require takes pairs of a name and a pointer, and returns missing_field for the first nil one.
func require(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		if reflect.ValueOf(pairs[i+1]).IsNil() {
			return fault.On(fault.MissingField, pairs[i].(string), "%s is missing.", pairs[i]) //nolint:errcheck // the callers are ours
		}
	}
	return nil
}
