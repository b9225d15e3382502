package local

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oldestMajor is the oldest Postgres that still gets fixes; River and our SQL need no newer one.
const oldestMajor = 14

// installations are where packages put the servers that they do not add to PATH.
var installations = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // the project's own RPMs
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
}

// binaries are one installation of the server's programs.
type binaries struct {
	postgres, initdb string
	major            int // 17
}

// findBinaries looks for server programs in PATH, then in the usual places, newest first. major
// is the version that a cluster needs, 0 when any will do. It returns the majors that it met, for
// an error's text, and false when none fits.
func findBinaries(ctx context.Context, major int) (binaries, []int, bool) {
	var met []int
	fits := func(b binaries) bool {
		met = append(met, b.major)
		return b.major == major || (major == 0 && b.major >= oldestMajor)
	}
	if b, err := binariesInPath(ctx); err == nil && fits(b) {
		return b, met, true
	}
	var installed []binaries
	for _, pattern := range installations {
		folders, err := filepath.Glob(pattern)
		if err != nil {
			continue // a bad pattern; they are constants
		}
		for _, folder := range folders {
			if b, err := binariesIn(ctx, folder); err == nil {
				installed = append(installed, b)
			}
		}
	}
	slices.SortStableFunc(installed, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	for _, b := range installed {
		if fits(b) {
			return b, met, true
		}
	}
	return binaries{}, met, false
}

// binariesInPath accepts links: `postgres` in PATH is often one, and its programs find
// their neighbours through it.
func binariesInPath(ctx context.Context) (binaries, error) {
	postgres, err := exec.LookPath("postgres")
	if err != nil {
		return binaries{}, fmt.Errorf("error looking for postgres: %w", err)
	}
	postgres, err = filepath.EvalSymlinks(postgres)
	if err != nil {
		return binaries{}, fmt.Errorf("error looking for postgres: %w", err)
	}
	return binariesIn(ctx, filepath.Dir(postgres))
}

// binariesIn describes the programs in folder, and fails when it lacks one or they do not run.
func binariesIn(ctx context.Context, folder string) (binaries, error) {
	b := binaries{postgres: filepath.Join(folder, "postgres"), initdb: filepath.Join(folder, "initdb")}
	if _, err := os.Stat(b.initdb); err != nil {
		return binaries{}, fmt.Errorf("error looking for initdb: %w", err)
	}
	output, err := exec.CommandContext(ctx, b.postgres, "--version").Output() //nolint:gosec // from PATH or a fixed place
	if err != nil {
		return binaries{}, fmt.Errorf("error asking %s for its version: %w", b.postgres, err)
	}
	b.major, err = parseMajor(string(output))
	if err != nil {
		return binaries{}, err
	}
	return b, nil
}

// parseMajor reads `postgres (PostgreSQL) 17.6 (Debian 17.6-1)`, also 18beta1 and 17devel.
func parseMajor(version string) (int, error) {
	_, number, found := strings.Cut(version, "(PostgreSQL) ")
	if !found {
		return 0, fmt.Errorf("not a PostgreSQL version: %q", strings.TrimSpace(version))
	}
	end := strings.IndexFunc(number, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(number)
	}
	major, err := strconv.Atoi(number[:end])
	if err != nil {
		return 0, fmt.Errorf("not a PostgreSQL version: %q", strings.TrimSpace(version))
	}
	return major, nil
}

// InstalledMajor returns the major version of the server programs that StartPostgres makes a new
// cluster with, 0 when the machine has none and they would be downloaded.
func InstalledMajor(ctx context.Context) int {
	programs, _, _ := findBinaries(ctx, 0)
	return programs.major
}
