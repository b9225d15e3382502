package local

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseMajor(t *testing.T) {
	t.Parallel()

	for version, want := range map[string]int{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 17.6\n":                           17,
		"postgres (PostgreSQL) 18beta1\n":                        18,
		"postgres (PostgreSQL) 19devel":                          19,
		"postgres (PostgreSQL) 20":                               20,
	} {
		major, err := parseMajor(version)
		require.NoError(t, err, version)
		require.Equal(t, want, major, version)
	}
	for _, version := range []string{"", "redis 7", "postgres (PostgreSQL) ", "postgres (PostgreSQL) x"} {
		_, err := parseMajor(version)
		require.ErrorContains(t, err, "not a PostgreSQL version", version)
	}
}

func TestBinariesIn(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	_, err := binariesIn(t.Context(), dir)
	require.ErrorIs(t, err, os.ErrNotExist)

	program := []byte("#!/bin/sh\necho 'postgres (PostgreSQL) 16.1'\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "initdb"), program, 0o755))
	_, err = binariesIn(t.Context(), dir)
	require.ErrorIs(t, err, os.ErrNotExist)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "postgres"), program, 0o755))
	found, err := binariesIn(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, 16, found.major)
}

// The archive in testdata has the shape of a published one; its programs are scripts that
// print a version. It was made by
//
//	tar --owner=0 --group=0 -C server -cJf testdata/server.txz bin
func TestDownload(t *testing.T) {
	t.Parallel()

	repository := func(t *testing.T, requests *atomic.Int64) string {
		t.Helper()
		archive, err := os.ReadFile("testdata/server.txz")
		require.NoError(t, err)
		var jar bytes.Buffer
		writer := zip.NewWriter(&jar)
		entry, err := writer.Create("postgres-any.txz")
		require.NoError(t, err)
		_, err = entry.Write(archive)
		require.NoError(t, err)
		require.NoError(t, writer.Close())
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			content := jar.Bytes()
			if strings.HasSuffix(r.URL.Path, ".sha256") {
				sum := sha256.Sum256(content)
				content = []byte(hex.EncodeToString(sum[:]))
			}
			_, err := w.Write(content)
			if err != nil {
				t.Errorf("error serving %s: %v", r.URL.Path, err)
			}
		}))
		t.Cleanup(func() {
			server.Close()
			http.DefaultClient.CloseIdleConnections() // the library's client
		})
		return server.URL
	}

	t.Run("OnceAndForAll", func(t *testing.T) {
		t.Parallel()

		var requests atomic.Int64
		source := downloader{
			folder: filepath.Join(t.TempDir(), "bin"),
			cache:  t.TempDir(),
			mirror: repository(t, &requests),
			logger: slog.New(slog.DiscardHandler),
		}
		for range 2 {
			programs, err := source.get(t.Context(), 0)
			require.NoError(t, err)
			require.Equal(t, newestDownloadable, programs.major)
			require.FileExists(t, programs.postgres)
			require.FileExists(t, programs.initdb)
			require.EqualValues(t, 2, requests.Load(), "the archive and its checksum")
		}
		left, err := os.ReadDir(source.folder)
		require.NoError(t, err)
		require.Len(t, left, 1, "only the programs stay")
	})

	t.Run("TheErrorSaysWhatToDo", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		source := downloader{folder: t.TempDir(), cache: t.TempDir(), mirror: server.URL, logger: slog.New(slog.DiscardHandler)}
		_, err := source.get(t.Context(), 17)
		require.ErrorContains(t, err, "error downloading PostgreSQL 17")
		require.ErrorContains(t, err, "apt-get install postgresql")
		require.ErrorContains(t, err, "DATABASE_URL")
		left, err := os.ReadDir(source.folder)
		require.NoError(t, err)
		require.Empty(t, left)
	})

	t.Run("AnOldVersionIsNotToBeHad", func(t *testing.T) {
		t.Parallel()

		_, err := downloader{folder: t.TempDir()}.get(t.Context(), 9)
		require.ErrorContains(t, err, "there is no download of PostgreSQL 9")
	})
}
