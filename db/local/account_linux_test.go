package local

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServerAccount(t *testing.T) {
	t.Parallel()

	requireRoot := func(t *testing.T) {
		t.Helper()
		if os.Geteuid() != 0 {
			t.Skip("only root has to run the server as somebody else")
		}
	}
	// open makes the folders that t.TempDir makes enterable by everybody, as a checkout's are.
	open := func(t *testing.T, dir string) {
		t.Helper()
		for ; dir != os.TempDir(); dir = filepath.Dir(dir) {
			require.NoError(t, os.Chmod(dir, 0o755))
		}
	}
	start := func(t *testing.T, dir string, noNamespaces bool) *Postgres {
		t.Helper()
		return startWith(t, PostgresOptions{Dir: dir, Settings: hasty, noNamespaces: noNamespaces})
	}
	owner := func(t *testing.T, path string) uint32 {
		t.Helper()
		account, err := ownerOf(path)
		require.NoError(t, err)
		return account.UID
	}

	t.Run("RootsDataStayRootsInANamespace", func(t *testing.T) {
		t.Parallel()
		requireRoot(t)

		dir := filepath.Join(t.TempDir(), "pg") // its parents are closed to everybody else
		start(t, dir, false)
		require.Zero(t, owner(t, filepath.Join(dir, dataFolder, "PG_VERSION")))
	})

	t.Run("WithoutNamespacesAnAccountGetsTheFolder", func(t *testing.T) {
		t.Parallel()
		requireRoot(t)

		parent := t.TempDir()
		open(t, parent)
		dir := filepath.Join(parent, "pg")
		server := start(t, dir, true)
		account, err := lookupAccount()
		require.NoError(t, err)
		require.Equal(t, account.UID, owner(t, filepath.Join(dir, dataFolder, "PG_VERSION")))
		require.Equal(t, account.UID, owner(t, filepath.Join("/proc", strconv.Itoa(server.child.PID()))))
		execute(t, connect(t, server.URL()), "CREATE TABLE kept AS SELECT 'here' AS word")
		require.NoError(t, server.Stop(t.Context()))

		// Namespaces that come back do not take the folder away again.
		server = start(t, dir, false)
		require.Equal(t, "here", ask(t, connect(t, server.TCPURL()), "SELECT word FROM kept"))
		require.Equal(t, account.UID, owner(t, filepath.Join(dir, dataFolder, "PG_VERSION")))
	})

	t.Run("WithoutNamespacesAClosedFolderIsExplained", func(t *testing.T) {
		t.Parallel()
		requireRoot(t)

		dir := filepath.Join(t.TempDir(), "pg")
		_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir, noNamespaces: true})
		require.ErrorContains(t, err, "use a folder that everybody may enter")
		require.Zero(t, owner(t, dir), "given back")
		start(t, dir, false)
	})

	t.Run("AUsersFolderStaysTheUsers", func(t *testing.T) {
		t.Parallel()
		requireRoot(t)

		parent := t.TempDir()
		open(t, parent)
		dir := filepath.Join(parent, "pg")
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.Chown(dir, 12345, 54321))
		// initdb wants a user with a name, a server does not.
		require.NoError(t, os.CopyFS(filepath.Join(dir, "copy"), os.DirFS(clusterDir(t))))
		for _, name := range []string{dataFolder, passwordFile} {
			require.NoError(t, os.Rename(filepath.Join(dir, "copy", name), filepath.Join(dir, name)))
		}
		require.NoError(t, os.Chmod(filepath.Join(dir, dataFolder), 0o700))
		server := start(t, dir, false)
		require.Equal(t, "1", ask(t, connect(t, server.URL()), "SELECT '1'"))
		for _, name := range []string{lockFile, passwordFile, socketFolder, filepath.Join(dataFolder, postmasterFile)} {
			require.EqualValues(t, 12345, owner(t, filepath.Join(dir, name)), name)
		}
	})

	t.Run("WhoIsNotRootIsItself", func(t *testing.T) {
		t.Parallel()
		requireRoot(t)

		// In a namespace the other process cannot tell that it is not nobody.
		account, err := lookupAccount()
		require.NoError(t, err)
		dir := clusterDir(t)
		other := startHolder(t, dir, &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: int(account.UID), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: int(account.GID), Size: 1}},
		})
		require.Equal(t, "1", ask(t, connect(t, other.url), "SELECT '1'"))
		pid := postmasterPID(t, dir)
		other.kill(t)
		requireGone(t, pid, dir)
	})
}
