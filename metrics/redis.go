package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func (m *Metrics) addRedis() {
	m.redisTimes = m.histogram("redis_exchange_duration_seconds", "Round trips to Redis by outcome: ok or failed.", requestBuckets, "outcome")
}

// Exchange counts a round trip to Redis.
func (m *Metrics) Exchange(took time.Duration, err error) {
	if m == nil {
		return
	}
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.redisTimes.WithLabelValues(outcome).Observe(took.Seconds())
}

// WatchRedis shows whether Redis is in use; inUse is asked at each scrape.
func (m *Metrics) WatchRedis(inUse func() bool) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: namespace, Name: "redis_up", Help: "1 while Redis is in use, 0 while its breaker is open.",
	}, func() float64 {
		if inUse() {
			return 1
		}
		return 0
	}))
}
