package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	lockFile = "lock"
	// lockPatience outlasts the moment for which Find holds a lock to see whether it is free.
	lockPatience = 100 * time.Millisecond
	lockInterval = 10 * time.Millisecond
)

// LockedError says that another process holds a folder.
type LockedError struct {
	// Dir is the absolute path of the folder.
	Dir string
	// PID is the holder's process id; 0 when it has not written it down yet.
	PID int
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "another paygate is running in " + e.Dir
	}
	return fmt.Sprintf("another paygate is running in %s (pid %d)", e.Dir, e.PID)
}

// FolderLock is the possession of a folder by this process.
type FolderLock struct {
	file *os.File
}

// Lock takes possession of dir, which it makes when it is missing (mode 0700), or
// returns a *LockedError. The kernel gives the lock up when the process dies, however it
// does, so a lock is never stale; the pid in the file is for people.
func Lock(dir string) (*FolderLock, error) {
	dir, err := makeDir(dir)
	if err != nil {
		return nil, err
	}
	// Not truncated on opening: until the lock is ours, the pid in it is the holder's.
	file, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("error opening the lock file: %w", err)
	}
	if err := lockBriefly(file); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{Dir: dir, PID: holder(file)}
		}
		return nil, fmt.Errorf("error locking %s: %w", dir, err)
	}
	lock := &FolderLock{file: file}
	if err := lock.sign(); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return lock, nil
}

// Release gives the folder up. The file stays: removing it would let a third process lock
// a new file of that name while a second one waits for the old.
func (l *FolderLock) Release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("error releasing the lock: %w", err)
	}
	return nil
}

func (l *FolderLock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("error clearing the lock file: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("error writing the lock file: %w", err)
	}
	return nil
}

// lockBriefly tries for a moment: Find takes the lock, shared, to learn whether it is free,
// and must not look like a running paygate to one that starts just then.
func lockBriefly(file *os.File) error {
	patience := time.NewTimer(lockPatience)
	defer patience.Stop()
	ticker := time.NewTicker(lockInterval)
	defer ticker.Stop()
	for {
		err := flock(file, syscall.LOCK_EX)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		select {
		case <-patience.C:
			return err
		case <-ticker.C:
		}
	}
}

// locked tells whether a process holds the lock of dir.
func locked(dir string) (bool, error) {
	file, err := os.Open(filepath.Join(dir, lockFile))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("error opening the lock file: %w", err)
	}
	defer file.Close()
	switch err := flock(file, syscall.LOCK_SH); {
	case err == nil:
		return false, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return true, nil
	default:
		return false, fmt.Errorf("error testing the lock: %w", err)
	}
}

// flock rather than fcntl's locks: those belong to the process, and are lost as soon as
// any descriptor of the file is closed.
func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func holder(file *os.File) int {
	content, err := io.ReadAll(io.LimitReader(file, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0
	}
	return pid
}
