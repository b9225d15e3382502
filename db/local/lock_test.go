package local

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLock(t *testing.T) {
	t.Parallel()

	t.Run("ASecondOneLearnsWhoHoldsIt", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		lock, err := Lock(dir)
		require.NoError(t, err)

		_, err = Lock(dir)
		var locked *LockedError
		require.ErrorAs(t, err, &locked)
		require.Equal(t, os.Getpid(), locked.PID)
		require.Equal(t, dir, locked.Dir)
		require.ErrorContains(t, err, "another paygate is running in "+dir)

		require.NoError(t, lock.Release())
		lock, err = Lock(dir)
		require.NoError(t, err)
		require.NoError(t, lock.Release())
	})

	t.Run("AnotherProcessHoldsItUntilItIsKilled", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		other := startHolder(t, dir, nil)
		for _, try := range []func() error{
			func() error { _, err := Lock(dir); return err },
			func() error { _, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir}); return err },
			func() error { return Remove(t.Context(), dir) },
		} {
			var locked *LockedError
			require.ErrorAs(t, try(), &locked)
			require.Equal(t, other.cmd.Process.Pid, locked.PID)
		}
		other.kill(t)
		lock, err := Lock(dir)
		require.NoError(t, err)
		require.NoError(t, lock.Release())
	})

	t.Run("LookingDoesNotDisturb", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		done := make(chan struct{})
		var lookers sync.WaitGroup
		for range 2 {
			lookers.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						_, _ = locked(dir) // either answer is right here
					}
				}
			})
		}
		defer lookers.Wait()
		defer close(done)
		for range 200 {
			lock, err := Lock(dir)
			require.NoError(t, err)
			held, err := locked(dir)
			require.NoError(t, err)
			require.True(t, held)
			require.NoError(t, lock.Release())
		}
	})
}

func TestFind(t *testing.T) {
	t.Parallel()

	t.Run("FindsWhatAnotherProcessRuns", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		other := startHolder(t, dir, nil)
		url, err := Find(dir)
		require.NoError(t, err)
		require.Equal(t, other.url, url)
		require.Equal(t, "paygate", ask(t, connect(t, url), "SELECT current_database()"))
	})

	t.Run("SaysWhenNothingRuns", func(t *testing.T) {
		t.Parallel()

		dir := clusterDir(t)
		_, err := Find(dir)
		require.ErrorIs(t, err, ErrNotRunning)
		require.ErrorContains(t, err, dir)

		_, err = Find(dir + "/nowhere")
		require.ErrorIs(t, err, ErrNotRunning)
		require.NoDirExists(t, dir+"/nowhere")
	})

	t.Run("SaysWhenItStarts", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		lock, err := Lock(dir)
		require.NoError(t, err)
		defer func() { require.NoError(t, lock.Release()) }()
		_, err = Find(dir)
		require.ErrorContains(t, err, "still starting")
	})
}
