package checkout_test

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

// The front ends' folder, whose tools drive the browser.
const frontEnds = "../../checkout"

// result is one line of the script's output: a test of its own.
type result struct {
	Name  string `json:"name"`
	Error string `json:"error"`
	MS    int    `json:"ms"`
}

// TestBrowser runs browser/*.mjs in Chromium against a real gateway. PAYGATE_E2E_ONLY in the script's
// environment picks tests by a part of their name (several with |); PAYGATE_E2E_SHOTS is a folder for
// screenshots. Both need -count=1.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a minute of browser; run without -short")
	}
	chromium, err := exec.LookPath("chromium")
	require.NoError(t, err, "Chromium is missing; tools/debian-deps.sh installs it")
	install(t)
	// Go repeats the result of a test whose files are the same; it sees those that the test itself looks at.
	_, err = os.ReadDir("browser")
	require.NoError(t, err)
	s := newStack(t)

	command := exec.CommandContext(t.Context(), "node", "browser/run.mjs")
	command.Env = append(command.Environ(),
		"E2E_CHROMIUM="+chromium, "E2E_MODULES="+absolute(t, frontEnds), "E2E_CONTROL="+s.control.URL,
		"E2E_CHECKOUT="+s.checkout.Listener.Addr().String(), "E2E_SHOP="+s.shop.Listener.Addr().String(),
		"E2E_ORIGINS="+checkoutOrigin+" "+shopOrigin+" "+evilOrigin, "E2E_SECRET="+checkoutSecret,
	)
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
func install(t *testing.T) {
	t.Helper()
	installed, err := os.Stat(filepath.Join(frontEnds, "node_modules/.package-lock.json"))
	if err == nil {
		wanted, err := os.Stat(filepath.Join(frontEnds, "package-lock.json"))
		require.NoError(t, err)
		if !installed.ModTime().Before(wanted.ModTime()) {
			return
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	output, err := exec.CommandContext(t.Context(), "npm", "--prefix", frontEnds, "ci", "--no-audit", "--no-fund").CombinedOutput()
	require.NoError(t, err, string(output))
	now := time.Now()
	require.NoError(t, os.Chtimes(filepath.Join(frontEnds, "node_modules/.package-lock.json"), now, now))
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	out, err := filepath.Abs(path)
	require.NoError(t, err)
	return out
}
