package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// unmatched stands for paths that lead nowhere, which anybody can invent.
const unmatched = "unmatched"

func (m *Metrics) addHTTP() {
	m.requests = m.histogram("http_request_duration_seconds", "Requests by server, method, route pattern and status, and how long they took.",
		requestBuckets, "server", "method", "route", "code")
	m.underWay = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Name: "http_requests_in_flight", Help: "Requests that are being answered.",
	}, []string{"server"})
	m.registry.MustRegister(m.underWay)
	m.idempotency = m.counter("idempotent_requests_total", "Requests with an Idempotency-Key by what became of them: "+
		"first, replayed_redis, replayed_postgres, in_progress, reused or failed.", "outcome")
	for _, outcome := range []Idempotent{First, ReplayedRedis, ReplayedPostgres, InProgress, Reused, Failed} {
		m.idempotency.WithLabelValues(string(outcome))
	}
}

// codes are the statuses as labels, made once.
var codes = func() (all [600]string) {
	for status := range all {
		all[status] = strconv.Itoa(status)
	}
	return all
}()

// Server counts the requests of one server.
type Server struct {
	requests prometheus.ObserverVec
	underWay prometheus.Gauge
}

// Server returns the counters of a server by its name: api, checkout, dashboard.
func (m *Metrics) Server(name string) *Server {
	if m == nil {
		return nil
	}
	return &Server{m.requests.MustCurryWith(prometheus.Labels{"server": name}), m.underWay.WithLabelValues(name)}
}

// Begin notes that a request has come.
func (s *Server) Begin() {
	if s != nil {
		s.underWay.Inc()
	}
}

// End counts an answered request. route is its pattern, "" for none.
func (s *Server) End(method, route string, status int, took time.Duration) {
	if s == nil {
		return
	}
	s.underWay.Dec()
	if route == "" {
		route = unmatched
	}
	code := "other"
	if status >= 0 && status < len(codes) {
		code = codes[status]
	}
	s.requests.WithLabelValues(methodOf(method), route, code).Observe(took.Seconds())
}

// methodOf bounds what a caller can write.
func methodOf(method string) string {
	switch method {
	case "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS":
		return method
	}
	return "other"
}

// Idempotent is what became of a request with an Idempotency-Key.
type Idempotent string

// The fates of such requests.
const (
	First            Idempotent = "first"
	ReplayedRedis    Idempotent = "replayed_redis"
	ReplayedPostgres Idempotent = "replayed_postgres"
	InProgress       Idempotent = "in_progress"
	Reused           Idempotent = "reused"
	Failed           Idempotent = "failed"
)

// Idempotent counts a request with a key.
func (m *Metrics) Idempotent(outcome Idempotent) {
	if m != nil {
		m.idempotency.WithLabelValues(string(outcome)).Inc()
	}
}
