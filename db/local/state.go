package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNotRunning says that no process runs a local Postgres in a folder.
var ErrNotRunning = errors.New("no local Postgres is running")

// state is what a running StartPostgres leaves for other processes in the same folder.
type state struct {
	URL string `json:"url"`
}

// Find returns the URL of the Postgres that another process runs in dir, the folder that
// process gave to StartPostgres. It returns an ErrNotRunning when there is none: the lock
// on the folder is the proof, so what a killed process left behind does not count.
func Find(dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("error resolving %s: %w", dir, err)
	}
	running, err := locked(absolute)
	if err != nil {
		return "", err
	}
	if !running {
		return "", fmt.Errorf("%w in %s", ErrNotRunning, absolute)
	}
	content, err := os.ReadFile(filepath.Join(absolute, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the local Postgres in %s is still starting, or stopping: try again", absolute)
	}
	if err != nil {
		return "", fmt.Errorf("error reading the state of the local Postgres: %w", err)
	}
	var found state
	if err := json.Unmarshal(content, &found); err != nil {
		return "", fmt.Errorf("error reading the state of the local Postgres: %w", err)
	}
	return found.URL, nil
}

// writeState makes the server known to Find. The file is private because the URL may hold
// the password, and appears whole or not at all.
func writeState(dir string, s state) error {
	content, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("error encoding the state of the local Postgres: %w", err)
	}
	path := filepath.Join(dir, stateFile)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return fmt.Errorf("error writing the state of the local Postgres: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("error writing the state of the local Postgres: %w", err)
	}
	return nil
}

func removeState(dir string) error {
	if err := os.Remove(filepath.Join(dir, stateFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("error removing the state of the local Postgres: %w", err)
	}
	return nil
}
