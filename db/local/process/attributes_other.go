//go:build unix && !linux

package process

import (
	"errors"
	"syscall"
)

func systemAttributes(spec Spec) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Setsid: true}
	account := spec.Account
	switch {
	case account == nil:
	case account.Namespace:
		return nil, errors.New("user namespaces need Linux")
	default:
		attributes.Credential = &syscall.Credential{Uid: account.UID, Gid: account.GID}
	}
	return attributes, nil
}
