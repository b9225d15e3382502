package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"syscall"
	"time"

	"paygate/httpapi"
)

// drainTimeout bounds how long a process that was asked to stop finishes what it began.
const drainTimeout = 25 * time.Second

// listen opens an address, with an error that names the setting to change.
func listen(ctx context.Context, addr, setting string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use: stop what listens there, or choose another address with %s", addr, setting)
	}
	if err != nil {
		return nil, usagef("%s: %w", setting, err)
	}
	return listener, nil
}

// serve answers on listener until ctx ends, then finishes the requests that are under way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger, onShutdown ...func()) error {
	server := httpapi.NewHTTPServer(handler, logger)
	for _, f := range onShutdown {
		server.RegisterOnShutdown(f)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("error serving on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		return errors.Join(fmt.Errorf("error finishing requests on %s: %w", listener.Addr(), err), server.Close())
	}
	return nil
}

// admin is what an operator's tools ask of a process, kept off the public listeners.
func admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// serveAdmin serves admin until ctx ends; with no address it does nothing.
func serveAdmin(ctx context.Context, addr string, logger *slog.Logger) error {
	if addr == "" {
		<-ctx.Done()
		return nil
	}
	listener, err := listen(ctx, addr, "PAYGATE_ADMIN_ADDR")
	if err != nil {
		return err
	}
	return serve(ctx, listener, admin(), logger)
}

// together runs parts until one fails or all have ended; when one fails the others are stopped.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() { ended <- part(ctx) }()
	}
	var errs []error
	for range parts {
		if err := <-ended; err != nil {
			errs = append(errs, err)
			cancel()
		}
	}
	return errors.Join(errs...)
}
