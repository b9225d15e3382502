package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"paygate/db/local"
	"paygate/db/local/process"
)

const (
	// redisDatabases is how many tests may use Redis at the same time.
	redisDatabases = 256
	redisAttempts  = 5
	redisInterval  = 5 * time.Millisecond
	redisStopGrace = 5 * time.Second
)

// redisPrograms are the names that the server goes by.
var redisPrograms = []string{"redis-server", "valkey-server"}

// redisServer hands out the databases of one server, or servers of our own making.
type redisServer struct {
	// child is nil when the machine has no Redis: every test then gets an in-process one.
	child   *process.Process
	address string
	// free holds the numbers of the databases that no test uses, all of them empty.
	free chan int
}

func startRedis(ctx context.Context) (*redisServer, error) {
	program := redisProgram()
	if program == "" {
		return &redisServer{}, nil
	}
	dir, err := runFolder(ctx)
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, redisFolder)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("error making the folder of the test Redis: %w", err)
	}
	child, port, err := launchRedis(ctx, program, dir, func(int) []string {
		return []string{"--databases", strconv.Itoa(redisDatabases), "--save", "", "--appendonly", "no"} // nothing is written to disk
	})
	if err != nil {
		return nil, err
	}
	r := &redisServer{child: child, address: onLoopback(port), free: make(chan int, redisDatabases)}
	for n := range redisDatabases {
		r.free <- n
	}
	return r, nil
}

// redisProgram is the server's file, "" when the machine has none.
func redisProgram() string {
	for _, name := range redisPrograms {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

func onLoopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// launchRedis starts a server with these arguments on a free port, and on another one when somebody was
// faster.
func launchRedis(ctx context.Context, program, dir string, args func(port int) []string) (*process.Process, int, error) {
	var err error
	for range redisAttempts {
		var port int
		if port, err = local.FreePort(ctx); err != nil {
			return nil, 0, err
		}
		var child *process.Process
		var taken bool
		if child, taken, err = startRedisAt(ctx, program, dir, port, args(port)); err == nil {
			return child, port, nil
		}
		if !taken {
			break
		}
	}
	return nil, 0, err
}

// startRedisAt returns true with its error when another process has the port.
func startRedisAt(ctx context.Context, program, dir string, port int, args []string) (*process.Process, bool, error) {
	child, err := process.Start(process.Spec{
		Path:          program,
		Args:          slices.Concat(args, []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir}),
		Dir:           dir,
		OnParentDeath: syscall.SIGKILL,
	})
	if err != nil {
		return nil, false, err
	}
	if err := awaitRedis(ctx, child, onLoopback(port)); err != nil {
		return nil, strings.Contains(child.Tail(), "Address already in use"), errors.Join(err, child.Stop(ctx, redisStopGrace, syscall.SIGTERM))
	}
	return child, false, nil
}

// awaitRedis returns when the server that answers at address is the child, and not one that
// took its port.
func awaitRedis(ctx context.Context, child *process.Process, address string) error {
	client := goredis.NewClient(&goredis.Options{Addr: address, MaxRetries: -1, DialerRetries: 1, PoolSize: 1})
	defer client.Close()
	ours := "process_id:" + strconv.Itoa(child.PID()) + "\r\n"
	ticker := time.NewTicker(redisInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("error waiting for the test Redis: %w", ctx.Err())
		case <-child.Done():
			return fmt.Errorf("the test Redis ended while starting:\n%s", child.Tail())
		case <-ticker.C:
		}
		// Dialled first: the client logs every refusal.
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			continue
		}
		_ = conn.Close() // it served its purpose
		if info, err := client.Info(ctx, "server").Result(); err == nil && strings.Contains(info, ours) {
			return nil
		}
	}
}

// create returns the URL of an empty database, and what gives it back.
func (r *redisServer) create(ctx context.Context) (string, func(context.Context) error, error) {
	if r.child == nil {
		server, err := local.StartRedis(ctx)
		if err != nil {
			return "", nil, err
		}
		return server.URL(), func(context.Context) error { server.Close(); return nil }, nil
	}
	select {
	case n := <-r.free:
		return "redis://" + r.address + "/" + strconv.Itoa(n), func(ctx context.Context) error { return r.empty(ctx, n) }, nil
	case <-ctx.Done():
		return "", nil, fmt.Errorf("error waiting for one of %d Redis databases: %w", redisDatabases, ctx.Err())
	}
}

func (r *redisServer) empty(ctx context.Context, n int) error {
	client := goredis.NewClient(&goredis.Options{Addr: r.address, DB: n, PoolSize: 1})
	if err := errors.Join(client.FlushDB(ctx).Err(), client.Close()); err != nil {
		return fmt.Errorf("error emptying a test's Redis: %w", err)
	}
	r.free <- n
	return nil
}

func (r *redisServer) stop(ctx context.Context) error {
	if r.child == nil {
		return nil
	}
	return r.child.Stop(ctx, redisStopGrace, syscall.SIGTERM)
}
