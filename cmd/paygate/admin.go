package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/pprof"
)

// admin is what an operator's tools ask of a process, kept off the public listeners.
func admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}`)) // who asked is gone, or has it
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
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
	p.serve(listener, admin(), logger)
	logger.LogAttrs(ctx, slog.LevelInfo, "admin is serving", slog.String("addr", listener.Addr().String()))
	return urlOf(listener), nil
}
