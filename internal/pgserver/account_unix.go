//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// serverAccount returns the account to run PostgreSQL as: nobody special unless
// this process is root. An initialised data directory keeps its owner.
func serverAccount(dataDir string) (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	if info, err := os.Stat(filepath.Join(dataDir, "PG_VERSION")); dataDir != "" && err == nil {
		if owner, ok := info.Sys().(*syscall.Stat_t); ok && owner.Uid != 0 {
			name := strconv.Itoa(int(owner.Uid))
			if u, err := user.LookupId(name); err == nil {
				name = u.Username
			}
			return &account{name: name, uid: owner.Uid, gid: owner.Gid}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("look up the user %q: %w", name, err)
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody: run as another user")
}

// mayEnter looks at a folder's mode. What does not exist is not in the way.
func (a *account) mayEnter(dir string) (fs.FileMode, bool) {
	info, err := os.Stat(dir)
	if err != nil {
		return 0, errors.Is(err, fs.ErrNotExist)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, true
	}
	need := fs.FileMode(0o001)
	switch {
	case owner.Uid == a.uid:
		need = 0o100
	case owner.Gid == a.gid:
		need = 0o010
	}
	return info.Mode(), info.Mode()&need != 0
}

// own gives a folder and all that is in it to the account.
func (a *account) own(dir string) error {
	if a == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(a.uid), int(a.gid))
	})
}

// credential is what a child process needs to run as the account.
func (a *account) credential() *syscall.Credential {
	if a == nil {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}
