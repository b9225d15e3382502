package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// isPostmaster tells whether process pid is a Postgres server on the cluster in data. A
// server works in its cluster's folder; where we may not look, its arguments name it.
// A process that has ended but was not waited for is none: it has no arguments any more.
func isPostmaster(_ context.Context, pid int, data string) (bool, error) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if _, err := os.Stat("/proc/self"); err != nil {
		return false, fmt.Errorf("error looking for process %d: %w", pid, err)
	}
	content, err := os.ReadFile(filepath.Join(proc, "cmdline"))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("error looking at process %d: %w", pid, err)
	}
	arguments := strings.Split(string(content), "\x00")
	if !runsPostgres(arguments[0]) {
		return false, nil
	}
	if cwd, err := os.Readlink(filepath.Join(proc, "cwd")); err == nil {
		return cwd == data, nil
	}
	return slices.Contains(arguments, data), nil
}
