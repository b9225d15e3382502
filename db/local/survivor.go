package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const survivorInterval = 10 * time.Millisecond

// stopSurvivor ends the server that a killed process left behind in dir, and removes the
// postmaster.pid of one that is gone. The caller holds the folder's lock.
//
// The second matters as much as the first: Postgres trusts that file as long as any process
// has the number in it, and after a reboot, or in a container started anew, one often has.
// The file goes only when that process is certainly not a server on this cluster, and even then
// Postgres would notice another server by the shared memory.
//
// The survivor is stopped rather than adopted: it may run with other settings, and its
// output went to a pipe that nobody reads any more.
func stopSurvivor(ctx context.Context, dir string) error {
	data := filepath.Join(dir, dataFolder)
	status, found, err := readPostmasterFile(data)
	if err != nil || !found || status.pid < 0 {
		return err
	}
	if err := EndPostmaster(ctx, data, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(data, postmasterFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("error removing a stale %s: %w", postmasterFile, err)
	}
	return nil
}

// EndPostmaster ends the server that runs on the cluster in data, an absolute path, whoever started it. It sends the
// signals in order, each after the one before had ten seconds to work. That no server runs is no error.
func EndPostmaster(ctx context.Context, data string, signals ...syscall.Signal) error {
	status, found, err := readPostmasterFile(data)
	if err != nil || !found || status.pid <= 0 {
		return err
	}
	alive, err := isPostmaster(ctx, status.pid, data)
	if err != nil {
		return err
	}
	for _, sig := range signals {
		if !alive {
			break
		}
		if err := syscall.Kill(status.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("error stopping the server %d: %w", status.pid, err)
		}
		if alive, err = waitForEnd(ctx, status.pid, data); err != nil {
			return err
		}
	}
	if alive {
		return fmt.Errorf("the server %d in %s does not end: stop it by hand", status.pid, data)
	}
	return nil
}

// waitForEnd returns whether the server is alive still after stopGrace.
func waitForEnd(ctx context.Context, pid int, data string) (bool, error) {
	patience := time.NewTimer(stopGrace)
	defer patience.Stop()
	ticker := time.NewTicker(survivorInterval)
	defer ticker.Stop()
	for {
		alive, err := isPostmaster(ctx, pid, data)
		if err != nil || !alive {
			return alive, err
		}
		select {
		case <-ctx.Done():
			return true, fmt.Errorf("error waiting for the server %d to end: %w", pid, ctx.Err())
		case <-patience.C:
			return true, nil
		case <-ticker.C:
		}
	}
}

// Remove deletes dir, a folder of StartPostgres, with everything in it, after stopping what a
// killed process left running there. It returns a *LockedError when the folder is in use.
func Remove(ctx context.Context, dir string) error {
	lock, err := Lock(dir)
	if err != nil {
		return err
	}
	absolute, err := makeDir(dir)
	if err == nil {
		err = stopSurvivor(ctx, absolute)
	}
	if err == nil {
		err = os.RemoveAll(absolute)
	}
	if err != nil {
		err = fmt.Errorf("error removing %s: %w", dir, err)
	}
	return errors.Join(err, lock.Release())
}

// postmasterFile is the server's own lock file and status.
const postmasterFile = "postmaster.pid"

// postmasterStatus is what we read of it. Its lines are: pid, data folder, start time, port, socket
// folder, address, shared memory, and since Postgres 10 the status (pidfile.h).
type postmasterStatus struct {
	pid   int // 0 when a crash tore the file; negative in single-user mode, which we leave alone
	ready bool
}

// readPostmasterFile returns false when there is none.
func readPostmasterFile(data string) (postmasterStatus, bool, error) {
	content, err := os.ReadFile(filepath.Join(data, postmasterFile))
	if errors.Is(err, os.ErrNotExist) {
		return postmasterStatus{}, false, nil
	}
	if err != nil {
		return postmasterStatus{}, false, fmt.Errorf("error reading %s: %w", postmasterFile, err)
	}
	lines := strings.Split(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		pid = 0
	}
	const statusLine = 7
	return postmasterStatus{pid: pid, ready: len(lines) > statusLine && strings.TrimSpace(lines[statusLine]) == "ready"}, true, nil
}

// runsPostgres tells whether a process that was started with this first argument is a server
// program, or a child of one, whose title is "postgres: …".
func runsPostgres(argument string) bool {
	return strings.HasPrefix(filepath.Base(argument), "postgres")
}
