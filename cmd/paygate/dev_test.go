package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// That dev works is shown on real processes, in e2e. Here it is that it leaves nothing running in this one.
func TestDevLeavesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	env := make(map[string]string)
	for _, server := range []string{"ADMIN", "API", "CHECKOUT", "DASHBOARD", "RECEIVER", "SHOP"} {
		env["PAYGATE_"+server+"_ADDR"] = "127.0.0.1:0"
	}
	dev := start(t, env, "dev")
	require.Eventually(t, func() bool { return strings.Contains(dev.stdout.String(), "Paygate is ready") }, time.Minute, 10*time.Millisecond)

	// A tool in the same folder finds the database.
	doctor := call(t, env, "doctor")
	require.Zero(t, doctor.status, doctor.stderr)

	second := call(t, env, "dev")
	require.Equal(t, exitFailure, second.status)
	require.Contains(t, second.stderr, "`paygate dev` is already running in this folder")
	require.NoFileExists(t, devEarlierLog, "the log of the running one was left alone")

	require.Zero(t, dev.end(t))
	require.Empty(t, dev.stderr.String())
	_, err := findDev()
	require.Error(t, err)

	for name, mode := range map[string]os.FileMode{devDir: 0o711 | os.ModeDir, devLog: 0o600, devPostgresDir: 0o700 | os.ModeDir, filepath.Join(devDir, ".gitignore"): 0o600} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), name)
	}
}
