package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// storedFor is how long what was read from the database is shown again. Every process shows it, so that
	// those who scrape a dozen of them ask the database no more than a few times a second.
	storedFor = 10 * time.Second
	// storedTimeout bounds one read: a scrape must not hang with the database.
	storedTimeout = 2 * time.Second
)

// Queue is what waits in one queue.
type Queue struct {
	Queue, State string
	Jobs         int64
	// Oldest is for how long the first of them has been due.
	Oldest time.Duration
}

// Invariant is the newest count of one check of the books.
type Invariant struct {
	Check      string
	Violations int64
	CheckedAt  time.Time
}

// Stored is what all processes see alike: take the maximum over them, not the sum.
type Stored struct {
	Queues     []Queue
	Invariants []Invariant
}

// stored shows what is in the database.
type stored struct {
	read func(ctx context.Context) (Stored, error)

	jobs, oldest, violations, checkedAt, failed *prometheus.Desc

	mu     sync.Mutex
	last   Stored
	err    error
	readAt time.Time
}

// WatchStored shows what read finds in the database, at most ten seconds old.
func (m *Metrics) WatchStored(read func(ctx context.Context) (Stored, error)) {
	m.registry.MustRegister(&stored{
		read:       read,
		jobs:       describe("queue_jobs", "Jobs by queue and state. All processes show the same: take the maximum.", "queue", "state"),
		oldest:     describe("queue_oldest_seconds", "For how long the first waiting job of a queue has been due.", "queue"),
		violations: describe("invariant_violations", "Records that break an invariant of the books, by the check of `paygate doctor`.", "check"),
		checkedAt:  describe("invariants_checked_timestamp_seconds", "When all invariants were last counted."),
		failed:     describe("stored_metrics_up", "1 when what is shown of the database could be read, 0 when not."),
	})
}

// Describe implements prometheus.Collector.
func (s *stored) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{s.jobs, s.oldest, s.violations, s.checkedAt, s.failed} {
		to <- desc
	}
}

// Collect implements prometheus.Collector. Without a database it shows that, and nothing old.
func (s *stored) Collect(to chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	now, err := s.refresh()
	if err != nil {
		gauge(s.failed, 0)
		return
	}
	gauge(s.failed, 1)
	oldest := make(map[string]time.Duration)
	for _, q := range now.Queues {
		gauge(s.jobs, float64(q.Jobs), q.Queue, q.State)
		oldest[q.Queue] = max(oldest[q.Queue], q.Oldest)
	}
	for queue, age := range oldest {
		gauge(s.oldest, age.Seconds(), queue)
	}
	var first time.Time
	for _, i := range now.Invariants {
		gauge(s.violations, float64(i.Violations), i.Check)
		if first.IsZero() || i.CheckedAt.Before(first) {
			first = i.CheckedAt
		}
	}
	if !first.IsZero() {
		gauge(s.checkedAt, float64(first.UnixMilli())/1000)
	}
}

// refresh reads when what is there is old; of several scrapes at once one reads.
func (s *stored) refresh() (Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.readAt.IsZero() && time.Since(s.readAt) < storedFor {
		return s.last, s.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), storedTimeout)
	defer cancel()
	s.last, s.err = s.read(ctx)
	s.readAt = time.Now()
	return s.last, s.err
}
