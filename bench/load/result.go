package load

import (
	"errors"
	"slices"
	"time"
)

// Result is how a run went.
type Result struct {
	Elapsed time.Duration
	// Err is the first connection's failure.
	Err error
	// Latencies of the accepted requests, sorted.
	Latencies []time.Duration
	// Statuses counts the answers.
	Statuses map[int]int
}

// Rate is how many payments a second were accepted.
func (r *Result) Rate() float64 { return float64(len(r.Latencies)) / r.Elapsed.Seconds() }

// Percentile is the latency that the share p of the accepted requests did not exceed; 0 for none.
func (r *Result) Percentile(p float64) time.Duration { return Percentile(r.Latencies, p) }

// Mean is the average latency; 0 for none.
func (r *Result) Mean() time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	var sum time.Duration
	for _, l := range r.Latencies {
		sum += l
	}
	return sum / time.Duration(len(r.Latencies))
}

// Add puts the outcome of another run of the same kind to this one.
func (r *Result) Add(other *Result) {
	r.Elapsed += other.Elapsed
	r.Latencies = append(r.Latencies, other.Latencies...)
	slices.Sort(r.Latencies)
	if r.Statuses == nil {
		r.Statuses = map[int]int{}
	}
	for status, n := range other.Statuses {
		r.Statuses[status] += n
	}
}

// Percentile reads sorted values by nearest rank.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

func gather(parts []Result, elapsed time.Duration) (*Result, error) {
	whole := &Result{Elapsed: elapsed, Statuses: map[int]int{}}
	var errs []error
	for i := range parts {
		errs = append(errs, parts[i].Err)
		whole.Latencies = append(whole.Latencies, parts[i].Latencies...)
		for status, n := range parts[i].Statuses {
			whole.Statuses[status] += n
		}
	}
	slices.Sort(whole.Latencies)
	whole.Err = errors.Join(errs...)
	return whole, whole.Err
}
