package metrics

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// pool shows the connections of a process to Postgres.
type pool struct {
	stat func() *pgxpool.Stat

	connections, most, acquires, waited, empty, canceled, opened *prometheus.Desc
}

// WatchPool shows a pool; stat is asked at each scrape.
func (m *Metrics) WatchPool(stat func() *pgxpool.Stat) {
	m.registry.MustRegister(&pool{
		stat:        stat,
		connections: describe("postgres_pool_connections", "Connections by state: acquired, idle or constructing.", "state"),
		most:        describe("postgres_pool_max_connections", "The bound of the pool."),
		acquires:    describe("postgres_pool_acquires_total", "Connections taken from the pool."),
		waited:      describe("postgres_pool_acquire_wait_seconds_total", "Time spent waiting for a connection."),
		empty:       describe("postgres_pool_empty_acquires_total", "Times that somebody had to wait for a connection."),
		canceled:    describe("postgres_pool_canceled_acquires_total", "Times that somebody gave up waiting."),
		opened:      describe("postgres_pool_opened_connections_total", "Connections opened."),
	})
}

// Describe implements prometheus.Collector.
func (p *pool) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{p.connections, p.most, p.acquires, p.waited, p.empty, p.canceled, p.opened} {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (p *pool) Collect(to chan<- prometheus.Metric) {
	s := p.stat()
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	counter := func(desc *prometheus.Desc, value float64) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value)
	}
	gauge(p.connections, float64(s.AcquiredConns()), "acquired")
	gauge(p.connections, float64(s.IdleConns()), "idle")
	gauge(p.connections, float64(s.ConstructingConns()), "constructing")
	gauge(p.most, float64(s.MaxConns()))
	counter(p.acquires, float64(s.AcquireCount()))
	counter(p.waited, s.EmptyAcquireWaitTime().Seconds())
	counter(p.empty, float64(s.EmptyAcquireCount()))
	counter(p.canceled, float64(s.CanceledAcquireCount()))
	counter(p.opened, float64(s.NewConnsCount()))
}
