package wire

import (
	"fmt"
	"time"

	"paygate/fault"
)

// timeLayout is RFC 3339 with milliseconds, in the form of JavaScript's
// Date.prototype.toISOString.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Time is a time.Time that is written as "2026-11-23T09:00:00.123Z": UTC, with the
// rest below a millisecond cut off. It converts in place, pointers as well:
// wire.Time(row.CreatedAt), (*wire.Time)(row.NextAttemptAt), where nil is null.
type Time time.Time

// String is the written form, without quotes.
func (t Time) String() string { return time.Time(t).UTC().Format(timeLayout) }

// MarshalText implements encoding.TextMarshaler. RFC 3339 has no years beyond 0 to 9999.
func (t Time) MarshalText() ([]byte, error) {
	if year := time.Time(t).UTC().Year(); year < 0 || year > 9999 {
		return nil, fmt.Errorf("year %d cannot be written in RFC 3339", year)
	}
	return []byte(t.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler. It takes any RFC 3339 time and
// keeps it in UTC.
func (t *Time) UnmarshalText(text []byte) error {
	var parsed time.Time
	if err := parsed.UnmarshalText(text); err != nil {
		return fault.New(fault.InvalidValue, "must be a time in the form of RFC 3339, as in 2026-11-23T09:00:00Z.")
	}
	*t = Time(parsed.UTC())
	return nil
}
