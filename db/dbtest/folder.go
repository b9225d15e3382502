package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"paygate/db/local"
)

const (
	runPrefix = "run-"
	// sweepAge protects a folder in the moment between its making and its locking.
	sweepAge = time.Minute
)

// Folders that a run has in its own.
const (
	postgresFolder = "postgres"
	redisFolder    = "redis"
)

// run is this process's folder, made by the first server that needs it.
var run struct {
	mu   sync.Mutex
	dir  string
	lock *local.FolderLock
}

// runFolder returns the folder of this process, which no other touches while we live.
func runFolder(ctx context.Context) (string, error) {
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.dir != "" {
		return run.dir, nil
	}
	base, err := baseFolder()
	if err != nil {
		return "", err
	}
	// Tidying up is a favour to the disk, and no reason to fail a test: another run may be at it too.
	if err := sweep(ctx, base, sweepAge); err != nil {
		fmt.Fprintln(os.Stderr, "dbtest:", err)
	}
	dir, err := os.MkdirTemp(base, runPrefix)
	if err != nil {
		return "", fmt.Errorf("error making the folder of this run: %w", err)
	}
	lock, err := local.Lock(dir)
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	// When root cannot use a namespace, the server runs as an account that must come by here.
	// What is private is in the folders below.
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // see above
		return "", errors.Join(fmt.Errorf("error opening the folder of this run: %w", err), os.RemoveAll(dir), lock.Release())
	}
	run.dir, run.lock = dir, lock
	return dir, nil
}

// removeRunFolder removes it, if there is one. No server may run in it any more.
func removeRunFolder() error {
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.dir == "" {
		return nil
	}
	err := errors.Join(os.RemoveAll(run.dir), run.lock.Release())
	run.dir, run.lock = "", nil
	if err != nil {
		return fmt.Errorf("error removing the folder of this run: %w", err)
	}
	return nil
}

// baseFolder is where all runs of this user on this machine have theirs.
func baseFolder() (string, error) {
	base := filepath.Join(os.TempDir(), "paygate-dbtest-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(base, 0o711); err != nil && !errors.Is(err, os.ErrExist) { //nolint:gosec // see runFolder
		return "", fmt.Errorf("error making the folder of test servers: %w", err)
	}
	// The name can be guessed, and the temporary folder is everybody's.
	info, err := os.Lstat(base)
	if err != nil {
		return "", fmt.Errorf("error looking at the folder of test servers: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != os.Getuid() {
		return "", fmt.Errorf("%s belongs to somebody else: remove it, or set TMPDIR", base)
	}
	return base, nil
}

// sweep removes the folders of runs whose process is gone and that are older than age, after
// stopping the Postgres in them, which outlives a killed process where the kernel does not help.
func sweep(ctx context.Context, base string, age time.Duration) error {
	entries, err := os.ReadDir(base)
	if err != nil {
		return fmt.Errorf("error looking for what earlier runs left: %w", err)
	}
	var failures []error
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), runPrefix) || time.Since(info.ModTime()) < age {
			continue // one that is gone meanwhile has no info
		}
		failures = append(failures, removeDead(ctx, filepath.Join(base, entry.Name())))
	}
	return errors.Join(failures...)
}

func removeDead(ctx context.Context, dir string) error {
	lock, err := local.Lock(dir)
	if _, alive := errors.AsType[*local.LockedError](err); alive {
		return nil
	}
	if err != nil {
		return fmt.Errorf("error locking what an earlier run left: %w", err)
	}
	err = local.Remove(ctx, filepath.Join(dir, postgresFolder))
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		err = fmt.Errorf("error removing what an earlier run left: %w", err)
	}
	return errors.Join(err, lock.Release())
}
