package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"paygate/db/local/process"
)

// masterName is what the Sentinels call the primary.
const masterName = "paygate"

// fleet is a Redis primary, its replica, and three Sentinels who watch them.
type fleet struct {
	servers, sentinels []*redisServer
}

// redisServer is one process.
type redisServer struct {
	addr, dir string
	args      []string
	process   *process.Process
}

// startFleet returns when the Sentinels know everybody. What it returns has to be stopped in any case.
func startFleet(ctx context.Context, dir string) (*fleet, error) {
	f := &fleet{}
	start := func(list *[]*redisServer, name string, args ...string) error {
		s, err := startRedisServer(ctx, filepath.Join(dir, name), args...)
		if s != nil {
			*list = append(*list, s)
		}
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return f, fmt.Errorf("error making Redis' folder: %w", err)
	}
	plain := []string{"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"}
	if err := start(&f.servers, "redis-1", plain...); err != nil {
		return f, err
	}
	primary := strings.Replace(f.servers[0].addr, ":", " ", 1)
	if err := start(&f.servers, "redis-2", append([]string{"--replicaof", primary}, plain...)...); err != nil {
		return f, err
	}
	for _, name := range []string{"sentinel-1", "sentinel-2", "sentinel-3"} {
		// A file, since a Sentinel notes there what it learns.
		file := filepath.Join(dir, name+".conf")
		text := fmt.Sprintf("sentinel monitor %[1]s %[2]s 2\nsentinel down-after-milliseconds %[1]s 2000\nsentinel failover-timeout %[1]s 6000\n", masterName, primary)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return f, fmt.Errorf("error configuring a Sentinel: %w", err)
		}
		if err := start(&f.sentinels, name, file, "--sentinel"); err != nil {
			return f, err
		}
	}
	return f, await(ctx, clusterLimit, 100*time.Millisecond, func(ctx context.Context) error {
		for _, s := range f.sentinels {
			if info, err := s.info(ctx, "sentinel"); err != nil || !strings.Contains(info, "slaves=1,sentinels=3") {
				return fmt.Errorf("the Sentinels do not know each other and the replica: %w\n%s", err, info)
			}
		}
		return nil
	})
}

func startRedisServer(ctx context.Context, dir string, args ...string) (*redisServer, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("error making Redis' folder: %w", err)
	}
	s := &redisServer{addr: addr, dir: dir, args: args}
	return s, s.start(ctx)
}

// start starts the server as it was first configured, with nothing in it.
func (s *redisServer) start(ctx context.Context) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return errors.New("redis-server is not installed: on Debian, apt-get install redis-server")
	}
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return fmt.Errorf("error reading Redis' address: %w", err)
	}
	s.process, err = process.Start(process.Spec{
		Path: program, Dir: s.dir, OnParentDeath: syscall.SIGKILL,
		Args: append(append([]string{}, s.args...), "--port", port, "--bind", "127.0.0.1", "--dir", s.dir),
	})
	if err != nil {
		return fmt.Errorf("error starting Redis: %w", err)
	}
	return await(ctx, 30*time.Second, 20*time.Millisecond, func(ctx context.Context) error {
		_, err := s.info(ctx, "server")
		return err
	})
}

func (s *redisServer) stop(ctx context.Context) error {
	if s.process == nil {
		return nil
	}
	return s.process.Stop(ctx, 0)
}

// info is a section of what the server says about itself.
func (s *redisServer) info(ctx context.Context, section string) (string, error) {
	var text string
	err := s.ask(ctx, func(ctx context.Context, client *redis.Client) (err error) {
		text, err = client.Info(ctx, section).Result()
		return err
	})
	return text, err
}

func (s *redisServer) ask(ctx context.Context, question func(ctx context.Context, client *redis.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: s.addr, PoolSize: 1, MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	if err := question(ctx, client); err != nil {
		return fmt.Errorf("error asking the Redis at %s: %w", s.addr, err)
	}
	return nil
}

// url names the Sentinels, of whom the gateway learns the rest.
func (f *fleet) url() string {
	var addresses []string
	for _, s := range f.sentinels {
		addresses = append(addresses, s.addr)
	}
	return "redis+sentinel://" + strings.Join(addresses, ",") + "/0?master_name=" + masterName
}

// primary is whom the Sentinels agree upon, and who says the same.
func (f *fleet) primary(ctx context.Context) (*redisServer, error) {
	var named string
	for i, s := range f.sentinels {
		var said string
		err := s.ask(ctx, func(ctx context.Context, client *redis.Client) error {
			reply, err := client.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName).StringSlice()
			said = strings.Join(reply, ":")
			return err
		})
		if err != nil {
			return nil, err
		}
		if i > 0 && said != named {
			return nil, fmt.Errorf("one Sentinel says %s, another %s", named, said)
		}
		named = said
	}
	for _, s := range f.servers {
		if s.addr != named {
			continue
		}
		info, err := s.info(ctx, "replication")
		if err == nil && !strings.Contains(info, "role:master") {
			err = errors.New("it does not know that it leads")
		}
		return s, err
	}
	return nil, fmt.Errorf("the Sentinels name %q", named)
}

// awaitOther waits until another server than this one leads, and returns when that was.
func (f *fleet) awaitOther(ctx context.Context, than *redisServer) (time.Time, error) {
	err := await(ctx, clusterLimit, 10*time.Millisecond, func(ctx context.Context) error {
		s, err := f.primary(ctx)
		if err == nil && s == than {
			err = errors.New("the old one still leads")
		}
		return err
	})
	return time.Now(), err
}

// awaitWhole waits until there is a primary with a replica.
func (f *fleet) awaitWhole(ctx context.Context) error {
	return await(ctx, clusterLimit, 100*time.Millisecond, func(ctx context.Context) error {
		s, err := f.primary(ctx)
		if err != nil {
			return err
		}
		info, err := s.info(ctx, "replication")
		if err == nil && (!strings.Contains(info, "connected_slaves:1") || !strings.Contains(info, "state=online")) {
			err = errors.New("the primary has no replica")
		}
		return err
	})
}

func (f *fleet) stop(ctx context.Context) error {
	var errs []error
	for _, s := range append(append([]*redisServer{}, f.sentinels...), f.servers...) {
		errs = append(errs, s.stop(ctx))
	}
	return errors.Join(errs...)
}
