package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"

	"paygate/db/dbtest"
	"paygate/db/local/process"
)

// bouncedConnections is how many connections PgBouncer opens to Postgres; the pool of an API is larger.
const bouncedConnections = 4

// startPgBouncer puts one in transaction mode before a database, as docs/operations.md says, and returns the
// database's URL through it.
func startPgBouncer(t *testing.T, database string) string {
	t.Helper()
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		path = "/usr/sbin/pgbouncer" // Debian keeps it off an ordinary account's PATH
	}
	through := dbtest.TCP(t, database)
	config, err := pgx.ParseConfig(through.String())
	require.NoError(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	require.NoError(t, listener.Close())

	account := ""
	if os.Getuid() == 0 { // it refuses to run as root
		account = "user = nobody\n"
	}
	ini := fmt.Sprintf(`[databases]
%s = host=%s port=%d dbname=%s user=%s password='%s' connect_query='SET statement_timeout=15000; SET lock_timeout=5000; SET enable_seqscan=off; SET jit=off; SET idle_in_transaction_session_timeout=60000'

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = %d
max_client_conn = 200
stats_users = %s
%s`, config.Database, config.Host, config.Port, config.Database, config.User, config.Password, port, bouncedConnections, config.User, account)
	dir, err := os.MkdirTemp("", "paygate-pgbouncer") // another account may have to read it
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	file := filepath.Join(dir, "pgbouncer.ini")
	require.NoError(t, os.WriteFile(file, []byte(ini), 0o644))

	p := &program{name: "pgbouncer", started: time.Now()}
	p.Process, err = process.Start(process.Spec{Path: path, Args: []string{file}, Dir: dir, Env: environ(nil), OnParentDeath: syscall.SIGKILL, Line: p.note})
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := p.Stop(context.Background(), 10*time.Second, syscall.SIGINT, syscall.SIGKILL); err != nil {
			t.Errorf("pgbouncer does not end: %v\n%s", err, p.output())
		}
	})
	through.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	wait(t, "pgbouncer answers", func() (bool, error) {
		conn, err := pgx.Connect(t.Context(), through.String())
		if err == nil {
			return true, conn.Close(t.Context())
		}
		select {
		case <-p.Done():
			return false, fmt.Errorf("it ended:\n%s", p.output())
		default:
			return false, nil
		}
	})
	return through.String()
}

// bouncedTransactions is how many transactions have gone through PgBouncer to a database.
func bouncedTransactions(t *testing.T, bounced string) int64 {
	t.Helper()
	config, err := pgx.ParseConfig(bounced)
	require.NoError(t, err)
	name := config.Database
	config.Database = "pgbouncer" // its console
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	console, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, console.Close(context.WithoutCancel(t.Context()))) }()
	rows, err := console.Query(t.Context(), "SHOW STATS")
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowToMap)
	require.NoError(t, err)
	for _, row := range all {
		if row["database"] == name {
			count, err := row["total_xact_count"].(pgtype.Numeric).Int64Value()
			require.NoError(t, err)
			return count.Int64
		}
	}
	return 0
}

// TestAPIBehindPgBouncer tells the seed's story, and a crowd's, through a PgBouncer in transaction mode.
func TestAPIBehindPgBouncer(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	g.env["RATE_LIMIT"] = "0"
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	bounced := startPgBouncer(t, g.env["DATABASE_URL"])
	api, apiURL := g.start(t, "api", "DATABASE_URL", bounced, "DATABASE_PGBOUNCER", "true")
	worker, _ := g.start(t, "worker")

	readSeed(t).tell(t, place{apiURL, receiverURL})

	load := &retrying{apis: []string{apiURL}, transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	t.Cleanup(load.transport.CloseIdleConnections)
	var crowd sync.WaitGroup
	errs := make([]error, 32)
	for caller := range errs {
		crowd.Go(func() {
			for n := 0; n < 20 && errs[caller] == nil; n++ {
				errs[caller] = load.pay(t.Context(), fmt.Sprintf("crowd-%d-%d", caller, n/2)) // each is asked for twice
			}
		})
	}
	crowd.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	db := g.connect(t)
	count := func(sql string) (n int) {
		require.NoError(t, db.QueryRow(t.Context(), sql).Scan(&n))
		return n
	}
	require.Equal(t, 320, count("SELECT count(*) FROM idempotency_keys WHERE key LIKE 'crowd-%'"))
	connections := count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'paygate-api'")
	require.Positive(t, connections)
	require.Greater(t, bouncedTransactions(t, bounced), int64(50), "the way leads through pgbouncer")
	require.LessOrEqual(t, connections, bouncedConnections)
	require.Positive(t, count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'paygate-worker'"), "workers are direct")
	wait(t, "all are charged", func() (bool, error) {
		return count("SELECT count(*) FROM payments WHERE status <> 'success'") == 0, nil
	})
	g.examine(t)
	api.end(t, syscall.SIGTERM)
	worker.end(t, syscall.SIGTERM)

	status, says := run(t, g.dir, map[string]string{"DATABASE_URL": bounced, "DATABASE_PGBOUNCER": "true"}, "migrate")
	require.Equal(t, 2, status)
	require.Contains(t, says, "DATABASE_PGBOUNCER: migrate needs sessions of its own")
}
