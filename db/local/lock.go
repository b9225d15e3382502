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
)

const (
	// lockFile keeps two processes out of one folder.
	lockFile = "lock"
	// aliveFile tells others that somebody is in. To look, they must lock it for a moment; were it
	// the same file, a process that starts in that moment would take the look for a holder.
	aliveFile = "alive"
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
	file, alive *os.File
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
	lock := &FolderLock{file: file}
	if err := flock(file, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{Dir: dir, PID: holder(file)}
		}
		return nil, fmt.Errorf("error locking %s: %w", dir, err)
	}
	if err := lock.announce(dir); err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	return lock, nil
}

// announce shows that the folder is taken, and by whom.
func (l *FolderLock) announce(dir string) error {
	if err := l.file.Truncate(0); err != nil {
		return fmt.Errorf("error clearing the lock file: %w", err)
	}
	if _, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("error writing the lock file: %w", err)
	}
	alive, err := os.OpenFile(filepath.Join(dir, aliveFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("error opening the lock file: %w", err)
	}
	l.alive = alive
	// This waits, but for nobody who does more than look.
	if err := flock(alive, syscall.LOCK_EX); err != nil {
		return fmt.Errorf("error locking %s: %w", dir, err)
	}
	return nil
}

// Release gives the folder up. The files stay: removing them would let a third process lock
// new ones of the same names while a second one holds the old.
func (l *FolderLock) Release() error {
	var failures []error
	for _, file := range []*os.File{l.alive, l.file} {
		if file == nil {
			continue
		}
		// Unlocked first: a child that is just being started may hold a copy of the descriptor.
		failures = append(failures, flock(file, syscall.LOCK_UN), file.Close())
	}
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("error releasing the lock: %w", err)
	}
	return nil
}

// locked tells whether a process holds the lock of dir.
func locked(dir string) (bool, error) {
	file, err := os.Open(filepath.Join(dir, aliveFile))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("error opening the lock file: %w", err)
	}
	defer file.Close()
	switch err := flock(file, syscall.LOCK_SH|syscall.LOCK_NB); {
	case err == nil:
		return false, flock(file, syscall.LOCK_UN)
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
		err := syscall.Flock(int(file.Fd()), how)
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
