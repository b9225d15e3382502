package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// volumeSize is what a run of an hour needs, several times over; memory is only used for what is written.
const volumeSize = "8g"

// volume is a small disk in memory, which can be filled without hurting anybody else.
type volume struct{ path string }

// mountVolume returns an error where this process may not mount.
func mountVolume(path string) (*volume, error) {
	if err := os.Mkdir(path, 0o711); err != nil { //nolint:gosec // a server with an account of its own has to reach its folder
		return nil, fmt.Errorf("error making a folder: %w", err)
	}
	if err := syscall.Mount("chaos", path, "tmpfs", 0, "mode=0711,size="+volumeSize); err != nil {
		return nil, fmt.Errorf("error mounting a small disk: %w", err)
	}
	return &volume{path: path}, nil
}

func (v *volume) ballast() string { return filepath.Join(v.path, "ballast") }

// fill leaves no room.
func (v *volume) fill() error {
	file, err := os.Create(v.ballast())
	if err != nil {
		return fmt.Errorf("error filling the disk: %w", err)
	}
	defer file.Close()
	var size int64
	// What others write meanwhile takes room, too: ever smaller pieces, until not a page is left.
	for piece := int64(1 << 30); piece >= 4096; {
		switch err := syscall.Fallocate(int(file.Fd()), 0, size, piece); {
		case err == nil:
			size += piece
		case errors.Is(err, syscall.ENOSPC):
			piece /= 2
		case errors.Is(err, syscall.EINTR):
		default:
			return fmt.Errorf("error filling the disk: %w", err)
		}
	}
	return nil
}

// free makes room again.
func (v *volume) free() error {
	if err := os.Remove(v.ballast()); err != nil {
		return fmt.Errorf("error making room: %w", err)
	}
	return nil
}

func (v *volume) unmount() error {
	if err := syscall.Unmount(v.path, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("error unmounting the small disk: %w", err)
	}
	return nil
}
