package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"paygate/db/local/process"
)

// cache is a Redis that can be broken, and the lines that lead to it.
type cache struct {
	dir   string
	addr  string
	links []*link

	mu     sync.Mutex
	server *process.Process
}

func startCache(ctx context.Context, dir string) (*cache, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("error making Redis' folder: %w", err)
	}
	c := &cache{dir: dir, addr: addr}
	return c, c.start(ctx)
}

// start starts the server with nothing in it.
func (c *cache) start(ctx context.Context) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return errors.New("redis-server is not installed: on Debian, apt-get install redis-server")
	}
	_, port, err := net.SplitHostPort(c.addr)
	if err != nil {
		return fmt.Errorf("error reading Redis' address: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server, err = process.Start(process.Spec{
		Path: program, Dir: c.dir, OnParentDeath: syscall.SIGKILL,
		Args: []string{"--port", port, "--bind", "127.0.0.1", "--dir", c.dir, "--save", "", "--appendonly", "no"},
	})
	if err != nil {
		return fmt.Errorf("error starting Redis: %w", err)
	}
	return await(ctx, 30*time.Second, 10*time.Millisecond, func(ctx context.Context) error {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", c.addr)
		if err != nil {
			return fmt.Errorf("error connecting to Redis: %w", err)
		}
		return conn.Close()
	})
}

func (c *cache) link(ctx context.Context, name string) (*link, error) {
	l, err := newLink(ctx, name, c.addr)
	if err == nil {
		c.links = append(c.links, l)
	}
	return l, err
}

// flush empties it.
func (c *cache) flush(ctx context.Context) error {
	client := redis.NewClient(&redis.Options{Addr: c.addr, PoolSize: 1})
	defer client.Close()
	if err := client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("error flushing Redis: %w", err)
	}
	return nil
}

// signal stops and continues the server without ending it.
func (c *cache) signal(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server.Signal(sig)
}

// end kills the server.
func (c *cache) end(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server.Stop(ctx, 0)
}

func (c *cache) stop(ctx context.Context) error {
	for _, l := range c.links {
		l.cut()
	}
	return c.end(ctx)
}
