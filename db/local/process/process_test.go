package process

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// parent turns the test binary into a parent of a child that never ends by itself.
var parent = flag.Bool("parent", false, "start a child, print its pid, and wait")

func TestMain(m *testing.M) {
	flag.Parse()
	if *parent {
		child, err := Start(Spec{Path: "/bin/sleep", Args: []string{"3600"}, OnParentDeath: syscall.SIGTERM})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		// Threads come and go: none that ends may take the child with it.
		for range 100 {
			done := make(chan struct{})
			go func() {
				defer close(done)
				runtime.LockOSThread() // ends its thread when it returns
			}()
			<-done
		}
		fmt.Fprintln(os.Stdout, child.PID())
		<-child.Done()
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func shell(t *testing.T, script string, line func(string)) *Process {
	t.Helper()
	child, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=/usr/bin:/bin"}, Line: line})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, child.Stop(context.Background(), 0)) })
	return child
}

func TestProcess(t *testing.T) {
	t.Parallel()

	t.Run("LinesAndLastWords", func(t *testing.T) {
		t.Parallel()

		var got []string
		child := shell(t, `i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; done; echo to stderr >&2; printf 'no newline'; exit 3`,
			func(line string) { got = append(got, line) })
		<-child.Done()
		require.Len(t, got, 32)
		require.Equal(t, []string{"line 1", "line 2"}, got[:2])
		require.Equal(t, []string{"to stderr", "no newline"}, got[30:])
		require.Equal(t, got[12:], strings.Split(child.Tail(), "\n"))
		var exit *exec.ExitError
		require.ErrorAs(t, child.Err(), &exit)
		require.Equal(t, 3, exit.ExitCode())
	})

	t.Run("ALineWithoutEndIsCut", func(t *testing.T) {
		t.Parallel()

		child := shell(t, `head -c 1000000 /dev/zero`, nil)
		<-child.Done()
		require.NoError(t, child.Err())
		require.LessOrEqual(t, len(child.Tail()), 1000000+tailLines)
	})

	t.Run("StopClimbsItsLadder", func(t *testing.T) {
		t.Parallel()

		ready := make(chan struct{})
		var once sync.Once
		child := shell(t, `trap '' TERM; trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done`,
			func(string) { once.Do(func() { close(ready) }) })
		<-ready
		require.NoError(t, child.Stop(t.Context(), 200*time.Millisecond, syscall.SIGTERM, syscall.SIGINT))
		var exit *exec.ExitError
		require.ErrorAs(t, child.Err(), &exit)
		require.Equal(t, 7, exit.ExitCode())
		require.NoError(t, child.Stop(t.Context(), time.Hour, syscall.SIGTERM))
	})

	t.Run("AnImpatientStopKills", func(t *testing.T) {
		t.Parallel()

		ready := make(chan struct{})
		var once sync.Once
		child := shell(t, `trap '' TERM; echo ready; while :; do sleep 0.05; done`,
			func(string) { once.Do(func() { close(ready) }) })
		<-ready
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, child.Stop(ctx, time.Hour, syscall.SIGTERM))
		require.EqualError(t, child.Err(), "signal: killed")
	})

	t.Run("AMissingProgram", func(t *testing.T) {
		t.Parallel()

		_, err := Start(Spec{Path: "/nowhere/to/be/found"})
		require.ErrorIs(t, err, os.ErrNotExist)
	})

	t.Run("DiesWithItsParent", func(t *testing.T) {
		t.Parallel()
		if runtime.GOOS != "linux" {
			t.Skip("only Linux ends children with their parents")
		}

		executable, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.CommandContext(t.Context(), executable, "-parent")
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		var pid int
		_, err = fmt.Fscan(bufio.NewReader(stdout), &pid)
		require.NoError(t, err)
		require.NoError(t, syscall.Kill(pid, 0))

		require.NoError(t, cmd.Process.Kill())
		require.Error(t, cmd.Wait())
		require.Eventually(t, func() bool {
			// An orphan's end is somebody else's to notice: until then it is a zombie.
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			return err != nil || strings.Contains(string(status), ") Z ")
		}, 10*time.Second, 10*time.Millisecond)
	})
}
