package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/local"
)

// maxConnections of the server: what the processes may take, and a little.
const maxConnections = 120

// database is a Postgres that can be broken, and the lines that lead to it.
type database struct {
	dir   string
	links []*link
	// cluster stands in for server where the stores are replicated.
	cluster *cluster
	// volume bounds the disk; nil where it cannot be.
	volume *volume

	mu     sync.Mutex
	server *local.Postgres
}

func startDatabase(ctx context.Context, dir string, v *volume) (*database, error) {
	d := &database{dir: dir, volume: v}
	return d, d.start(ctx)
}

// startReplicated is the same under Patroni.
func startReplicated(ctx context.Context, dir, logs string) (*database, error) {
	c, err := startCluster(ctx, dir, logs)
	return &database{dir: dir, cluster: c}, err
}

// start starts the server and leads the lines to it. It is on another port each time.
func (d *database) start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	server, err := local.StartPostgres(ctx, local.PostgresOptions{Dir: d.dir, Settings: map[string]string{
		"max_connections": strconv.Itoa(maxConnections), "shared_buffers": "256MB",
		// Otherwise the log of changes grows to a gigabyte before it is used again.
		"max_wal_size": "256MB",
	}})
	if err != nil {
		return err
	}
	d.server = server
	return each(d.links, func(l *link) error { return l.lead(d.hostLocked()) })
}

func (d *database) hostLocked() string {
	parsed, err := url.Parse(d.urlLocked())
	if err != nil {
		panic(err) // it is made by url.URL
	}
	return parsed.Host
}

// link makes a new line and returns the URL at its near end.
func (d *database) link(ctx context.Context, name string) (*link, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l, err := newLink(ctx, name, d.hostLocked())
	if err != nil {
		return nil, "", err
	}
	d.links = append(d.links, l)
	return l, strings.Replace(d.urlLocked(), d.hostLocked(), l.addr(), 1), nil
}

// url leads to the server, or to whichever leads, by no line of the gateway's.
func (d *database) url() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.urlLocked()
}

func (d *database) urlLocked() string {
	if d.cluster != nil {
		return d.cluster.url()
	}
	return d.server.TCPURL()
}

// connect opens a connection that no fault of a line concerns.
func (d *database) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, d.url())
	if err != nil {
		return nil, fmt.Errorf("error connecting to Postgres: %w", err)
	}
	return conn, nil
}

// with runs do on a connection of its own, trying until there is one.
func (d *database) with(ctx context.Context, do func(conn *pgx.Conn) error) error {
	var conn *pgx.Conn
	err := await(ctx, time.Minute, 100*time.Millisecond, func(ctx context.Context) (err error) {
		conn, err = d.connect(ctx)
		return err
	})
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(conn)
}

// end stops the server by a signal: SIGINT is a fast shutdown, SIGQUIT an immediate one, SIGKILL none at all.
func (d *database) end(ctx context.Context, sig syscall.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	pid, err := d.postmaster()
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, sig); err != nil {
		return fmt.Errorf("error stopping Postgres: %w", err)
	}
	select {
	case <-d.server.Done():
	case <-ctx.Done():
		return fmt.Errorf("error waiting for Postgres to stop: %w", ctx.Err())
	}
	return d.server.Stop(ctx)
}

// postmaster is the pid of the server.
func (d *database) postmaster() (int, error) {
	text, err := os.ReadFile(filepath.Join(d.dir, "data", "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("error reading the server's pid: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		return 0, fmt.Errorf("error reading the server's pid: %w", err)
	}
	return pid, nil
}

// answers waits until the server does, starting it when it has ended, and returns when that was.
func (d *database) answers(ctx context.Context) (time.Time, error) {
	err := await(ctx, time.Minute, 10*time.Millisecond, func(ctx context.Context) error {
		d.mu.Lock()
		server := d.server
		d.mu.Unlock()
		select {
		case <-server.Done():
			if err := errors.Join(server.Stop(ctx), d.start(ctx)); err != nil {
				return err
			}
		default:
		}
		conn, err := d.connect(ctx)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "SELECT 1")
		return err
	})
	return time.Now(), err
}

func (d *database) stop(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.links {
		l.cut()
	}
	switch {
	case d.cluster != nil:
		return d.cluster.stop(ctx)
	case d.server != nil:
		return d.server.Stop(ctx)
	}
	return nil
}
