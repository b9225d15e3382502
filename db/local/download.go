package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// downloadable are the versions that embedded-postgres knows, by major.
var downloadable = map[int]embeddedpostgres.PostgresVersion{
	14: embeddedpostgres.V14,
	15: embeddedpostgres.V15,
	16: embeddedpostgres.V16,
	17: embeddedpostgres.V17,
	18: embeddedpostgres.V18,
}

// newestDownloadable is what a new cluster gets.
const newestDownloadable = 18

// downloader fetches server programs through embedded-postgres.
type downloader struct {
	// folder receives the programs.
	folder string
	// mirror replaces the repository that the library downloads from; empty leaves it.
	mirror string
	// cache keeps the archives; empty is the library's folder in the user's home, so that
	// one download serves every checkout on the machine.
	cache  string
	logger *slog.Logger
}

// get returns the programs of a major version (0 for any), downloading them once.
//
// That library can only start a server as a whole, and cannot do it our way (as root, on a
// socket, with its life tied to ours). It is therefore given a data folder with nothing but a
// version in it: it fetches and unpacks, believes the cluster to be there, and fails to start it.
func (d downloader) get(ctx context.Context, major int) (binaries, error) {
	if major == 0 {
		major = newestDownloadable
	}
	version, ok := downloadable[major]
	if !ok {
		return binaries{}, fmt.Errorf("there is no download of PostgreSQL %d: install it, and put its bin folder into PATH", major)
	}
	home := filepath.Join(d.folder, string(version))
	if b, err := binariesIn(ctx, filepath.Join(home, "bin")); err == nil {
		return b, nil
	}
	if err := os.MkdirAll(d.folder, 0o755); err != nil { //nolint:gosec // the server's account runs the programs in it
		return binaries{}, fmt.Errorf("error making the folder of the server's programs: %w", err)
	}
	// Unpacked beside its place and moved there whole: an interrupted unpacking would pass
	// for a finished one.
	work, err := os.MkdirTemp(d.folder, "unpacking-")
	if err != nil {
		return binaries{}, fmt.Errorf("error making the folder of the server's programs: %w", err)
	}
	defer os.RemoveAll(work)

	d.logger.InfoContext(ctx, "downloading postgres", slog.String("version", string(version)))
	if err := d.fetch(ctx, work, version); err != nil {
		return binaries{}, fmt.Errorf("%w\nNo PostgreSQL server (version %d or newer) was found on this machine, and downloading one failed. "+
			"Install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@%d), or set DATABASE_URL to one that runs", err, oldestMajor, newestDownloadable)
	}
	unpacked := filepath.Join(work, "server")
	if err := os.Chmod(unpacked, 0o755); err != nil { //nolint:gosec // as above
		return binaries{}, fmt.Errorf("error placing the server's programs: %w", err)
	}
	if err := os.RemoveAll(home); err != nil {
		return binaries{}, fmt.Errorf("error placing the server's programs: %w", err)
	}
	if err := os.Rename(unpacked, home); err != nil {
		return binaries{}, fmt.Errorf("error placing the server's programs: %w", err)
	}
	return binariesIn(ctx, filepath.Join(home, "bin"))
}

// fetch leaves the server's programs in work/server.
func (d downloader) fetch(ctx context.Context, work string, version embeddedpostgres.PostgresVersion) error {
	decoy := filepath.Join(work, "decoy")
	if err := os.Mkdir(decoy, 0o700); err != nil {
		return fmt.Errorf("error making a folder: %w", err)
	}
	major, _, _ := strings.Cut(string(version), ".")
	if err := os.WriteFile(filepath.Join(decoy, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return fmt.Errorf("error writing a file: %w", err)
	}
	port, err := FreePort(ctx)
	if err != nil {
		return err
	}
	server := filepath.Join(work, "server")
	config := embeddedpostgres.DefaultConfig().
		Version(version).
		Port(uint32(port)). //nolint:gosec // a TCP port
		RuntimePath(filepath.Join(work, "runtime")).
		BinariesPath(server).
		DataPath(decoy).
		CachePath(d.cache).
		Logger(io.Discard)
	if d.mirror != "" {
		config = config.BinaryRepositoryURL(d.mirror)
	}
	// The library takes no context. Left alone by an impatient caller, it ends by itself.
	failed := make(chan error, 1)
	go func() { failed <- embeddedpostgres.NewDatabase(config).Start() }()
	select {
	case <-ctx.Done():
		return fmt.Errorf("error downloading PostgreSQL %s: %w", version, ctx.Err())
	case err = <-failed:
	}
	if _, statErr := os.Stat(filepath.Join(server, "bin", "initdb")); statErr != nil {
		return fmt.Errorf("error downloading PostgreSQL %s: %w", version, errors.Join(err, statErr))
	}
	return nil
}
