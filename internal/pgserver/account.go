package pgserver

import (
	"fmt"
	"io/fs"
	"path/filepath"
)

// account is the user that PostgreSQL runs as. Nil stands for the user that this
// process runs as.
type account struct {
	name     string
	uid, gid uint32
}

// canReach says whether the account can enter a folder: every folder on the way
// must let it through. The error names the one that does not.
func (a *account) canReach(dir string) error {
	if a == nil {
		return nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for ; ; abs = filepath.Dir(abs) {
		if mode, ok := a.mayEnter(abs); !ok {
			return fmt.Errorf("%s (mode %04o) is closed to the user %q, who runs PostgreSQL because root may not: choose another folder or open that one with chmod a+x",
				abs, mode&fs.ModePerm, a.name)
		}
		if abs == filepath.Dir(abs) {
			return nil
		}
	}
}
