package gate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxRequests is the largest rate, in requests per unit. With it all arithmetic on a bucket stays below
// 2^53, where Redis' scripts, which know only doubles, still count exactly.
const MaxRequests = 1_000_000

// Rate is how many requests may come in how much time; all of them may come at once. The zero Rate is
// no limit.
type Rate struct {
	// Requests is 1 to MaxRequests.
	Requests int64
	// Per is a second, a minute or an hour.
	Per time.Duration
}

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// ParseRate reads a rate written as 100/s, 6000/m or 20000/h, or as 0 for no limit. There is one way
// to write each rate.
func ParseRate(text string) (Rate, error) {
	if text == "0" {
		return Rate{}, nil
	}
	count, unit, _ := strings.Cut(text, "/")
	per, known := units[unit]
	n, err := strconv.ParseInt(count, 10, 64)
	if !known || err != nil || strconv.FormatInt(n, 10) != count {
		return Rate{}, fmt.Errorf("%q is not a rate: write requests per second, minute or hour as 100/s, 6000/m or 20000/h, or 0 for no limit", text)
	}
	if n < 1 || n > MaxRequests {
		return Rate{}, fmt.Errorf("the rate %q is out of bounds: write 1 to %d requests, or 0 for no limit", text, MaxRequests)
	}
	return Rate{Requests: n, Per: per}, nil
}

// IsZero tells whether there is no limit.
func (r Rate) IsZero() bool { return r.Requests == 0 }

// String is the rate as ParseRate reads it.
func (r Rate) String() string {
	if r.IsZero() {
		return "0"
	}
	unit := "/s"
	switch r.Per { //nolint:exhaustive // a Rate has no others
	case time.Minute:
		unit = "/m"
	case time.Hour:
		unit = "/h"
	}
	return strconv.FormatInt(r.Requests, 10) + unit
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Rate) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRate(string(text))
	return err
}

// MarshalText implements encoding.TextMarshaler.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Standing is how a bucket stands after a request.
type Standing struct {
	// Allowed says whether the request may go on.
	Allowed bool
	// Remaining is how many more may come at once.
	Remaining int64
	// Next is when one more than Remaining may; the pause to keep when Remaining is zero.
	Next time.Duration
}

// bucket is the state of a limit, by the continuous-state leaky bucket of GCRA (ITU-T I.371, annex A).
// Each request pours in Per, in microseconds, and each microsecond Requests drain, so that everything
// is a whole number. The other form of the algorithm, one theoretical arrival time, has to round the time
// between two requests: 333,333.3 µs at 3/s, and 1.4 µs at 700,000/s.
type bucket struct {
	level int64
	at    int64 // when level was true, in microseconds
}

// drain brings the bucket to the time now. A clock that was set back drains nothing.
func (b bucket) drain(now int64, rate Rate) bucket {
	per := rate.Per.Microseconds()
	passed := min(max(now-b.at, 0), per) // after per it is empty, whatever it held
	return bucket{level: max(b.level-passed*rate.Requests, 0), at: now}
}

// pour counts one request into a bucket of this level, if it fits, and returns the level after.
func pour(level int64, rate Rate) (int64, Standing) {
	cost := rate.Per.Microseconds()
	capacity := cost * rate.Requests
	standing := Standing{Allowed: level+cost <= capacity}
	if standing.Allowed {
		level += cost
	}
	standing.Remaining = (capacity - level) / cost
	// What has to drain until Remaining+1 fit, at Requests a microsecond, rounded up.
	excess := level + (standing.Remaining+1)*cost - capacity
	standing.Next = time.Duration((excess+rate.Requests-1)/rate.Requests) * time.Microsecond
	return level, standing
}
