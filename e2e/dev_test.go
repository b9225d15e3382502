package e2e

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// place waits until dev is ready, and returns where.
func (p *program) place(t *testing.T) place {
	t.Helper()
	p.says(t, "Its webhooks appear here")
	return place{
		api:      p.says(t, `API +(http://localhost:\d+)/api/v1 `)[1],
		receiver: p.says(t, `Webhooks +(http://localhost:\d+) `)[1],
	}
}

func TestDevLifecycle(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	data := filepath.Join(dir, ".paygate", "postgres")

	// Killed while it makes its database, and another asked to stop at that point.
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		unfinished := filepath.Join(data, "data.new")
		require.NoError(t, os.RemoveAll(unfinished))
		dev := launch(t, dir, anyPorts(t), "dev")
		wait(t, "a start makes its database", func() (bool, error) {
			_, err := os.Stat(filepath.Join(unfinished, "base"))
			return err == nil, nil
		})
		if signal == syscall.SIGKILL {
			dev.kill(t)
			continue
		}
		dev.end(t, signal)
		require.Empty(t, dev.output(), "a signal is no failure")
	}

	// Neither is in the way of this one.
	dev := launch(t, dir, anyPorts(t), "dev")
	at := dev.place(t)
	paid := payment(t, at.api)
	awaitStatus(t, at.api, "payments/"+paid.ID, "success")

	// A second one leaves the first alone.
	status, says := run(t, dir, anyPorts(t), "dev")
	require.Equal(t, 1, status)
	require.Equal(t, "paygate: `paygate dev` is already running in this folder (process "+strconv.Itoa(dev.PID())+
		"): use it, stop it first, or start this one in another folder", says)
	require.Equal(t, http.StatusOK, request(t, http.MethodGet, at.api+"/health/ready", nil, nil))

	// Tools find its database.
	status, says = run(t, dir, nil, "doctor")
	require.Zero(t, status, says)

	// Killed while it runs: nothing survives it, and nothing stops the next start.
	server := postmaster(t, data)
	dev.kill(t)
	if runtime.GOOS == "linux" { // elsewhere the next start ends it
		wait(t, "its Postgres ends with it", func() (bool, error) { return !alive(server), nil })
	}
	dev = launch(t, dir, anyPorts(t), "dev")
	at = dev.place(t)
	awaitStatus(t, at.api, "payments/"+paid.ID, "success")

	// The demo endpoint follows the receiver, which has another port than before.
	payment(t, at.api)
	awaitWebhooks(t, at.receiver, "payment.success")

	// Ctrl-C.
	server = postmaster(t, data)
	dev.end(t, os.Interrupt)
	require.False(t, alive(server), "dev ended before its Postgres")
	require.NotContains(t, dev.output(), "paygate:")
}

func TestDevPortInUse(t *testing.T) {
	t.Parallel()

	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	taken := listener.Addr().String()
	for _, setting := range []string{"PAYGATE_API_ADDR", "PAYGATE_RECEIVER_ADDR", "PAYGATE_ADMIN_ADDR"} {
		env := anyPorts(t)
		env[setting] = taken
		dir := t.TempDir()
		status, says := run(t, dir, env, "dev")
		require.Equal(t, 1, status)
		require.Equal(t, "paygate: "+taken+" is in use: stop what listens there, or choose another address with "+setting, says)
		require.NoDirExists(t, filepath.Join(dir, ".paygate", "postgres"), "nothing was started in vain")
	}
}

// postmaster is the process id of the Postgres whose files are in folder.
func postmaster(t *testing.T, folder string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	require.NoError(t, err)
	require.True(t, alive(pid))
	return pid
}

// alive tells whether a process runs. One that has ended is not alive, even while nobody has asked how.
func alive(pid int) bool {
	if runtime.GOOS != "linux" {
		return syscall.Kill(pid, 0) == nil
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !regexp.MustCompile(`^\d+ \(.*\) Z`).Match(stat)
}
