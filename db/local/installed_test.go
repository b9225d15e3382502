package local

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInstalled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	programs, account, err := Installed(t.Context(), dir)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(programs, "postgres"))
	again, err := serverAccount(t.Context(), dir, filepath.Join(programs, "postgres"), true)
	require.NoError(t, err)
	require.Equal(t, again, account)
}

func TestEndPostmaster(t *testing.T) {
	t.Parallel()
	require.NoError(t, EndPostmaster(t.Context(), t.TempDir(), syscall.SIGKILL), "there is none")

	dir := clusterDir(t)
	server := startIn(t, dir)
	pid := postmasterPID(t, dir)
	data := filepath.Join(dir, dataFolder)
	require.NoError(t, EndPostmaster(context.Background(), data, syscall.SIGQUIT, syscall.SIGKILL))
	<-server.Done()
	requireGone(t, pid, dir)
	require.NoError(t, EndPostmaster(t.Context(), data, syscall.SIGKILL), "it is gone")
}
