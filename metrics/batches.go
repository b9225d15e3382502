package metrics

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"paygate/db/groupcommit"
)

func (m *Metrics) addBatches() {
	m.batchSizes = m.histogram("batch_size", "Items in each gathered transaction.", sizeBuckets, "group")
	m.batchTimes = m.histogram("batch_duration_seconds", "Gathered transactions by outcome (committed, failed, unknown), from BEGIN to the answer to COMMIT.",
		jobBuckets, "group", "outcome")
	m.batchWaits = m.histogram("batch_wait_seconds", "How long the oldest item of each transaction waited for it.", waitBuckets, "group")
	m.batchRepeats = m.counter("batch_repeats_total", "Transactions that tried items again after a failure.", "group")
}

// Batch is a groupcommit.Options.Observe.
func (m *Metrics) Batch(b groupcommit.Batch) {
	if m == nil {
		return
	}
	outcome := "committed"
	switch {
	case errors.Is(b.Err, groupcommit.ErrUnknown):
		outcome = "unknown"
	case b.Err != nil:
		outcome = "failed"
	}
	m.batchTimes.WithLabelValues(b.Name, outcome).Observe(b.Duration.Seconds())
	repeats := m.batchRepeats.WithLabelValues(b.Name) // shown from the first transaction on, as zero
	if b.Repeated {
		repeats.Inc()
		return
	}
	m.batchSizes.WithLabelValues(b.Name).Observe(float64(b.Size))
	m.batchWaits.WithLabelValues(b.Name).Observe(b.Wait.Seconds())
}

// queued asks groups how many items wait in them.
type queued struct {
	desc *prometheus.Desc
	read func() map[string]int
}

// WatchQueued shows how many items wait in groups, by their names; read is asked at each scrape.
func (m *Metrics) WatchQueued(read func() map[string]int) {
	m.registry.MustRegister(&queued{describe("batch_queued", "Items that no transaction has taken yet.", "group"), read})
}

// Describe implements prometheus.Collector. It names nothing, so that there may be several of its kind.
func (*queued) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (q *queued) Collect(to chan<- prometheus.Metric) {
	for group, n := range q.read() {
		to <- prometheus.MustNewConstMetric(q.desc, prometheus.GaugeValue, float64(n), group)
	}
}
