package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/local/process"
)

const (
	// patience is for what takes a moment, or where a crashed leader has to be missed half a minute, on a
	// machine that has nothing else to do.
	patience = 2 * time.Minute
	interval = 10 * time.Millisecond
)

// program is one process of the binary.
type program struct {
	*process.Process

	name    string
	started time.Time

	mu    sync.Mutex
	lines []string
}

// launch starts the binary in dir with nothing in its environment but env and what a shell needs. What
// has not ended with the test is killed; so it is when the test itself is.
func launch(t *testing.T, dir string, env map[string]string, args ...string) *program {
	t.Helper()
	p := &program{name: strings.Join(args, " "), started: time.Now()}
	child, err := process.Start(process.Spec{
		Path: binary, Args: args, Dir: dir, Env: environ(env), OnParentDeath: syscall.SIGKILL, Line: p.note,
	})
	require.NoError(t, err)
	p.Process = child
	t.Cleanup(func() {
		if err := p.Stop(context.Background(), 10*time.Second, syscall.SIGTERM); err != nil {
			t.Errorf("%s does not end: %v", p.name, err)
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s", p.name, p.output())
		}
	})
	return p
}

func environ(env map[string]string) []string {
	all := map[string]string{"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME"), "TMPDIR": os.TempDir()} //nolint:forbidigo // as a shell has it
	maps.Copy(all, env)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

func (p *program) note(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
}

func (p *program) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// says waits until the program has written what the expression matches, and returns its groups.
func (p *program) says(t *testing.T, expression string) []string {
	t.Helper()
	pattern := regexp.MustCompile(expression)
	var match []string
	wait(t, p.name+" says "+expression, func() (bool, error) {
		if match = pattern.FindStringSubmatch(p.output()); match != nil {
			return true, nil
		}
		select {
		case <-p.Done():
			return false, fmt.Errorf("%s ended:\n%s", p.name, p.output())
		default:
			return false, nil
		}
	})
	return match
}

// logged waits for a line of the log and returns what it says under a key.
func (p *program) logged(t *testing.T, message, key string) string {
	t.Helper()
	line := p.says(t, `(?m)^(\{.*"msg":"`+regexp.QuoteMeta(message)+`".*\})$`)[1]
	var fields map[string]any
	require.NoError(t, json.Unmarshal([]byte(line), &fields))
	return fmt.Sprint(fields[key])
}

// status waits for the end of the program: its exit status, or -1 when a signal ended it.
func (p *program) status(t *testing.T) int {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		require.FailNow(t, p.name+" does not end", p.output())
	}
	if exit, ok := errors.AsType[*exec.ExitError](p.Err()); ok {
		return exit.ExitCode()
	}
	require.NoError(t, p.Err())
	return 0
}

// end asks the program to stop and expects that it does so in order.
func (p *program) end(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, p.Signal(signal))
	require.Zero(t, p.status(t), p.output())
}

// kill ends the program as a crash does.
func (p *program) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Signal(syscall.SIGKILL))
	require.Equal(t, -1, p.status(t))
}

// residentMB is the memory that the process has, as the system counts it.
func (p *program) residentMB(t *testing.T) float64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		output, err := exec.CommandContext(t.Context(), "ps", "-o", "rss=", "-p", strconv.Itoa(p.PID())).Output()
		require.NoError(t, err)
		kilobytes, err := strconv.ParseFloat(strings.TrimSpace(string(output)), 64)
		require.NoError(t, err)
		return kilobytes / 1024
	}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID()), "status"))
	require.NoError(t, err)
	match := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindStringSubmatch(string(status))
	require.NotNil(t, match)
	kilobytes, err := strconv.ParseFloat(match[1], 64)
	require.NoError(t, err)
	return kilobytes / 1024
}

// run is launch for a command that ends by itself.
func run(t *testing.T, dir string, env map[string]string, args ...string) (status int, output string) {
	t.Helper()
	p := launch(t, dir, env, args...)
	status = p.status(t)
	return status, p.output()
}

// wait asks until it is so, or cannot be any more.
func wait(t *testing.T, what string, so func() (bool, error)) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		done, err := so()
		require.NoError(t, err, what)
		if done {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline.C:
			require.FailNow(t, "not within "+patience.String()+": "+what)
		}
	}
}
