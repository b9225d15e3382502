package dbtest_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"paygate/db"
	"paygate/db/dbtest"
)

// hold makes TestHold run until it is killed, in a process of its own.
var hold = flag.Bool("hold", false, "let TestHold wait to be killed")

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestPool(t *testing.T) {
	t.Parallel()

	t.Run("EachTestHasItsOwnDatabase", func(t *testing.T) {
		t.Parallel()

		for n := range 8 {
			t.Run(fmt.Sprintf("Test%d", n), func(t *testing.T) {
				t.Parallel()

				pool := dbtest.Pool(t)
				require.NoError(t, db.CheckSchema(t.Context(), pool))
				_, err := pool.Exec(t.Context(), "CREATE TABLE mine AS SELECT $1::int AS n", n)
				require.NoError(t, err)
				var found int
				require.NoError(t, pool.QueryRow(t.Context(), "SELECT n FROM mine").Scan(&found))
				require.Equal(t, n, found)
			})
		}
	})

	t.Run("InUTCWithTenConnections", func(t *testing.T) {
		t.Parallel()

		pool := dbtest.Pool(t)
		require.EqualValues(t, 10, pool.Config().MaxConns)
		var zone string
		var now time.Time
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT current_setting('TimeZone'), now()").Scan(&zone, &now))
		require.Equal(t, "UTC", zone)
		require.Equal(t, time.UTC, now.Location())
	})

	t.Run("TheDatabaseGoesWithItsTest", func(t *testing.T) {
		t.Parallel()

		var name string
		var left *pgx.Conn
		passed := t.Run("Inner", func(t *testing.T) {
			pool := dbtest.Pool(t)
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT current_database()").Scan(&name))
			var err error
			left, err = pgx.Connect(t.Context(), pool.Config().ConnString())
			require.NoError(t, err)
		})
		require.True(t, passed)
		require.Error(t, left.Ping(t.Context()), "a forgotten connection is thrown out")
		var exists bool
		require.NoError(t, dbtest.Pool(t).QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists))
		require.False(t, exists)
	})
}

func TestURL(t *testing.T) {
	t.Parallel()

	conn, err := pgx.Connect(t.Context(), dbtest.URL(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	var payments int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM payments").Scan(&payments))
	require.Zero(t, payments)
}

func TestRedis(t *testing.T) {
	t.Parallel()

	for n := range 4 {
		t.Run(fmt.Sprintf("Test%d", n), func(t *testing.T) {
			t.Parallel()

			options, err := redis.ParseURL(dbtest.Redis(t))
			require.NoError(t, err)
			client := redis.NewClient(options)
			defer func() { require.NoError(t, client.Close()) }()
			keys, err := client.Keys(t.Context(), "*").Result()
			require.NoError(t, err)
			require.Empty(t, keys)
			require.NoError(t, client.Set(t.Context(), "key", n, 0).Err())
			found, err := client.Get(t.Context(), "key").Int()
			require.NoError(t, err)
			require.Equal(t, n, found)
		})
	}
}

// TestHold is the body of the process that the tests below kill.
func TestHold(t *testing.T) {
	t.Parallel()
	if !*hold {
		t.Skip("the other tests run it in a process of its own")
	}

	conn, err := pgx.Connect(t.Context(), dbtest.URL(t))
	require.NoError(t, err)
	var name, data string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT current_database(), current_setting('data_directory')").Scan(&name, &data))
	options, err := redis.ParseURL(dbtest.Redis(t))
	require.NoError(t, err)
	info, err := redis.NewClient(options).Info(t.Context(), "server").Result()
	require.NoError(t, err)
	_, redisPID, _ := strings.Cut(info, "process_id:")
	redisPID, _, _ = strings.Cut(redisPID, "\r\n")
	_, err = fmt.Fprintln(os.Stderr, "HOLDING", name, data, redisPID)
	require.NoError(t, err)
	select {} // killed
}

// holder runs TestHold in another process until it has what it holds, and returns that.
func holder(t *testing.T, env ...string) (cmd *exec.Cmd, database, data string, redisPID int) {
	t.Helper()
	executable, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.CommandContext(t.Context(), executable, "-hold", "-test.run=^TestHold$")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout = os.Stdout
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if rest, found := strings.CutPrefix(lines.Text(), "HOLDING "); found {
			_, err := fmt.Sscan(rest, &database, &data, &redisPID)
			require.NoError(t, err)
			return cmd, database, data, redisPID
		}
		t.Log(lines.Text())
	}
	require.Error(t, cmd.Wait())
	require.FailNow(t, "the other process held nothing")
	return nil, "", "", 0
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
}

// gone tells whether no process pid runs; one that ended and waits to be noticed does not.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(status), ") Z ")
}

func TestGivenServer(t *testing.T) {
	t.Parallel()

	// The tests' own server plays the given one.
	given := dbtest.URL(t)
	conn, err := pgx.Connect(t.Context(), given)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	databases := func(t *testing.T, run string) int {
		t.Helper()
		var count int
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname LIKE 'paygate_test_'||$1||'%'", run).Scan(&count))
		return count
	}
	env := "PAYGATE_TEST_DATABASE_URL=" + given

	cmd, database, _, _ := holder(t, env)
	run := strings.Split(database, "_")[2]
	require.Equal(t, 2, databases(t, run), "one for the test, and the template")
	kill(t, cmd)
	require.Equal(t, 2, databases(t, run), "left behind")

	executable, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.CommandContext(t.Context(), executable, "-test.run=^TestURL$", "-test.v")
	cmd.Env = append(os.Environ(), env)
	require.Eventually(t, func() bool { // the server takes a moment to notice that the killed one is gone
		var alive int
		err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbtest run ' || $1", run).Scan(&alive)
		return err == nil && alive == 0
	}, 10*time.Second, 10*time.Millisecond)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	require.Contains(t, string(output), "--- PASS: TestURL")
	require.Zero(t, databases(t, run), "removed by the next run")
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends children with their parents")
	}

	cmd, _, data, redisPID := holder(t)
	var postmaster int
	file, err := os.Open(data + "/postmaster.pid")
	require.NoError(t, err)
	_, err = fmt.Fscan(file, &postmaster)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.False(t, gone(postmaster))
	require.False(t, gone(redisPID))

	kill(t, cmd)
	require.Eventually(t, func() bool { return gone(postmaster) && gone(redisPID) }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(data)))) // what the next run but one would do
}
