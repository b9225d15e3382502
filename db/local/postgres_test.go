package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// newCluster makes one cluster for all tests that need any: initdb takes a second.
var newCluster = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "paygate-local-test-")
	if err != nil {
		return "", err
	}
	server, err := StartPostgres(context.Background(), PostgresOptions{Dir: dir, Settings: hasty})
	if err != nil {
		return "", err
	}
	return dir, server.Stop(context.Background())
})

// clusterDir returns a folder with a cluster of the test's own in it.
func clusterDir(t *testing.T) string {
	t.Helper()
	source, err := newCluster()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "pg")
	require.NoError(t, os.CopyFS(dir, os.DirFS(source)))
	require.NoError(t, os.Chmod(filepath.Join(dir, dataFolder), 0o700))
	return dir
}

func startIn(t *testing.T, dir string) *Postgres {
	t.Helper()
	return startWith(t, PostgresOptions{Dir: dir, Settings: hasty})
}

func startWith(t *testing.T, opts PostgresOptions) *Postgres {
	t.Helper()
	server, err := StartPostgres(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	return server
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone by now
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

func ask(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var answer string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}

func TestStartPostgres(t *testing.T) {
	t.Parallel()

	t.Run("AFreshClusterIsDurableAndPrivate", func(t *testing.T) {
		t.Parallel()

		dir := filepath.Join(t.TempDir(), "not", "there", "yet")
		server := startWith(t, PostgresOptions{Dir: dir})
		conn := connect(t, server.URL())
		for setting, want := range map[string]string{
			"fsync":                    "on",
			"synchronous_commit":       "on",
			"full_page_writes":         "on",
			"max_connections":          "200",
			"server_encoding":          "UTF8",
			"TimeZone":                 "UTC",
			"listen_addresses":         "127.0.0.1",
			"password_encryption":      "scram-sha-256",
			"unix_socket_permissions":  "0700",
			"dynamic_library_path":     "$libdir",
			"shared_preload_libraries": "",
		} {
			require.Equal(t, want, ask(t, conn, "SELECT current_setting('"+setting+"')"), setting)
		}
		require.Equal(t, "paygate", ask(t, conn, "SELECT current_database()"))
		require.Equal(t, "C.UTF-8", ask(t, conn, "SELECT datcollate FROM pg_database WHERE datname = current_database()"))
		require.NotEqual(t, "5432", ask(t, conn, "SELECT current_setting('port')"))

		for _, name := range []string{".", dataFolder, socketFolder, passwordFile, stateFile} {
			info, err := os.Stat(filepath.Join(dir, name))
			require.NoError(t, err)
			require.Zero(t, info.Mode().Perm()&0o077, "%s may be read by others", name)
		}
	})

	t.Run("TCPWantsThePassword", func(t *testing.T) {
		t.Parallel()

		server := startIn(t, clusterDir(t))
		conn := connect(t, server.TCPURL())
		require.Equal(t, "127.0.0.1/32", ask(t, conn, "SELECT inet_client_addr()::text"))

		for name, url := range map[string]string{
			"wrong":   strings.Replace(server.TCPURL(), server.password, "guessed", 1),
			"missing": strings.Replace(server.TCPURL(), ":"+server.password, "", 1),
		} {
			_, err := pgx.Connect(t.Context(), url)
			require.Error(t, err, name)
		}
	})

	t.Run("ALongPathLeavesTCPAlone", func(t *testing.T) {
		t.Parallel()

		short := clusterDir(t)
		dir := filepath.Join(filepath.Dir(short), strings.Repeat("long", 30))
		require.NoError(t, os.Rename(short, dir))
		server := startIn(t, dir)
		require.Equal(t, server.TCPURL(), server.URL())
		require.Equal(t, "1", ask(t, connect(t, server.URL()), "SELECT '1'"))
	})

	t.Run("DataAndPasswordSurviveARestart", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		server := startIn(t, dir)
		execute(t, connect(t, server.URL()), "CREATE TABLE kept AS SELECT 'here' AS word")
		require.NoError(t, server.Stop(t.Context()))
		password := server.password

		began := time.Now()
		server = startWith(t, PostgresOptions{Dir: dir})
		t.Logf("second start took %s", time.Since(began).Round(time.Millisecond))
		require.Equal(t, password, server.password)
		require.Equal(t, "here", ask(t, connect(t, server.URL()), "SELECT word FROM kept"))
	})

	t.Run("SettingsAndDatabaseAreTheCallers", func(t *testing.T) {
		t.Parallel()

		server := startWith(t, PostgresOptions{
			Dir:      clusterDir(t),
			Database: `odd "name"/%`,
			Settings: map[string]string{"fsync": "off", "max_connections": "50", "port": "5432"},
		})
		for _, url := range []string{server.URL(), server.TCPURL()} {
			conn := connect(t, url)
			require.Equal(t, `odd "name"/%`, ask(t, conn, "SELECT current_database()"))
			require.Equal(t, "off 50", ask(t, conn, "SELECT current_setting('fsync') || ' ' || current_setting('max_connections')"))
			require.NotEqual(t, "5432", ask(t, conn, "SELECT current_setting('port')"))
		}
	})

	t.Run("ABadSettingIsReportedInTheServersWords", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir, Settings: map[string]string{"shared_buffers": "much"}})
		require.ErrorContains(t, err, `invalid value for parameter "shared_buffers"`)
		startIn(t, dir) // the lock is free again
	})

	t.Run("AStartCutShortLeavesNothing", func(t *testing.T) {
		t.Parallel()

		dir := filepath.Join(t.TempDir(), "pg")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := StartPostgres(ctx, PostgresOptions{Dir: dir}) // initdb alone takes longer
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoDirExists(t, filepath.Join(dir, dataFolder))
		startIn(t, dir)
	})

	t.Run("ACrashOfTheServerIsTold", func(t *testing.T) {
		t.Parallel()

		server := startIn(t, clusterDir(t))
		require.NoError(t, server.Err())
		require.NoError(t, syscall.Kill(server.child.PID(), syscall.SIGKILL))
		<-server.Done()
		require.ErrorContains(t, server.Err(), "signal: killed")
		require.NoError(t, server.Stop(t.Context()))
		require.ErrorContains(t, server.Err(), "signal: killed")
	})

	t.Run("AStopIsNoCrash", func(t *testing.T) {
		t.Parallel()

		server := startIn(t, clusterDir(t))
		conn := connect(t, server.URL())
		execute(t, conn, "CREATE TABLE t (i int)")
		execute(t, conn, "BEGIN")
		execute(t, conn, "INSERT INTO t VALUES (1)")
		require.NoError(t, server.Stop(t.Context()))
		<-server.Done()
		require.NoError(t, server.Err())
		require.NoError(t, server.Stop(t.Context()))
	})

	t.Run("AMissingPasswordIsExplained", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		require.NoError(t, os.Remove(filepath.Join(dir, passwordFile)))
		_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir})
		require.ErrorContains(t, err, "start with an empty database")
	})

	t.Run("AnotherVersionsDataAreLeftAlone", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, dataFolder, "PG_VERSION"), []byte("13\n"), 0o600))
		_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir})
		require.ErrorContains(t, err, "were made by PostgreSQL 13")
		require.FileExists(t, filepath.Join(dir, dataFolder, "PG_VERSION"))
	})

	t.Run("NoFolder", func(t *testing.T) {
		t.Parallel()

		_, err := StartPostgres(t.Context(), PostgresOptions{})
		require.ErrorContains(t, err, "no folder given")
	})
}
