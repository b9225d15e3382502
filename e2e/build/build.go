// Package build makes the program that tests run as processes.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Binary installs the program in a place that stays, where Go finds that nothing has changed since the last
// run, and then links nothing: linking takes longer than most of the tests. root is the repository's folder;
// the answer is the binary's path.
func Binary(root string) (string, error) {
	source, err := filepath.Abs(filepath.Join(root, "cmd/paygate"))
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
	return filepath.Join(folder, "paygate"), watch(root)
}

// watch looks into every folder of the sources. The binary is made behind Go's back: without having
// seen this process look, `go test` would repeat an earlier result when anything but the tests has changed.
func watch(root string) error {
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || !entry.IsDir():
			return err
		case entry.Name() == "node_modules" || path != root && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("error looking at the sources: %w", err)
	}
	return nil
}
