package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"paygate/bench/load"
	"paygate/db"
	"paygate/db/local"
	"paygate/db/local/process"
)

// The demo merchant that `paygate seed` makes.
const (
	demoSecret   = "secret_test_xyz789"
	demoEndpoint = "we_demo"
)

const (
	startTimeout = time.Minute
	stopGrace    = 15 * time.Second
)

// rig is servers of its own: one Postgres with default durability, one Redis, and for each build that is
// measured an API and, when it is asked for, a worker.
type rig struct {
	dir     string
	pgbench string
	phase   time.Duration // length of one measurement
	floors  int           // runs of pgbench so far
	// statements says that Postgres counts what each statement costs, which costs something itself.
	statements bool

	postgres    *local.Postgres
	postgresPID int
	redis       *process.Process
	redisAddr   string
	floorURL    string
	sink        *sink
	stops       []func(ctx context.Context) error
}

func startRig(ctx context.Context, o options) (r *rig, err error) {
	r = &rig{phase: o.phase, statements: o.statements}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.stop(context.WithoutCancel(ctx)))
		}
	}()
	if r.pgbench, err = findPgbench(ctx); err != nil {
		return r, err
	}
	if r.dir, err = os.MkdirTemp(o.folder, "paygate-bench-"); err != nil {
		return r, fmt.Errorf("error making a folder: %w", err)
	}
	r.onStop(func(context.Context) error { return os.RemoveAll(r.dir) })
	// A server with an account of its own has to reach its folder.
	if err = os.Chmod(r.dir, 0o711); err != nil { //nolint:gosec // as the comment says
		return r, fmt.Errorf("error opening the folder: %w", err)
	}
	if err = r.startPostgres(ctx); err != nil {
		return r, err
	}
	if err = r.startRedis(ctx); err != nil {
		return r, err
	}
	if r.sink, err = startSink(ctx); err != nil {
		return r, err
	}
	r.onStop(r.sink.server.Shutdown)
	if r.floorURL, err = r.database(ctx, "floor"); err != nil {
		return r, err
	}
	pool, err := db.Open(ctx, r.floorURL, db.PoolOptions{})
	if err != nil {
		return r, err
	}
	defer pool.Close()
	return r, db.Migrate(ctx, pool)
}

func (r *rig) onStop(stop func(ctx context.Context) error) { r.stops = append(r.stops, stop) }

func (r *rig) stop(ctx context.Context) error {
	var errs []error
	for _, v := range slices.Backward(r.stops) {
		errs = append(errs, v(ctx))
	}
	r.stops = nil
	return errors.Join(errs...)
}

// findPgbench looks where Debian puts it, too.
func findPgbench(context.Context) (string, error) {
	if found, err := exec.LookPath("pgbench"); err == nil {
		return found, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if err != nil || len(found) == 0 {
		return "", errors.New("pgbench is not installed: on Debian, apt-get install postgresql")
	}
	return found[len(found)-1], nil
}

func (r *rig) startPostgres(ctx context.Context) error {
	folder := filepath.Join(r.dir, "postgres")
	settings := map[string]string{"max_connections": "400"}
	if r.statements {
		settings["shared_preload_libraries"] = "pg_stat_statements"
	}
	var err error
	r.postgres, err = local.StartPostgres(ctx, local.PostgresOptions{Dir: folder, Settings: settings})
	if err != nil {
		return err
	}
	r.onStop(r.postgres.Stop)
	if err := r.warmLog(ctx); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
	if err != nil {
		return fmt.Errorf("error reading the server's pid: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if r.postgresPID, err = strconv.Atoi(line); err != nil {
		return fmt.Errorf("error reading the server's pid: %w", err)
	}
	return nil
}

// logFilled is how much a server that has been running for a while has written between two checkpoints: max_wal_size.
const logFilled = 1 << 30

// warmLog has Postgres write as much of its log as it keeps, so that what is measured goes into files that are there already, as
// in any server that has been running. In a new one each 16 MB of log are written twice, first as zeros, and all wait for that.
func (r *rig) warmLog(ctx context.Context) error {
	const message = 1 << 20
	if err := r.execute(ctx, "SELECT pg_logical_emit_message(false, 'bench', repeat('x', $1)) FROM generate_series(1, $2::integer)", message, logFilled/message); err != nil {
		return fmt.Errorf("error filling Postgres' log: %w", err)
	}
	if err := r.execute(ctx, "CHECKPOINT"); err != nil {
		return fmt.Errorf("error making a checkpoint: %w", err)
	}
	return nil
}

// execute runs one statement in the database that the server came with.
func (r *rig) execute(ctx context.Context, statement string, arguments ...any) error {
	conn, err := pgx.Connect(ctx, r.postgres.URL())
	if err != nil {
		return fmt.Errorf("error connecting to Postgres: %w", err)
	}
	_, err = conn.Exec(ctx, statement, arguments...)
	return errors.Join(err, conn.Close(ctx))
}

func (r *rig) startRedis(ctx context.Context) error {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return errors.New("redis-server is not installed: on Debian, apt-get install redis-server")
	}
	port, err := local.FreePort(ctx)
	if err != nil {
		return err
	}
	folder := filepath.Join(r.dir, "redis")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("error making Redis' folder: %w", err)
	}
	// Its own defaults otherwise: snapshots are on.
	r.redis, err = process.Start(process.Spec{
		Path: program, Dir: folder, OnParentDeath: syscall.SIGKILL,
		Args: []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", folder},
	})
	if err != nil {
		return fmt.Errorf("error starting Redis: %w", err)
	}
	r.onStop(func(ctx context.Context) error { return r.redis.Stop(ctx, stopGrace, syscall.SIGTERM) })
	r.redisAddr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return await(ctx, func(ctx context.Context) error {
		var dialer net.Dialer
		c, err := dialer.DialContext(ctx, "tcp", r.redisAddr)
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

// database makes an empty one and returns its URL.
func (r *rig) database(ctx context.Context, name string) (string, error) {
	if err := r.execute(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("error making the database %s: %w", name, err)
	}
	return strings.Replace(r.postgres.URL(), "/paygate?", "/"+name+"?", 1), nil
}

// gateway is one build with a database of its own.
type gateway struct {
	rig         *rig
	name        string
	binary      string
	environment []string
	databaseURL string
	endpoint    string
	api         *process.Process
	worker      *process.Process
	apiAdmin    string
	workerAdmin string
	target      load.Target
}

// startGateway migrates, seeds and starts an API. n tells gateways apart.
func (r *rig) startGateway(ctx context.Context, n int, name, binary string) (*gateway, error) {
	g := &gateway{rig: r, name: name, binary: binary}
	var err error
	if g.databaseURL, err = r.database(ctx, fmt.Sprintf("gateway%d", n)); err != nil {
		return nil, err
	}
	g.environment = []string{
		"DATABASE_URL=" + g.databaseURL, "REDIS_URL=redis://" + r.redisAddr + "/" + strconv.Itoa(n),
		"PAYGATE_DEVELOPMENT=true", "PAYGATE_LOG_LEVEL=warn", "WEBHOOK_ALLOW_CIDRS=127.0.0.0/8",
		"RATE_LIMIT=1000000/s", // counted like any other, and never reached
		"PROCESSOR_LATENCY_MIN=0s", "PROCESSOR_LATENCY_MAX=0s",
		"PATH=/usr/bin:/bin", "HOME=" + r.dir,
	}
	for _, arguments := range [][]string{{"migrate"}, {"seed", "--receiver-url=" + r.sink.url}} {
		command := exec.CommandContext(ctx, binary, arguments...)
		command.Env = g.environment
		if out, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("error running paygate %s: %w\n%s", arguments[0], err, out)
		}
	}
	var addr string
	if g.api, addr, g.apiAdmin, err = g.start(ctx, "api"); err != nil {
		return nil, err
	}
	if g.target, err = load.NewTarget("http://"+addr, demoSecret); err != nil {
		return nil, err
	}
	if err := await(ctx, func(ctx context.Context) error {
		return fetch(ctx, http.MethodGet, "http://"+addr+"/health", "", nil, nil)
	}); err != nil {
		return nil, fmt.Errorf("error waiting for the API: %w\n%s", err, g.api.Tail())
	}
	if err := g.call(ctx, http.MethodDelete, "/webhook_endpoints/"+demoEndpoint, nil, nil); err != nil {
		return nil, err
	}
	return g, g.subscribe(ctx)
}

// start runs a role until the rig stops.
func (g *gateway) start(ctx context.Context, role string) (p *process.Process, addr, admin string, err error) {
	var addrs [2]string
	for i := range addrs {
		port, err := local.FreePort(ctx)
		if err != nil {
			return nil, "", "", err
		}
		addrs[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	p, err = process.Start(process.Spec{
		Path: g.binary, Args: []string{role}, Dir: g.rig.dir, OnParentDeath: syscall.SIGKILL,
		Env: append([]string{"PAYGATE_API_ADDR=" + addrs[0], "PAYGATE_ADMIN_ADDR=" + addrs[1]}, g.environment...),
	})
	if err != nil {
		return nil, "", "", fmt.Errorf("error starting paygate %s: %w", role, err)
	}
	g.rig.onStop(func(ctx context.Context) error { return p.Stop(ctx, stopGrace, syscall.SIGTERM) })
	return p, addrs[0], addrs[1], nil
}

// startWorker lets jobs run.
func (g *gateway) startWorker(ctx context.Context) (err error) {
	if g.worker, _, g.workerAdmin, err = g.start(ctx, "worker"); err != nil {
		return err
	}
	return await(ctx, func(ctx context.Context) error {
		return fetch(ctx, http.MethodGet, "http://"+g.workerAdmin+"/health", "", nil, nil)
	})
}

// subscribe makes an endpoint, in place of the last one, that gets what merchants wait for. The demo
// endpoint, which gets everything, is gone.
func (g *gateway) subscribe(ctx context.Context) error {
	if g.endpoint != "" {
		if err := g.call(ctx, http.MethodDelete, "/webhook_endpoints/"+g.endpoint, nil, nil); err != nil {
			return err
		}
	}
	var endpoint struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	request := map[string]any{"url": g.rig.sink.url, "event_types": []string{"payment.success"}}
	if err := g.call(ctx, http.MethodPost, "/webhook_endpoints", request, &endpoint); err != nil {
		return err
	}
	g.endpoint = endpoint.ID
	return g.rig.sink.trust(endpoint.Secret)
}

// call asks the API.
func (g *gateway) call(ctx context.Context, method, path string, request, answer any) error {
	return fetch(ctx, method, "http://"+g.target.Addr+"/api/v1"+path, demoSecret, request, answer)
}

func fetch(ctx context.Context, method, url, secret string, request, answer any) error {
	var body io.Reader
	if request != nil {
		text, err := json.Marshal(request)
		if err != nil {
			return fmt.Errorf("error encoding a request: %w", err)
		}
		body = strings.NewReader(string(text))
	}
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return fmt.Errorf("error making a request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("error asking %s: %w", url, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("error reading the answer of %s: %w", url, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s answered %d: %s", method, url, response.StatusCode, text)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("error decoding the answer of %s: %w", url, err)
	}
	return nil
}

// await asks until the answer is no error.
func await(ctx context.Context, ready func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-ticker.C:
		}
	}
}

// usages reads what everything that takes part has used.
func (r *rig) usages(g *gateway) (usages, error) {
	all := usages{}
	roots := map[string]int{"postgres": r.postgresPID, "redis": r.redis.PID(), "api": g.api.PID()}
	if g.worker != nil {
		roots["worker"] = g.worker.PID()
	}
	for name, root := range roots {
		used, err := usageOf(root)
		if err != nil {
			return nil, err
		}
		all[name] = used
	}
	// The load generator and the sink are this process, without the servers that are its children.
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return nil, fmt.Errorf("error reading the load generator's usage: %w", err)
	}
	all["bench"] = usage{time.Duration(self.Utime.Nano() + self.Stime.Nano()), memoryOf(os.Getpid())}
	return all, nil
}
