//go:build !linux

package main

import "errors"

// volume is only there on Linux.
type volume struct{ path string }

var errNoVolume = errors.New("small disks need Linux")

func mountVolume(string) (*volume, error) { return nil, errNoVolume }

func (v *volume) fill() error { return errNoVolume }

func (v *volume) free() error { return errNoVolume }

func (v *volume) unmount() error { return errNoVolume }
