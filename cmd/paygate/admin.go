package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readyzTimeout bounds what a probe waits for one part.
const readyzTimeout = 2 * time.Second

// parts tells whether a process can do its work now. That it lives is another question: one that waits
// for Postgres is alive, and would gain nothing by being restarted.
type parts struct {
	mu     sync.Mutex
	checks map[string]func(ctx context.Context) error
	// state is starting, ready or stopping.
	state string
}

const (
	stateStarting = "starting"
	stateReady    = "ready"
	stateStopping = "stopping"
)

// needs adds a part without which nothing can be done.
func (p *parts) needs(name string, check func(ctx context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.checks == nil {
		p.checks = make(map[string]func(ctx context.Context) error)
	}
	p.checks[name] = check
}

func (p *parts) become(state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state = state
}

// examine asks each part, and returns the state with what is missing.
func (p *parts) examine(ctx context.Context) (state string, missing map[string]string) {
	p.mu.Lock()
	state = p.state
	checks := maps.Clone(p.checks)
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readyzTimeout)
	defer cancel()
	missing = make(map[string]string)
	for name, check := range checks {
		if check(ctx) != nil { // why is in the log of those who need it
			missing[name] = "missing"
		}
	}
	return state, missing
}

// admin is what an operator's tools ask of a process, kept off the public listeners.
func (p *process) admin() http.Handler {
	mux := http.NewServeMux()
	alive := func(w http.ResponseWriter, _ *http.Request) {
		answerProbe(w, http.StatusOK, map[string]any{"status": "ok"})
	}
	mux.HandleFunc("GET /health", alive)
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		state, missing := p.parts.examine(r.Context())
		body, status := map[string]any{"status": state}, http.StatusOK
		if len(missing) > 0 && state == stateReady {
			body["status"] = "unavailable"
		}
		for name, what := range missing {
			body[name] = what
		}
		if body["status"] != stateReady {
			status = http.StatusServiceUnavailable
		}
		answerProbe(w, status, body)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics.Registry(), promhttp.HandlerOpts{Registry: p.metrics.Registry()}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func answerProbe(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asked is gone, or has it
}

// serveAdmin serves admin in the background and returns its URL, "" when it is switched off.
func (p *process) serveAdmin(ctx context.Context, s adminSettings, logger *slog.Logger) (string, error) {
	if s.AdminAddr.address == "" {
		return "", nil
	}
	listener, err := p.listen(ctx, s.AdminAddr.address, "PAYGATE_ADMIN_ADDR")
	if err != nil {
		return "", err
	}
	p.serve(listener, p.admin(), logger)
	logger.LogAttrs(ctx, slog.LevelInfo, "admin is serving", slog.String("addr", listener.Addr().String()))
	return urlOf(listener), nil
}
