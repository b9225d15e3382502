package checkout_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFirefox runs firefox/run.mjs in Debian's Firefox, by WebDriver BiDi, against a real gateway. PAYGATE_E2E_ONLY in the script's
// environment picks cases by a part of their name.
//
// It is not parallel, so that one test alone installs what the lock file names.
func TestFirefox(t *testing.T) {
	if testing.Short() {
		t.Skip("half a minute of browser; run without -short")
	}
	firefox, err := exec.LookPath("firefox-esr")
	require.NoError(t, err, "Firefox is missing; tools/debian-deps.sh installs it")
	modules, err := filepath.Abs("../../checkout")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(modules, "node_modules", "puppeteer-core")); err != nil {
		output, err := exec.CommandContext(t.Context(), "npm", "--prefix", modules, "ci", "--no-audit", "--no-fund").CombinedOutput()
		require.NoError(t, err, string(output))
	}
	_, err = os.ReadDir("firefox") // so that Go sees a change of the script
	require.NoError(t, err)

	s := newStack(t)
	roads := newCrossroads(t, s)
	script := exec.CommandContext(t.Context(), "node", "firefox/run.mjs")
	script.Env = append(script.Environ(),
		"E2E_FIREFOX="+firefox, "E2E_MODULES="+modules, "E2E_CONTROL="+s.control.URL, "E2E_PROXY="+serve(t, roads).Listener.Addr().String(),
		"E2E_ORIGINS="+checkoutOrigin+" "+shopOrigin, "E2E_SECRET="+checkoutSecret,
	)
	// A group of its own, so that the browser goes with the script.
	script.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	script.Cancel = func() error { return syscall.Kill(-script.Process.Pid, syscall.SIGKILL) }
	script.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	script.Stdout, script.Stderr = &said, &said
	err = script.Run()
	t.Log(said.String())
	require.NoError(t, err)
	require.Empty(t, roads.others(), "nobody else was asked for anything")
}
