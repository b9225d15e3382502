package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"paygate/db/dbtest"
)

// binary is the program that all tests run.
var binary string

func TestMain(m *testing.M) {
	var err error
	if binary, err = build(); err == nil {
		err = watchSources()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	// These tests mostly wait for processes, so more of them run at once than there are cores. Who says
	// -parallel is still obeyed: it is read later.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err) // there is no such flag any more
	}
	dbtest.Main(m)
}

// build installs the binary in a place that stays, where Go finds that nothing has changed since the last
// run, and then links nothing: linking takes longer than most of the tests.
func build() (string, error) {
	source, err := filepath.Abs("../cmd/paygate")
	if err != nil {
		return "", fmt.Errorf("error resolving the sources: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("error looking for a place for the binary: %w", err)
	}
	workingCopy := sha256.Sum256([]byte(source))
	folder := filepath.Join(cache, "paygate-e2e", hex.EncodeToString(workingCopy[:8]))

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // where nothing was ever compiled
	defer cancel()
	install := exec.CommandContext(ctx, "go", "install", "-ldflags=-s -w", ".")
	install.Dir = source
	install.Env = append(install.Environ(), "GOBIN="+folder)
	if output, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("error building the binary: %w\n%s", err, output)
	}
	return filepath.Join(folder, "paygate"), nil
}

// watchSources looks into every folder of the sources. The binary is made behind Go's back: without having
// seen this process look, `go test` would repeat an earlier result when anything but these tests has changed.
func watchSources() error {
	err := filepath.WalkDir("..", func(_ string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || !entry.IsDir():
			return err
		case entry.Name() == "node_modules" || entry.Name() != ".." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("error looking at the sources: %w", err)
	}
	return nil
}
