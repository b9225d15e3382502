package dbtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/local"
)

func TestSweep(t *testing.T) {
	t.Parallel()

	base := t.TempDir()
	folder := func(t *testing.T, name string) string {
		t.Helper()
		dir := filepath.Join(base, name)
		require.NoError(t, os.MkdirAll(filepath.Join(dir, postgresFolder, "data"), 0o700))
		return dir
	}
	dead := folder(t, "run-dead")
	living := folder(t, "run-living")
	lock, err := local.Lock(living)
	require.NoError(t, err)
	defer func() { require.NoError(t, lock.Release()) }()
	cluster := folder(t, "cluster-15")

	require.NoError(t, sweep(t.Context(), base, time.Hour))
	require.DirExists(t, dead, "it may be about to be locked")

	require.NoError(t, sweep(t.Context(), base, 0))
	require.NoDirExists(t, dead)
	require.DirExists(t, living)
	require.DirExists(t, cluster)
}
