package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/local"
	"paygate/db/local/process"
)

const (
	// programPatroni is Debian's, which runs on Debian's Python whatever other one is in PATH.
	programPatroni = "/usr/bin/patroni"
	// programHAProxy is not in everybody's PATH.
	programHAProxy = "/usr/sbin/haproxy"

	// clusterLimit bounds every wait for Patroni: for a new primary, and for the old one to follow it.
	clusterLimit = time.Minute
	// stopGrace is how long a server may take to end in order.
	stopGrace = 10 * time.Second
)

// cluster is a Postgres under Patroni: a primary, a replica that has every commit before it is acknowledged, an
// etcd that holds who leads, and an HAProxy that leads to that one. Each node is reached, and reaches etcd, by lines of
// its own, so that it can be cut off.
type cluster struct {
	dir      string
	logs     string // folder of what the servers say
	front    string // HAProxy's address
	password string
	nodes    []*node
	etcd     *process.Process
	proxy    *process.Process
}

// node is one Postgres and its Patroni.
type node struct {
	name           string
	dir, log       string
	account        *process.Account
	listen, rest   string // where Postgres and Patroni's HTTP API listen
	toNode, toRest *link  // by which others come to those
	toEtcd         *link

	mu      sync.Mutex
	patroni *process.Process
	output  io.WriteCloser
}

// startCluster starts everything with its data in dir and its logs in another folder, and returns when there is a
// primary with a synchronous replica and an empty database. What it returns has to be stopped in any case.
func startCluster(ctx context.Context, dir, logs string) (*cluster, error) {
	c := &cluster{dir: dir, logs: logs, password: rand.Text()}
	if err := os.Mkdir(dir, 0o711); err != nil { //nolint:gosec // the servers' account goes through it
		return c, fmt.Errorf("error making a folder: %w", err)
	}
	for _, program := range []string{programPatroni, programHAProxy} {
		if _, err := os.Stat(program); err != nil {
			return c, fmt.Errorf("%s is missing: on Debian, apt-get install patroni etcd-server haproxy: %w", program, err)
		}
	}
	client, err := c.startEtcd(ctx)
	if err != nil {
		return c, err
	}
	for _, name := range []string{"node-1", "node-2"} {
		n, err := c.newNode(ctx, name, client)
		if err != nil {
			return c, err
		}
		c.nodes = append(c.nodes, n)
		if err := n.start(); err != nil {
			return c, err
		}
	}
	if err := c.startProxy(ctx); err != nil {
		return c, err
	}
	if err := c.awaitWhole(ctx); err != nil {
		return c, err
	}
	return c, c.createDatabase(ctx)
}

// url leads to the primary, whichever it is.
func (c *cluster) url() string { return c.urlOf(c.front, databaseName) }

func (c *cluster) urlOf(host, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(superuser, c.password), Host: host, Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

func (c *cluster) startEtcd(ctx context.Context) (client string, err error) {
	program, err := exec.LookPath("etcd")
	if err != nil {
		return "", errors.New("etcd is not installed: on Debian, apt-get install etcd-server")
	}
	client, err = freeAddr(ctx)
	if err != nil {
		return "", err
	}
	peer, err := freeAddr(ctx)
	if err != nil {
		return "", err
	}
	c.etcd, err = process.Start(process.Spec{
		Path: program, Dir: c.dir, OnParentDeath: syscall.SIGKILL,
		Args: []string{
			"--data-dir", filepath.Join(c.dir, "etcd"), "--logger", "zap", "--log-outputs", filepath.Join(c.logs, "etcd.log"),
			"--listen-client-urls", "http://" + client, "--advertise-client-urls", "http://" + client,
			"--listen-peer-urls", "http://" + peer, "--initial-advertise-peer-urls", "http://" + peer, "--initial-cluster", "default=http://" + peer,
		},
	})
	if err != nil {
		return "", fmt.Errorf("error starting etcd: %w", err)
	}
	err = await(ctx, clusterLimit, 50*time.Millisecond, func(ctx context.Context) error { return healthy(ctx, "http://"+client+"/health") })
	if err != nil {
		return "", fmt.Errorf("error waiting for etcd: %w\n%s", err, c.etcd.Tail())
	}
	return client, nil
}

// healthy asks a server for how it is; all but status 200 is an error.
func healthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("error making a request: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("error asking %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d", url, response.StatusCode)
	}
	return errors.Join(err, response.Body.Close())
}

func (c *cluster) startProxy(ctx context.Context) error {
	var err error
	if c.front, err = freeAddr(ctx); err != nil {
		return err
	}
	file := filepath.Join(c.dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(c.proxyConfiguration()), 0o600); err != nil {
		return fmt.Errorf("error configuring HAProxy: %w", err)
	}
	c.proxy, err = process.Start(process.Spec{
		Path: programHAProxy, Args: []string{"-db", "-f", file}, Dir: c.dir, OnParentDeath: syscall.SIGKILL,
	})
	if err != nil {
		return fmt.Errorf("error starting HAProxy: %w", err)
	}
	return nil
}

func (c *cluster) newNode(ctx context.Context, name, etcd string) (*node, error) {
	n := &node{name: name, dir: filepath.Join(c.dir, name), log: filepath.Join(c.logs, name+".log")}
	if err := os.Mkdir(n.dir, 0o700); err != nil {
		return nil, fmt.Errorf("error making the folder of %s: %w", name, err)
	}
	var err error
	for _, addr := range []*string{&n.listen, &n.rest} {
		if *addr, err = freeAddr(ctx); err != nil {
			return nil, err
		}
	}
	for _, line := range []struct {
		link     **link
		name, to string
	}{{&n.toNode, "to " + name, n.listen}, {&n.toRest, "to the API of " + name, n.rest}, {&n.toEtcd, "from " + name + " to etcd", etcd}} {
		if *line.link, err = newLink(ctx, line.name, line.to); err != nil {
			return nil, err
		}
	}
	configuration, err := n.configuration(ctx, c.password)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(n.dir, "patroni.json"), configuration, 0o600); err != nil {
		return nil, fmt.Errorf("error configuring Patroni: %w", err)
	}
	// After everything is in the folder, which may be given to that account.
	if _, n.account, err = local.Installed(ctx, n.dir); err != nil {
		return nil, fmt.Errorf("error looking for whom to run Postgres as: %w", err)
	}
	return n, nil
}

func (n *node) data() string { return filepath.Join(n.dir, "data") }

// lines are all by which the node is connected to anybody.
func (n *node) lines() []*link { return []*link{n.toNode, n.toRest, n.toEtcd} }

func (n *node) start() error {
	output, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("error opening the log of %s: %w", n.name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.output = output
	n.patroni, err = process.Start(process.Spec{
		Path: programPatroni, Args: []string{filepath.Join(n.dir, "patroni.json")}, Dir: n.dir, Account: n.account,
		Env: []string{"PATH=/usr/bin:/bin", "HOME=" + n.dir, "LC_ALL=C.UTF-8", "TZ=UTC"},
		// Patroni takes its Postgres with it.
		OnParentDeath: syscall.SIGTERM,
		Line:          func(line string) { _, _ = fmt.Fprintln(output, line) }, // the log is a help, no more
	})
	if err != nil {
		return errors.Join(fmt.Errorf("error starting Patroni: %w", err), output.Close())
	}
	return nil
}

// end ends Patroni with what it started, then Postgres by some signals, which outlives it.
func (n *node) end(ctx context.Context, patroni []syscall.Signal, postgres ...syscall.Signal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.patroni == nil {
		return nil
	}
	err := n.patroni.Stop(ctx, stopGrace, patroni...)
	// It has a session of its own: who is left in it copies or rewinds data.
	if left := syscall.Kill(-n.patroni.PID(), syscall.SIGKILL); left != nil && !errors.Is(left, syscall.ESRCH) {
		err = errors.Join(err, fmt.Errorf("error ending what Patroni has started: %w", left))
	}
	n.patroni = nil
	return errors.Join(err, n.output.Close(), local.EndPostmaster(ctx, n.data(), postgres...))
}

// leader asks at the front who leads. A primary that is being left may be it for a while.
func (c *cluster) leader(ctx context.Context) (*node, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.urlOf(c.front, "postgres"))
	if err != nil {
		return nil, fmt.Errorf("error connecting to the primary: %w", err)
	}
	defer conn.Close(ctx)
	var port int
	var standby bool
	if err := conn.QueryRow(ctx, "SELECT inet_server_port(), pg_is_in_recovery()").Scan(&port, &standby); err != nil {
		return nil, fmt.Errorf("error asking who leads: %w", err)
	}
	for _, n := range c.nodes {
		if _, its, err := net.SplitHostPort(n.listen); err == nil && its == fmt.Sprint(port) && !standby {
			return n, nil
		}
	}
	return nil, errors.New("what the front leads to is no primary")
}

// awaitOther waits until another node than this one leads, and returns when that was.
func (c *cluster) awaitOther(ctx context.Context, than *node) (time.Time, error) {
	err := await(ctx, clusterLimit, 10*time.Millisecond, func(ctx context.Context) error {
		n, err := c.leader(ctx)
		if err == nil && n == than {
			err = fmt.Errorf("%s still leads", n.name)
		}
		return err
	})
	return time.Now(), err
}

// awaitWhole waits until one node leads and the other has every commit before it is acknowledged.
func (c *cluster) awaitWhole(ctx context.Context) error {
	err := await(ctx, clusterLimit, 100*time.Millisecond, func(ctx context.Context) error {
		leader, err := c.leader(ctx)
		if err != nil {
			return err
		}
		for _, n := range c.nodes {
			if n != leader {
				err = errors.Join(err, healthy(ctx, "http://"+n.rest+"/synchronous"))
			}
		}
		return errors.Join(err, c.replicates(ctx, leader))
	})
	if err != nil {
		return fmt.Errorf("error waiting for a primary and its replica: %w", err)
	}
	return nil
}

// replicates tells whether a primary waits for its replica.
func (c *cluster) replicates(ctx context.Context, leader *node) error {
	conn, err := pgx.Connect(ctx, c.urlOf(leader.listen, "postgres"))
	if err != nil {
		return fmt.Errorf("error connecting to %s: %w", leader.name, err)
	}
	defer conn.Close(ctx)
	var replicas int
	err = conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync'").Scan(&replicas)
	if err == nil && replicas != 1 {
		err = fmt.Errorf("%s has %d synchronous replicas", leader.name, replicas)
	}
	return err
}

func (c *cluster) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.urlOf(c.front, "postgres"))
	if err != nil {
		return fmt.Errorf("error connecting to the primary: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+databaseName); err != nil {
		return fmt.Errorf("error making the database: %w", err)
	}
	return nil
}

// stop ends all of it.
func (c *cluster) stop(ctx context.Context) error {
	errs := make([]error, len(c.nodes))
	if c.proxy != nil {
		errs = append(errs, c.proxy.Stop(ctx, stopGrace, syscall.SIGTERM))
	}
	var nodes sync.WaitGroup
	for i, n := range c.nodes {
		nodes.Go(func() {
			errs[i] = n.end(ctx, []syscall.Signal{syscall.SIGTERM}, syscall.SIGQUIT, syscall.SIGKILL)
			_ = each(n.lines(), cutLink) // which cannot fail
		})
	}
	nodes.Wait()
	if c.etcd != nil {
		errs = append(errs, c.etcd.Stop(ctx, stopGrace, syscall.SIGTERM))
	}
	return errors.Join(errs...)
}
