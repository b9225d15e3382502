//go:build unix && !linux

package local

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// isPostmaster tells whether process pid is a Postgres server on the cluster in data, by
// its arguments, of which StartPostgres makes the cluster's absolute path one.
func isPostmaster(ctx context.Context, pid int, data string) (bool, error) {
	output, err := exec.CommandContext(ctx, "/bin/ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == 1 {
		return false, nil // no such process
	}
	if err != nil {
		return false, fmt.Errorf("error looking at process %d: %w", pid, err)
	}
	program, arguments, _ := strings.Cut(string(output), " ")
	return runsPostgres(program) && strings.Contains(" "+arguments, " "+data+" "), nil
}
