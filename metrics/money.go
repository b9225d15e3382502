package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func (m *Metrics) addMoney() {
	m.payments = m.counter("payments_settled_total", "Payments that the acquirer has answered, by what they came to and their method.", "status", "method")
	m.attempts = m.histogram("webhook_attempt_duration_seconds", "Attempts to deliver webhooks by outcome: success, or the class of the failure.",
		jobBuckets, "outcome")
	m.deliveries = m.counter("webhook_deliveries_total", "Deliveries that have come to rest: delivered, exhausted, or paused with their endpoint.", "outcome")
	m.attempts.WithLabelValues(success)
	for _, outcome := range []string{"delivered", "exhausted", "paused"} {
		m.deliveries.WithLabelValues(outcome)
	}
}

const success = "success"

// Settled counts a payment that came to a status. method is "" for a payment without one.
func (m *Metrics) Settled(status, method string) {
	if m == nil {
		return
	}
	if method == "" {
		method = "none"
	}
	m.payments.WithLabelValues(status, method).Inc()
}

// Attempt counts one exchange with an endpoint; class is that of its failure, "" for none.
func (m *Metrics) Attempt(class string, took time.Duration) {
	if m == nil {
		return
	}
	if class == "" {
		class = success
	}
	m.attempts.WithLabelValues(class).Observe(took.Seconds())
}

// Delivery counts a delivery that has come to rest in a status.
func (m *Metrics) Delivery(status string) {
	if m != nil {
		m.deliveries.WithLabelValues(status).Inc()
	}
}

// WatchLanes shows how many endpoints have their breaker open, and how many attempts are in flight.
func (m *Metrics) WatchLanes(read func() (open, inFlight int)) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "webhook_breakers_open", Help: "Endpoints that fail so much that this process sends them a probe at a time.",
		}, func() float64 { open, _ := read(); return float64(open) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "webhook_attempts_in_flight", Help: "Attempts that wait for their endpoint's answer.",
		}, func() float64 { _, inFlight := read(); return float64(inFlight) }),
	)
}
