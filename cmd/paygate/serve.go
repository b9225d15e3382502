package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"

	"paygate/httpapi"
)

// listen opens an address that is served later, with an error that names the setting to change. Until
// then the system keeps who connects waiting.
func (p *process) listen(ctx context.Context, at address, setting string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", string(at))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use: stop what listens there, or choose another address with %s", at, setting)
	}
	if err != nil {
		return nil, usagef("%s: %w", setting, err)
	}
	p.onStop(func(context.Context) error {
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) { // its server closed it
			return fmt.Errorf("error closing %s: %w", at, err)
		}
		return nil
	})
	return listener, nil
}

// onLoopback tells whether only this machine can connect.
func onLoopback(listener net.Listener) bool {
	at, ok := listener.Addr().(*net.TCPAddr)
	return ok && at.IP.IsLoopback()
}

// serve answers on listener in the background. When the process stops, it accepts nothing new and
// finishes the requests that are under way; onShutdown ends those that would not end by themselves.
func (p *process) serve(listener net.Listener, handler http.Handler, logger *slog.Logger, onShutdown ...func()) {
	server := httpapi.NewHTTPServer(overTLSAlone(handler), logger)
	for _, end := range onShutdown {
		server.RegisterOnShutdown(end)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.fail(fmt.Errorf("error serving on %s: %w", listener.Addr(), err))
		}
	}()
	p.onStop(func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("error finishing requests on %s: %w", listener.Addr(), err), server.Close())
		}
		<-ended
		return err
	})
}
