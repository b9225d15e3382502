// Package metrics is every figure that a process shows to Prometheus, by its name and labels. Those who
// count are told how by cmd; they know the functions here, or do not know that there is Prometheus at all.
//
// All labels are bounded: routes by their patterns, kinds and classes that are constants of ours. An id, a URL
// or a merchant is never one. What the dashboard, the alerts and the runbook name is held against a running
// process (e2e).
package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// namespace begins every name that is ours.
const namespace = "paygate"

// The buckets, in seconds. Those of requests are closest where the promise is (p99 below 50 ms).
var (
	requestBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	jobBuckets     = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	waitBuckets    = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 5, 15, 60, 300, 1800}
	sizeBuckets    = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}
)

// Metrics are those of one process. A nil one counts nothing, which is what tests of other things use.
type Metrics struct {
	registry *prometheus.Registry

	requests    *prometheus.HistogramVec
	underWay    *prometheus.GaugeVec
	idempotency *prometheus.CounterVec

	batchSizes   *prometheus.HistogramVec
	batchTimes   *prometheus.HistogramVec
	batchWaits   *prometheus.HistogramVec
	batchRepeats *prometheus.CounterVec

	jobTimes *prometheus.HistogramVec
	jobWaits *prometheus.HistogramVec

	payments   *prometheus.CounterVec
	attempts   *prometheus.HistogramVec
	deliveries *prometheus.CounterVec

	redisTimes *prometheus.HistogramVec
}

// New returns the figures of a process that runs this version, with those of Go's runtime.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: namespace, Name: "build_info", Help: "Always 1; the labels tell what runs.",
			ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
		}, func() float64 { return 1 }),
	)
	m.addHTTP()
	m.addBatches()
	m.addJobs()
	m.addMoney()
	m.addRedis()
	return m
}

// Registry is what a server of these figures gathers from.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}
