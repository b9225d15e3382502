package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"paygate/db/local/process"
)

// role is the server's only role, and owns everything.
const role = "paygate"

// stopGrace is how long a server may take over each step of stopping.
const stopGrace = 10 * time.Second

// serverEnvironment is all that the server's programs get to see: what a developer's shell
// says about Postgres (PGDATA, PGPORT, LC_ALL …) is about another server.
var serverEnvironment = []string{"LC_ALL=C", "TZ=UTC"}

// clusterMajor returns the version of the cluster in dir, 0 when there is none.
func clusterMajor(dir string) (int, error) {
	path := filepath.Join(dir, dataFolder, "PG_VERSION")
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("error reading the cluster's version: %w", err)
	}
	major, err := parseMajor("(PostgreSQL) " + string(content))
	if err != nil {
		return 0, fmt.Errorf("error reading %s: %w", path, err)
	}
	return major, nil
}

// createCluster runs initdb. The cluster appears in its place whole or not at all: what an
// interrupted initdb left is thrown away by the next.
func createCluster(ctx context.Context, dir string, programs binaries, account *process.Account) error {
	fresh := filepath.Join(dir, freshFolder)
	err := initdb(ctx, dir, programs, account, "C.UTF-8")
	if err != nil && strings.Contains(err.Error(), "invalid locale name") {
		// macOS has no such locale. Plain C sorts the same; it only knows no upper case beyond ASCII.
		err = initdb(ctx, dir, programs, account, "C")
	}
	if err != nil {
		return err
	}
	if err := os.Rename(fresh, filepath.Join(dir, dataFolder)); err != nil {
		return fmt.Errorf("error placing the new cluster: %w", err)
	}
	return nil
}

func initdb(ctx context.Context, dir string, programs binaries, account *process.Account, locale string) error {
	fresh := filepath.Join(dir, freshFolder)
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("error removing an unfinished cluster: %w", err)
	}
	child, err := process.Start(process.Spec{
		Path: programs.initdb,
		Args: []string{
			"--pgdata=" + fresh,
			"--username=" + role,
			"--encoding=UTF8",
			"--locale=" + locale,
			"--auth-local=trust", // the socket's folder is private
			"--auth-host=scram-sha-256",
			"--pwfile=" + filepath.Join(dir, passwordFile),
			"--no-sync", // a crash of the machine right now loses an empty cluster
		},
		Dir:           dir,
		Env:           serverEnvironment,
		Account:       account,
		OnParentDeath: syscall.SIGKILL,
	})
	if err != nil {
		return err
	}
	select {
	case <-child.Done():
	case <-ctx.Done():
		return errors.Join(ctx.Err(), child.Stop(ctx, stopGrace, syscall.SIGTERM))
	}
	if err := child.Err(); err != nil {
		return fmt.Errorf("error making a database cluster: %w:\n%s", err, child.Tail())
	}
	return nil
}

// password returns the role's password, making it up before there is a cluster.
func password(dir string, clusterExists bool) (string, error) {
	path := filepath.Join(dir, passwordFile)
	content, err := os.ReadFile(path)
	if err == nil && len(content) > 0 {
		return string(content), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("error reading the password of the local Postgres: %w", err)
	}
	if clusterExists {
		return "", fmt.Errorf("%s is missing: without it nobody can sign in; remove %s to start with an empty database", path, dir)
	}
	fresh := rand.Text()
	if err := os.WriteFile(path, []byte(fresh), 0o600); err != nil {
		return "", fmt.Errorf("error writing the password of the local Postgres: %w", err)
	}
	return fresh, nil
}
