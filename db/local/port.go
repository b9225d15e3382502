package local

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// postgresPort belongs to the machine's own server, even while that is not running.
const postgresPort = 5432

// FreePort returns a TCP port that is free on the loopback interface, and never 5432.
// Another process may take it before the caller does: starting a server on it must be
// tried again on another one.
func FreePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	for {
		listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, fmt.Errorf("error finding a free port: %w", err)
		}
		address, ok := listener.Addr().(*net.TCPAddr)
		if err := listener.Close(); err != nil {
			return 0, fmt.Errorf("error finding a free port: %w", err)
		}
		if !ok {
			return 0, errors.New("error finding a free port: not a TCP address")
		}
		if address.Port != postgresPort {
			return address.Port, nil
		}
	}
}
