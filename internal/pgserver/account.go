package pgserver

import (
	"fmt"
	"io/fs"
	"path/filepath"
)

// account is the user that PostgreSQL runs as. A nil account means the user of this process;
// all methods accept it.
type account struct {
	name     string
	uid, gid uint32
}

// checkReach returns an error unless the account can enter dir and every folder above it. The
// error names the folder that is closed. Folders that don't exist are skipped.
func (a *account) checkReach(dir string) error {
	if a == nil {
		return nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for ; ; abs = filepath.Dir(abs) {
		if mode, ok := a.mayEnter(abs); !ok {
			return fmt.Errorf("%s (mode %04o) is closed to the user %q, who runs PostgreSQL because root may not: choose another folder, or open this one with chmod a+x",
				abs, mode&fs.ModePerm, a.name)
		}
		if abs == filepath.Dir(abs) {
			return nil
		}
	}
}
