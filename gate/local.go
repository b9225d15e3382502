package gate

import (
	"time"

	"paygate/bounded"
)

// maxLocalBuckets bounds the memory of the limits without Redis, to a few megabytes. Only authenticated
// callers have buckets, so that nobody can push another's out by inventing names.
const maxLocalBuckets = 20_000

// local counts in this process alone, for the time without Redis.
type local struct {
	buckets bounded.Map[string, bucket]
	start   time.Time
}

func newLocal() *local {
	return &local{buckets: bounded.Map[string, bucket]{Limit: maxLocalBuckets}, start: time.Now()}
}

func (l *local) count(key string, rate Rate) Standing {
	return l.countAt(key, rate, time.Since(l.start).Microseconds()) // monotonic
}

func (l *local) countAt(key string, rate Rate, now int64) (standing Standing) {
	l.buckets.Update(key, func(b bucket) bucket {
		b = b.drain(now, rate)
		b.level, standing = pour(b.level, rate)
		return b
	})
	return standing
}
