package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
	"time"

	"paygate/db/local/process"
)

// probeGrace bounds how long `postgres --version` may take.
const probeGrace = 10 * time.Second

// unprivileged are the accounts that stand in for root, the best first. Nobody else uses a
// checkout's database as postgres, while nobody may be anybody.
var unprivileged = []string{"postgres", "nobody", "daemon"}

// serverAccount decides whom Postgres runs as, for it refuses to run as root:
//
//   - as ourselves when we are not root;
//   - as the owner of the folder when that is somebody else, so that `sudo paygate dev` on a
//     user's data leaves files that the user can go on with;
//   - in a user namespace, where root's files are its own but it believes not to be root. This
//     works even in a folder that only root may enter, such as root's home;
//   - where namespaces are not allowed (most containers), as an account without rights, to
//     which the folder is given.
//
// dir is the folder of StartPostgres; namespaces is false to leave the third out.
func serverAccount(ctx context.Context, dir, postgres string, namespaces bool) (*process.Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	owner, err := ownerOf(dir)
	if err != nil {
		return nil, err
	}
	if owner.UID != 0 {
		return owner, giveTo(dir, owner)
	}
	var refused error
	if namespaces {
		account, err := namespaceAccount(ctx, postgres)
		if err == nil {
			return account, nil
		}
		if ctx.Err() != nil {
			return nil, err // no reason to give the folder away
		}
		refused = err
	}
	account, err := lookupAccount()
	if err != nil {
		return nil, errors.Join(err, refused)
	}
	if err := giveTo(dir, account); err != nil {
		return nil, err
	}
	if err := probe(ctx, postgres, dir, account); err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and the account it would run as cannot work in %s: "+
			"use a folder that everybody may enter, or run as another user: %w", dir, errors.Join(err, refused, giveTo(dir, owner)))
	}
	return account, nil
}

// namespaceAccount returns an account in a user namespace that was seen to work. It needs a
// name: initdb refuses a user id that the machine does not know.
func namespaceAccount(ctx context.Context, postgres string) (*process.Account, error) {
	account, err := lookupAccount()
	if err != nil {
		return nil, err
	}
	account.Namespace = true
	if err := probe(ctx, postgres, "", account); err != nil {
		return nil, fmt.Errorf("error trying a user namespace: %w", err)
	}
	return account, nil
}

func lookupAccount() (*process.Account, error) {
	for _, name := range unprivileged {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return &process.Account{UID: uint32(uid), GID: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and none of the accounts %v exists to run it as", unprivileged)
}

// probe runs `postgres --version` in dir as account.
func probe(ctx context.Context, postgres, dir string, account *process.Account) error {
	child, err := process.Start(process.Spec{
		Path:          postgres,
		Args:          []string{"--version"},
		Dir:           dir,
		Account:       account,
		OnParentDeath: syscall.SIGKILL,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeGrace)
	defer cancel()
	select {
	case <-child.Done():
	case <-ctx.Done():
		return errors.Join(ctx.Err(), child.Stop(ctx, 0))
	}
	if err := child.Err(); err != nil {
		return fmt.Errorf("error running %s: %w: %s", postgres, err, child.Tail())
	}
	return nil
}

// giveTo makes account the owner of dir and of what is in it.
func giveTo(dir string, account *process.Account) error {
	// A root never leads out of dir, whatever links the folder's owner lays meanwhile.
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("error opening %s: %w", dir, err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return root.Lchown(path, int(account.UID), int(account.GID))
	})
	if err != nil {
		return fmt.Errorf("error giving %s to the server's account: %w", dir, err)
	}
	return nil
}

func ownerOf(path string) (*process.Account, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("error looking for the owner of %s: %w", path, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("error looking for the owner of %s: not a Unix file", path)
	}
	return &process.Account{UID: stat.Uid, GID: stat.Gid}, nil
}
