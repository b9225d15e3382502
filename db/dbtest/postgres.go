package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
	"paygate/db/local"
)

const (
	// givenURL is the environment variable that names a Postgres to use.
	givenURL = "PAYGATE_TEST_DATABASE_URL"
	// databasePrefix is what our databases are called, wherever they are. The id of the run
	// and a number follow.
	databasePrefix = "paygate_test_"
	// applicationPrefix marks the session that shows a run to be alive.
	applicationPrefix = "dbtest run "
)

// testSettings trade the safety from a crash of the machine for speed. A crash of the server alone
// loses nothing even so, and tests may rely on that.
var testSettings = map[string]string{
	"autovacuum":         "off",
	"checkpoint_timeout": "1h",
	"fsync":              "off",
	"full_page_writes":   "off",
	"max_connections":    "300",
	"max_wal_senders":    "0",
	"max_wal_size":       "4GB",
	"wal_level":          "minimal",
}

// postgresServer makes databases from a template on one server.
type postgresServer struct {
	// base is the server's URL; its path is replaced.
	base     url.URL
	run      string
	template string
	// strategy is the end of CREATE DATABASE.
	strategy string
	count    atomic.Int64

	admin  *pgxpool.Pool
	anchor *pgxpool.Conn
	// server is nil when the URL was given.
	server *local.Postgres
}

func startPostgres(ctx context.Context) (*postgresServer, error) {
	if given := os.Getenv(givenURL); given != "" {
		p, err := newPostgresServer(ctx, given, nil)
		if err != nil {
			return nil, fmt.Errorf("error using the Postgres of %s: %w", givenURL, err)
		}
		return p, nil
	}
	server, err := startLocal(ctx)
	if err != nil {
		return nil, err
	}
	p, err := newPostgresServer(ctx, server.URL(), server)
	if err != nil {
		return nil, errors.Join(err, server.Stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// startLocal starts a server on a copy of a cluster that an earlier run has made, for initdb takes
// longer than all else together. A copy that does not start is thrown away with its original.
func startLocal(ctx context.Context) (*local.Postgres, error) {
	dir, err := runFolder(ctx)
	if err != nil {
		return nil, err
	}
	base := filepath.Dir(dir)
	options := local.PostgresOptions{
		Binaries: filepath.Join(base, "bin"),
		Database: "postgres",
		Dir:      filepath.Join(dir, postgresFolder),
		Settings: testSettings,
	}
	cluster := filepath.Join(base, "cluster-"+strconv.Itoa(local.InstalledMajor(ctx)))
	if _, err := os.Stat(cluster); errors.Is(err, os.ErrNotExist) {
		if err := makeCluster(ctx, options, filepath.Join(dir, "cluster"), cluster); err != nil {
			return nil, err
		}
	}
	if err = copyCluster(options.Dir, cluster); err == nil {
		var server *local.Postgres
		if server, err = local.StartPostgres(ctx, options); err == nil {
			return server, nil
		}
	}
	if ctx.Err() != nil {
		return nil, err
	}
	if removed := errors.Join(os.RemoveAll(cluster), os.RemoveAll(options.Dir)); removed != nil {
		return nil, errors.Join(err, removed)
	}
	server, again := local.StartPostgres(ctx, options)
	if again != nil {
		return nil, errors.Join(again, err)
	}
	return server, nil
}

// makeCluster makes the cluster in work and moves it to its place, unless another process was faster.
func makeCluster(ctx context.Context, options local.PostgresOptions, work, place string) error {
	options.Dir = work
	server, err := local.StartPostgres(ctx, options)
	if err != nil {
		return err
	}
	if err := server.Stop(ctx); err != nil {
		return err
	}
	if err := os.Rename(work, place); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("error placing the cluster for test servers: %w", err)
	}
	return nil
}

func copyCluster(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return fmt.Errorf("error copying the cluster for test servers: %w", err)
	}
	// The copy's folders are open to all until here; Postgres refuses that.
	for _, folder := range []string{to, filepath.Join(to, "data")} {
		if err := os.Chmod(folder, 0o700); err != nil { //nolint:gosec // a folder
			return fmt.Errorf("error closing the cluster for test servers: %w", err)
		}
	}
	return nil
}

func newPostgresServer(ctx context.Context, at string, server *local.Postgres) (*postgresServer, error) {
	base, err := url.Parse(at)
	if err != nil || base.Scheme == "" {
		return nil, errors.New("not a URL such as postgres://user:password@host:5432/postgres") // the error of Parse would quote the password
	}
	run := strings.ToLower(rand.Text()[:10])
	p := &postgresServer{base: *base, run: run, template: databasePrefix + run + "_template", server: server}
	if err := p.open(ctx, at); err != nil {
		return nil, err
	}
	if err := errors.Join(p.chooseStrategy(ctx), p.sweep(ctx), p.makeTemplate(ctx)); err != nil {
		return nil, errors.Join(err, p.close(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// open connects, with a session that marks this run as alive before it has any database.
func (p *postgresServer) open(ctx context.Context, at string) error {
	admin, err := db.Open(ctx, at, db.PoolOptions{ApplicationName: applicationPrefix + p.run, MaxConns: 5, StatementTimeout: patience})
	if err != nil {
		return err
	}
	anchor, err := admin.Acquire(ctx)
	if err != nil {
		admin.Close()
		return fmt.Errorf("error connecting to the test server: %w", err)
	}
	p.admin, p.anchor = admin, anchor
	return nil
}

// chooseStrategy has a server of our own copy files. That wants a checkpoint, which is free
// without fsync; writing the copy to the log, the default, takes several times as long.
func (p *postgresServer) chooseStrategy(ctx context.Context) error {
	if p.server == nil {
		return nil
	}
	const strategies = 150000 // older servers know no other way, nor the word
	var version int
	if err := p.admin.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("error asking for the server's version: %w", err)
	}
	if version >= strategies {
		p.strategy = " STRATEGY file_copy"
	}
	return nil
}

func (p *postgresServer) makeTemplate(ctx context.Context) error {
	if err := p.exec(ctx, "CREATE DATABASE "+p.template+p.strategy); err != nil {
		return err
	}
	pool, err := db.Open(ctx, p.url(p.template), db.PoolOptions{ApplicationName: "dbtest", MaxConns: maxConns, StatementTimeout: patience})
	if err != nil {
		return err
	}
	err = db.Migrate(ctx, pool)
	pool.Close()
	if err != nil {
		return err
	}
	// A single session in it would make every copy fail.
	return p.exec(ctx, "ALTER DATABASE "+p.template+" ALLOW_CONNECTIONS false")
}

// sweep drops the databases of runs that have no session any more: their process was killed.
func (p *postgresServer) sweep(ctx context.Context) error {
	rows, err := p.admin.Query(ctx, `
		SELECT found.datname FROM pg_database found
		WHERE starts_with(found.datname, $1)
		  AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $2 || split_part(found.datname, '_', 3))`,
		databasePrefix, applicationPrefix)
	if err != nil {
		return fmt.Errorf("error looking for databases of earlier runs: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("error looking for databases of earlier runs: %w", err)
	}
	for _, name := range names {
		if err := p.drop(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// create makes a database for one test and returns its name.
func (p *postgresServer) create(ctx context.Context) (string, error) {
	name := databasePrefix + p.run + "_" + strconv.FormatInt(p.count.Add(1), 10)
	return name, p.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+p.template+p.strategy)
}

// drop throws out whoever is connected: a process that the test started may still be ending.
func (p *postgresServer) drop(ctx context.Context, name string) error {
	return p.exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

func (p *postgresServer) exec(ctx context.Context, sql string) error {
	if _, err := p.admin.Exec(ctx, sql); err != nil {
		return fmt.Errorf("error executing %s: %w", sql, err)
	}
	return nil
}

func (p *postgresServer) url(database string) string {
	u := p.base
	u.Path = "/" + database
	return u.String()
}

func (p *postgresServer) stop(ctx context.Context) error {
	err := p.close(ctx)
	if p.server != nil {
		err = errors.Join(err, p.server.Stop(ctx))
	}
	return err
}

// close leaves a given server as it was; one of our own disappears as a whole.
func (p *postgresServer) close(ctx context.Context) error {
	var err error
	if p.server == nil {
		err = p.drop(ctx, p.template)
	}
	p.anchor.Release()
	p.admin.Close()
	return err
}
