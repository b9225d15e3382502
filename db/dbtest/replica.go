package dbtest

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db"
	"paygate/db/local"
)

// Replicated is a Postgres with the whole schema, and a replica that follows it by streaming.
type Replicated struct {
	Primary, Replica *pgxpool.Pool
	// ReplicaURL is where the replica is, by TCP.
	ReplicaURL string

	tb       testing.TB
	dir      string
	settings map[string]string
	primary  *local.Postgres
	replica  *local.Postgres
}

// NewReplicated starts both, apart from the server that other tests share. They end with the test.
func NewReplicated(tb testing.TB) *Replicated {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), startPatience)
	defer cancel()
	run, err := runFolder(ctx)
	if err == nil {
		run, err = os.MkdirTemp(run, "replicated-")
	}
	if err == nil {
		err = os.Chmod(run, 0o711) //nolint:gosec // the servers' account goes through it
	}
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	r := &Replicated{tb: tb, dir: run, settings: map[string]string{
		"fsync": "off", "full_page_writes": "off", "max_wal_senders": "5", "wal_level": "replica", "hot_standby": "on",
		// A standby that is behind is to stay so, whoever reads from it.
		"max_standby_streaming_delay": "-1", "wal_receiver_status_interval": "1s", "wal_retrieve_retry_interval": "100ms",
	}}
	tb.Cleanup(r.remove)
	r.primary = r.start(ctx, "primary", nil)
	// The replica begins as a copy of the stopped primary.
	if err := errors.Join(r.primary.Stop(ctx), copyCluster(r.folder("replica"), r.folder("primary")),
		os.WriteFile(filepath.Join(r.folder("replica"), "data", "standby.signal"), nil, 0o600)); err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	r.primary = r.start(ctx, "primary", nil)
	r.replica = r.start(ctx, "replica", map[string]string{"primary_conninfo": r.primary.TCPURL()})
	r.ReplicaURL = r.replica.TCPURL()
	r.Replica = r.pool(ctx, r.ReplicaURL)
	r.Primary = r.pool(ctx, r.primary.URL())
	if err := db.Migrate(ctx, r.Primary); err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	return r
}

func (r *Replicated) folder(name string) string { return filepath.Join(r.dir, name) }

func (r *Replicated) start(ctx context.Context, name string, more map[string]string) *local.Postgres {
	r.tb.Helper()
	settings := maps.Clone(r.settings)
	maps.Copy(settings, more)
	server, err := local.StartPostgres(ctx, local.PostgresOptions{
		Binaries: filepath.Join(filepath.Dir(filepath.Dir(r.dir)), "bin"), Database: "postgres", Dir: r.folder(name), Settings: settings,
	})
	if err != nil {
		r.tb.Fatalf("dbtest: error starting the %s: %v", name, err)
	}
	return server
}

func (r *Replicated) pool(ctx context.Context, url string) *pgxpool.Pool {
	r.tb.Helper()
	pool, err := db.Open(ctx, url, db.PoolOptions{ApplicationName: "dbtest", MaxConns: maxConns})
	if err != nil {
		r.tb.Fatalf("dbtest: %v", err)
	}
	return pool
}

func (r *Replicated) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, pool := range []*pgxpool.Pool{r.Replica, r.Primary} {
		if pool != nil {
			pool.Close()
		}
	}
	for _, server := range []*local.Postgres{r.replica, r.primary} {
		if server == nil {
			continue
		}
		if err := server.Stop(ctx); err != nil {
			r.tb.Errorf("dbtest: %v", err)
		}
	}
	if err := os.RemoveAll(r.dir); err != nil {
		r.tb.Errorf("dbtest: %v", err)
	}
}
