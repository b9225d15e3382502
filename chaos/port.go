package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports that are used lie below those that the system gives to outgoing connections: who gives one up for a
// while, by dying say, must find it free again.
const (
	firstPort = 15_000
	lastPort  = 32_000
)

// freeAddr is an address on loopback that nobody listens at.
func freeAddr(ctx context.Context) (string, error) {
	var config net.ListenConfig
	for range 1000 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort))) //nolint:gosec // any will do
		listener, err := config.Listen(ctx, "tcp", addr)
		if err == nil {
			return addr, listener.Close()
		}
	}
	return "", errors.New("no port is free")
}
