// Package local runs real servers for a developer's machine that has nothing but Go:
// PostgreSQL as a child process, with the machine's own programs or downloaded ones, and
// a Redis inside this process. They belong to the process that started them and to one folder;
// the data in it outlives both.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db/local/process"
)

const (
	readyInterval = 5 * time.Millisecond
	// launchAttempts bounds how often a server is started anew that died of a reason that passes.
	launchAttempts = 20
	launchInterval = 250 * time.Millisecond
)

// defaultSettings make a small server that keeps what it confirmed: durability stays on,
// because a developer's data is worth a few milliseconds, and because what is measured in
// development should resemble production.
var defaultSettings = map[string]string{
	"fsync":              "on",
	"jit":                "off", // compiling costs more than our short statements
	"log_timezone":       "UTC",
	"max_connections":    "200",
	"shared_buffers":     "128MB",
	"synchronous_commit": "on",
	"timezone":           "UTC",
}

// PostgresOptions says where and how to run a Postgres. Dir is required.
type PostgresOptions struct {
	// Binaries is the folder for downloaded server programs; default Dir/bin.
	Binaries string
	// Database is made when it is missing, and is the one that URL names; default "paygate".
	Database string
	// Dir keeps the data between runs; it is made when it is missing.
	Dir string
	// Logger receives the server's own lines at level debug, and what happens to the server.
	// Default: discarded.
	Logger *slog.Logger
	// Mirror is the base URL of a Maven repository to download server programs from instead of
	// the public one; it is used only on a machine without Postgres.
	Mirror string
	// Settings override postgresql.conf and the defaults of this package by name.
	Settings map[string]string

	// noNamespaces makes tests take the way of a machine without user namespaces.
	noNamespaces bool
}

// Postgres is a running server that belongs to this process. Stop ends it.
type Postgres struct {
	dir      string
	logger   *slog.Logger
	child    *process.Process
	lock     *FolderLock
	database string
	password string
	port     int
	socket   string // the socket's folder, "" when its path is too long for one

	done     chan struct{}
	stopOnce sync.Once
	stopErr  error
	stopping chan struct{}
}

// StartPostgres starts a server on the data in opts.Dir, making a new cluster when there is
// none, and returns when it accepts connections. It takes the folder's lock, so a second
// process gets a *LockedError with the pid of the first, and it ends a server that a
// killed process left behind. ctx bounds the start, not the server's life.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	if opts.Dir == "" {
		return nil, errors.New("error starting a local Postgres: no folder given")
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Database == "" {
		opts.Database = role
	}
	lock, err := Lock(opts.Dir)
	if err != nil {
		return nil, err
	}
	p, err := startLocked(ctx, opts, lock)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("error starting a local Postgres: %w", err), lock.Release())
	}
	return p, nil
}

func startLocked(ctx context.Context, opts PostgresOptions, lock *FolderLock) (*Postgres, error) {
	dir, err := makeDir(opts.Dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(removeState(dir), stopSurvivor(ctx, dir)); err != nil {
		return nil, err
	}
	programs, account, secret, err := prepare(ctx, dir, opts)
	if err != nil {
		return nil, err
	}
	p := &Postgres{
		dir:      dir,
		logger:   opts.Logger,
		lock:     lock,
		database: opts.Database,
		password: secret,
		done:     make(chan struct{}),
		stopping: make(chan struct{}),
	}
	if err := p.launch(ctx, programs, account, opts.Settings); err != nil {
		return nil, err
	}
	if err := p.announce(ctx); err != nil {
		return nil, errors.Join(err, p.child.Stop(ctx, stopGrace, syscall.SIGINT, syscall.SIGQUIT))
	}
	go p.watch(context.WithoutCancel(ctx))
	return p, nil
}

// prepare brings dir to the point where a server can be started in it.
func prepare(ctx context.Context, dir string, opts PostgresOptions) (binaries, *process.Account, string, error) {
	fail := func(err error) (binaries, *process.Account, string, error) { return binaries{}, nil, "", err }

	major, err := clusterMajor(dir)
	if err != nil {
		return fail(err)
	}
	programs, met, found := findBinaries(ctx, major)
	if !found {
		folder := opts.Binaries
		if folder == "" {
			folder = filepath.Join(dir, binFolder)
		}
		programs, err = downloader{folder: folder, mirror: opts.Mirror, logger: opts.Logger}.get(ctx, major)
		if err != nil && major != 0 && len(met) > 0 {
			err = fmt.Errorf("the data in %s were made by PostgreSQL %d, and this machine has %v: "+
				"install that version, or remove the folder to start with an empty database: %w", dir, major, met, err)
		}
		if err != nil {
			return fail(err)
		}
	}
	// Emptied: a killed server leaves its socket behind, and never the same name twice.
	sockets := filepath.Join(dir, socketFolder)
	if err := errors.Join(os.RemoveAll(sockets), os.Mkdir(sockets, 0o700)); err != nil {
		return fail(fmt.Errorf("error making the socket's folder: %w", err))
	}
	secret, err := password(dir, major != 0)
	if err != nil {
		return fail(err)
	}
	account, err := serverAccount(ctx, dir, programs.postgres, !opts.noNamespaces)
	if err != nil {
		return fail(err)
	}
	if major == 0 {
		if err := createCluster(ctx, dir, programs, account); err != nil {
			return fail(err)
		}
	}
	return programs, account, secret, nil
}

// launch starts the server and waits until it accepts connections. It tries again when
// somebody took the port between our choosing it and the server's binding it, and while
// processes of a killed server still hold its shared memory.
func (p *Postgres) launch(ctx context.Context, programs binaries, account *process.Account, settings map[string]string) error {
	var err error
	for range launchAttempts {
		var passing bool
		if passing, err = p.launchOnce(ctx, programs, account, settings); err == nil || !passing {
			return err
		}
		timer := time.NewTimer(launchInterval)
		select {
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(err, ctx.Err())
		case <-timer.C:
		}
	}
	return err
}

// launchOnce returns whether a failure may pass by itself.
func (p *Postgres) launchOnce(ctx context.Context, programs binaries, account *process.Account, settings map[string]string) (bool, error) {
	port, err := FreePort(ctx)
	if err != nil {
		return false, err
	}
	p.port = port
	p.socket = filepath.Join(p.dir, socketFolder)
	if !fitsSocket(p.socket, port) {
		p.socket = ""
	}
	data := filepath.Join(p.dir, dataFolder)
	child, err := process.Start(process.Spec{
		Path:    programs.postgres,
		Args:    p.arguments(data, settings),
		Dir:     p.dir,
		Env:     serverEnvironment,
		Account: account,
		// Fast shutdown: transactions are rolled back, the data are left as after Stop.
		OnParentDeath: syscall.SIGINT,
		Line:          p.logLine,
	})
	if err != nil {
		return false, err
	}
	p.child = child
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	for {
		status, _, err := readPostmasterFile(data)
		if err != nil {
			return false, errors.Join(err, child.Stop(ctx, stopGrace, syscall.SIGINT, syscall.SIGQUIT))
		}
		if status.ready && status.pid == child.PID() {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, errors.Join(fmt.Errorf("error waiting for the server to accept connections: %w", ctx.Err()),
				child.Stop(ctx, stopGrace, syscall.SIGINT, syscall.SIGQUIT))
		case <-child.Done():
			words := child.Tail()
			passing := strings.Contains(words, "could not bind") || strings.Contains(words, "pre-existing shared memory block")
			return passing, fmt.Errorf("the server ended while starting (%w):\n%s", orNormally(child.Err()), words)
		case <-ticker.C:
		}
	}
}

func (p *Postgres) arguments(data string, settings map[string]string) []string {
	all := maps.Clone(defaultSettings)
	maps.Copy(all, settings)
	// What this package relies on is not for settings to change.
	all["listen_addresses"] = "127.0.0.1"
	all["logging_collector"] = "off"
	all["log_destination"] = "stderr"
	all["port"] = strconv.Itoa(p.port)
	all["unix_socket_directories"] = p.socket
	all["unix_socket_permissions"] = "0700"

	arguments := []string{"-D", data}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		arguments = append(arguments, "-c", name+"="+all[name])
	}
	return arguments
}

// logLine passes the server's words on. Its errors are those of our statements, which
// whoever sent them reports; only what ends the server is worth more than debug.
func (p *Postgres) logLine(line string) {
	level := slog.LevelDebug
	if strings.Contains(line, "PANIC:  ") {
		level = slog.LevelError
	}
	p.logger.LogAttrs(context.Background(), level, "postgres", slog.String("line", line))
}

// announce makes the database, and lets other processes find the server.
func (p *Postgres) announce(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.url("postgres"))
	if err != nil {
		return fmt.Errorf("error connecting to the new server: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", p.database).Scan(&exists); err != nil {
		return fmt.Errorf("error looking for the database %s: %w", p.database, err)
	}
	if !exists {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{p.database}.Sanitize()); err != nil {
			return fmt.Errorf("error making the database %s: %w", p.database, err)
		}
	}
	return writeState(p.dir, state{URL: p.URL()})
}

// watch reports a server that ends without having been asked to.
func (p *Postgres) watch(ctx context.Context) {
	<-p.child.Done()
	select {
	case <-p.stopping:
	default:
		p.logger.LogAttrs(ctx, slog.LevelError, "postgres ended unexpectedly", slog.String("error", p.crash().Error()))
	}
	close(p.done)
}

func (p *Postgres) crash() error {
	return fmt.Errorf("the local Postgres ended unexpectedly (%w):\n%s", orNormally(p.child.Err()), p.child.Tail())
}

// URL returns where the server listens, for pgx, libpq and whatever reads their URLs: its
// socket, or where that has no room (a path of more than 107 bytes), loopback TCP.
func (p *Postgres) URL() string { return p.url(p.database) }

func (p *Postgres) url(database string) string {
	if p.socket == "" {
		return p.tcpURL(database)
	}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(role),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {p.socket}, "port": {strconv.Itoa(p.port)}}.Encode(),
	}
	return u.String()
}

// TCPURL returns the server's loopback address with the role's password in it: for tools
// that know no sockets.
func (p *Postgres) TCPURL() string { return p.tcpURL(p.database) }

func (p *Postgres) tcpURL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(role, p.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Done is closed when the server has ended, by Stop or by itself.
func (p *Postgres) Done() <-chan struct{} { return p.done }

// Err returns nil while the server runs and after Stop, and what happened when it ended by itself.
func (p *Postgres) Err() error {
	select {
	case <-p.stopping:
		return nil
	default:
	}
	select {
	case <-p.done:
		return p.crash()
	default:
		return nil
	}
}

// Stop ends the server, rolling back what is in progress, and gives the folder up. It takes
// at most ten seconds, less when ctx ends before, and is then done the hard way, from which
// the next start recovers. Further calls return what the first did.
func (p *Postgres) Stop(ctx context.Context) error {
	p.stopOnce.Do(func() {
		select {
		case <-p.done: // a crash stays one in Err
		default:
			close(p.stopping)
		}
		p.stopErr = errors.Join(
			removeState(p.dir),
			p.child.Stop(ctx, stopGrace, syscall.SIGINT, syscall.SIGQUIT),
		)
		<-p.done
		p.stopErr = errors.Join(p.stopErr, p.lock.Release())
	})
	return p.stopErr
}

// fitsSocket tells whether the server's socket in folder has a name that the kernel takes.
func fitsSocket(folder string, port int) bool {
	var address syscall.RawSockaddrUnix // its Path has room for a final zero too
	return len(filepath.Join(folder, ".s.PGSQL."+strconv.Itoa(port))) < len(address.Path)
}

// errNormalEnd stands for status 0, which is no error to a process but one to who needs it.
var errNormalEnd = errors.New("exit status 0")

func orNormally(err error) error {
	if err == nil {
		return errNormalEnd
	}
	return err
}
