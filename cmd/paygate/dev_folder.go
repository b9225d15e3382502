package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"paygate/db/local"
)

// devDir keeps the data of dev, in the folder it is started in.
const devDir = ".paygate"

// What is in devDir, beside its lock.
var (
	devLog         = filepath.Join(devDir, "paygate.log")
	devEarlierLog  = filepath.Join(devDir, "paygate.log.1")
	devPostgresDir = filepath.Join(devDir, "postgres")
)

// findDev returns the URL of the Postgres of the dev that runs in this folder.
func findDev() (string, error) { return local.Find(devPostgresDir) }

// openDevDir takes the folder for this process and starts its log. Nothing in the folder is touched
// while another dev runs in it.
func (p *process) openDevDir(settings logSettings) (*slog.Logger, error) {
	lock, err := lockDevDir()
	if err != nil {
		return nil, err
	}
	p.onStop(func(context.Context) error { return lock.Release() })
	log, err := openDevLog()
	if err != nil {
		return nil, err
	}
	p.onStop(func(context.Context) error { return log.Close() })
	return settings.logger(log), nil
}

// lockDevDir makes the folder and takes it for this process.
func lockDevDir() (*local.FolderLock, error) {
	// Others may pass through: when root may not make user namespaces, its Postgres runs as an account
	// without rights, which has to come by. What is in the folder is closed to them.
	if err := os.Mkdir(devDir, 0o711); err != nil && !errors.Is(err, os.ErrExist) { //nolint:gosec // see above
		return nil, fmt.Errorf("error making %s: %w", devDir, err)
	}
	// Who starts dev in a checkout does not want its data committed.
	if err := os.WriteFile(filepath.Join(devDir, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return nil, fmt.Errorf("error writing to %s: %w", devDir, err)
	}
	lock, err := local.Lock(devDir)
	if locked, ok := errors.AsType[*local.LockedError](err); ok {
		return nil, devRunning(locked.PID)
	}
	return lock, err
}

func devRunning(pid int) error {
	which := ""
	if pid != 0 {
		which = fmt.Sprintf(" (process %d)", pid)
	}
	return fmt.Errorf("`paygate dev` is already running in this folder%s: use it, stop it first, or start this one in another folder", which)
}

// openDevLog starts a new log; that of the run before is kept beside it. The terminal is for what a
// person wants to see.
func openDevLog() (*os.File, error) {
	if err := os.Rename(devLog, devEarlierLog); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("error putting the earlier log aside: %w", err)
	}
	file, err := os.OpenFile(devLog, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("error opening the log: %w", err)
	}
	return file, nil
}
