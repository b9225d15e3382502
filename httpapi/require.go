package httpapi

import "paygate/fault"

// field is a field that a request must have.
type field struct {
	name    string
	missing bool
}

// need names a field by a pointer that is nil when the caller left it out.
func need[T any](name string, value *T) field { return field{name, value == nil} }

// require returns missing_field for the first field that was left out.
func require(fields ...field) error {
	for _, f := range fields {
		if f.missing {
			return fault.On(fault.MissingField, f.name, "%s is missing.", f.name)
		}
	}
	return nil
}
