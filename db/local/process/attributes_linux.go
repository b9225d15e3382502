package process

import "syscall"

func systemAttributes(spec Spec) (*syscall.SysProcAttr, error) {
	attributes := &syscall.SysProcAttr{Setsid: true, Pdeathsig: spec.OnParentDeath}
	account := spec.Account
	switch {
	case account == nil:
	case account.Namespace:
		attributes.Cloneflags = syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(account.UID), HostID: syscall.Geteuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(account.GID), HostID: syscall.Getegid(), Size: 1}}
	default:
		attributes.Credential = &syscall.Credential{Uid: account.UID, Gid: account.GID}
	}
	return attributes, nil
}
