package local

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/local/process"
)

// holder is another process that runs a local Postgres.
type holderProcess struct {
	cmd *exec.Cmd
	url string
}

func startHolder(t *testing.T, dir string, attributes *syscall.SysProcAttr) *holderProcess {
	t.Helper()
	executable, err := os.Executable()
	require.NoError(t, err)
	var complaints strings.Builder
	// Not exec.CommandContext: a test's context ends before its cleanups, and would kill.
	cmd := &exec.Cmd{Path: executable, Args: []string{executable, "-hold", dir}, Stderr: &complaints, SysProcAttr: attributes}
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may be dead: that is what most tests are about
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if errors.Is(err, io.EOF) {
		_ = cmd.Wait()
		require.FailNow(t, "the other process ended", complaints.String())
	}
	require.NoError(t, err)
	return &holderProcess{cmd: cmd, url: strings.TrimSpace(line)}
}

func (h *holderProcess) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, h.cmd.Process.Kill())
	require.Error(t, h.cmd.Wait())
}

func postmasterPID(t *testing.T, dir string) int {
	t.Helper()
	status, found, err := readPostmasterFile(filepath.Join(dir, dataFolder))
	require.NoError(t, err)
	require.True(t, found)
	return status.pid
}

func requireGone(t *testing.T, pid int, dir string) {
	t.Helper()
	require.Eventually(t, func() bool {
		alive, err := isPostmaster(context.Background(), pid, filepath.Join(dir, dataFolder))
		return err == nil && !alive
	}, 10*time.Second, 10*time.Millisecond, "the server outlived its parent")
}

func TestKilledParent(t *testing.T) {
	t.Parallel()

	t.Run("TheServerDiesWithItAndTheNextStartHasTheData", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		other := startHolder(t, dir, nil)
		conn := connect(t, other.url)
		execute(t, conn, "CREATE TABLE kept AS SELECT 'here' AS word")
		execute(t, conn, "BEGIN")
		execute(t, conn, "UPDATE kept SET word = 'lost'")
		pid := postmasterPID(t, dir)

		other.kill(t)
		requireGone(t, pid, dir)
		_, err := Find(dir)
		require.ErrorIs(t, err, ErrNotRunning)
		require.Equal(t, "here", ask(t, connect(t, startIn(t, dir).URL()), "SELECT word FROM kept"))
	})

	t.Run("TheNextStartNeedNotWait", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		for range 3 {
			other := startHolder(t, dir, nil)
			other.kill(t)
		}
		startIn(t, dir)
	})
}

func TestSurvivor(t *testing.T) {
	t.Parallel()

	// survive starts a server that nothing ties to the folder's lock, as a kill -9 leaves
	// it where the kernel does not end children with their parents.
	survive := func(t *testing.T, dir string) *process.Process {
		t.Helper()
		programs, _, found := findBinaries(t.Context(), 0)
		require.True(t, found)
		account, err := serverAccount(t.Context(), dir, programs.postgres, true)
		require.NoError(t, err)
		p := &Postgres{dir: dir, socket: filepath.Join(dir, socketFolder)}
		p.port, err = FreePort(t.Context())
		require.NoError(t, err)
		data := filepath.Join(dir, dataFolder)
		require.NoError(t, os.MkdirAll(p.socket, 0o700))
		child, err := process.Start(process.Spec{Path: programs.postgres, Args: p.arguments(data, hasty), Account: account})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, child.Stop(context.Background(), time.Second, syscall.SIGQUIT)) })
		require.Eventually(t, func() bool {
			status, _, err := readPostmasterFile(data)
			return err == nil && status.ready
		}, 10*time.Second, 10*time.Millisecond)
		return child
	}

	t.Run("IsStoppedByTheNextStart", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		child := survive(t, dir)
		startIn(t, dir)
		<-child.Done()
		require.NoError(t, child.Err())
	})

	t.Run("OneThatWasKilledDoesNotStopTheNext", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		child := survive(t, dir)
		require.NoError(t, child.Signal(syscall.SIGKILL))
		startIn(t, dir)
	})

	t.Run("IsStoppedByRemove", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		child := survive(t, dir)
		require.NoError(t, Remove(t.Context(), dir))
		<-child.Done()
		require.NoDirExists(t, dir)
	})
}

func TestStalePostmasterFile(t *testing.T) {
	t.Parallel()

	for name, content := range map[string]string{
		"ItsNumberIsAnotherProcesss": strconv.Itoa(os.Getpid()) + "\n",
		"ItsNumberIsNobodys":         "2147483647\n",
		"ItIsEmpty":                  "",
		"ItIsTorn":                   "12x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := clusterDir(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, dataFolder, postmasterFile), []byte(content), 0o600))
			startIn(t, dir)
		})
	}
}
