// Package browser runs a script that drives Debian's Chromium, each of its cases as a test of its own.
package browser

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Options says what to run.
type Options struct {
	// Script is a file for Node.js. For each of its cases it prints a line of JSON with the members name, error ("" where the case
	// holds) and ms; other lines are logged.
	Script string
	// FrontEnd is the folder of the front end whose package-lock.json names playwright-core and axe-core. The script finds it in
	// E2E_MODULES, and the browser's program in E2E_CHROMIUM.
	FrontEnd string
	// Env is what the script gets beside this process's environment, as NAME=value.
	Env []string
}

// result is one line of the script's output.
type result struct {
	Name  string `json:"name"`
	Error string `json:"error"`
	MS    int    `json:"ms"`
}

// Run runs the script and fails for every case that does.
func Run(t *testing.T, o Options) {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	require.NoError(t, err, "Chromium is missing; tools/debian-deps.sh installs it")
	install(t, o.FrontEnd)
	// Go repeats the result of a test whose files are the same; it sees those that the test itself looks at.
	for _, folder := range []string{filepath.Dir(o.Script), "../browser"} {
		_, err = os.ReadDir(folder)
		require.NoError(t, err)
	}
	modules, err := filepath.Abs(o.FrontEnd)
	require.NoError(t, err)

	command := exec.CommandContext(t.Context(), "node", o.Script) //nolint:gosec // a script of ours
	command.Env = append(append(command.Environ(), "E2E_CHROMIUM="+chromium, "E2E_MODULES="+modules), o.Env...)
	// A group of its own, so that the browser goes with the script.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.WaitDelay = 5 * time.Second
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	count := 0
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Log(lines.Text())
			continue
		}
		count++
		t.Run(r.Name, func(t *testing.T) {
			t.Logf("%d ms", r.MS)
			require.Empty(t, r.Error)
		})
	}
	require.NoError(t, command.Wait(), stderr.String())
	require.Positive(t, count, "the script ran no test")
}

// install brings the tools that the lock file names, where they are not there yet.
func install(t *testing.T, folder string) {
	t.Helper()
	lock := filepath.Join(folder, "node_modules/.package-lock.json")
	installed, err := os.Stat(lock)
	if err == nil {
		wanted, err := os.Stat(filepath.Join(folder, "package-lock.json"))
		require.NoError(t, err)
		if !installed.ModTime().Before(wanted.ModTime()) {
			return
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	output, err := exec.CommandContext(t.Context(), "npm", "--prefix", folder, "ci", "--no-audit", "--no-fund").CombinedOutput()
	require.NoError(t, err, string(output))
	now := time.Now()
	require.NoError(t, os.Chtimes(lock, now, now))
}
