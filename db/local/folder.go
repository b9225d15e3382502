package local

import (
	"fmt"
	"os"
	"path/filepath"
)

// What a folder given to StartPostgres holds.
const (
	dataFolder   = "data"     // the cluster
	freshFolder  = "data.new" // the cluster while initdb writes it
	socketFolder = "run"      // the socket; who may enter it is trusted
	binFolder    = "bin"      // downloaded server binaries
	passwordFile = "password" // of the server's only role, over TCP
	stateFile    = "state.json"
)

// makeDir makes dir, private to its owner, and returns its absolute path with symbolic links
// resolved: the servers record their folder's real path, and we compare with it.
func makeDir(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("error resolving %s: %w", dir, err)
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return "", fmt.Errorf("error making the folder of a local server: %w", err)
	}
	resolved, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", fmt.Errorf("error resolving %s: %w", dir, err)
	}
	return resolved, nil
}
