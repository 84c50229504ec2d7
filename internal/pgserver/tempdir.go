package pgserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const tempPrefix = "tablewire-postgres-"

// TempDir is a temporary folder for a data directory, for tests that start several servers on
// it one after another. This process holds a lock on the folder until Remove. A folder without
// a lock belonged to a process that was killed: a later [Start] removes it.
type TempDir struct {
	path string
	lock *os.File
}

// NewTempDir creates a folder that the user who runs PostgreSQL can enter. The caller must
// call Remove.
func NewTempDir() (*TempDir, error) {
	acct, err := serverAccount("")
	if err != nil {
		return nil, err
	}
	return newTempDir(acct)
}

// newTempDir creates a TempDir in the first folder for temporary files that the account can enter.
// It also removes the abandoned ones there.
func newTempDir(acct *account) (*TempDir, error) {
	var errs []error
	for _, parent := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if err := acct.checkReach(parent); err != nil {
			errs = append(errs, err)
			continue
		}
		removeAbandonedTempDirs(parent)
		path, err := os.MkdirTemp(parent, tempPrefix+"*")
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t := &TempDir{path: path}
		t.lock, err = os.OpenFile(lockPath(path), os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil {
			_, err = tryLock(t.lock)
		}
		if err == nil {
			err = os.Chmod(path, 0o711)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("temporary directory: %w", err), t.Remove())
		}
		return t, nil
	}
	return nil, fmt.Errorf("no folder can hold a temporary directory: %w", errors.Join(errs...))
}

// DataDir returns the path for [Config].DataDir.
func (t *TempDir) DataDir() string { return filepath.Join(t.path, "data") }

// Remove removes the folder. The servers on it must have ended.
func (t *TempDir) Remove() error {
	if t.lock != nil {
		t.lock.Close()
	}
	return os.RemoveAll(t.path)
}

// lockPath returns the path of the file that a TempDir's lock is on.
func lockPath(dir string) string { return filepath.Join(dir, "lock") }

// removeAbandonedTempDirs removes the temporary folders that no process has locked. It spares
// folders younger than a minute: their process may be about to lock them.
func removeAbandonedTempDirs(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, tempPrefix+"*")) // the pattern is well-formed
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := os.OpenFile(lockPath(dir), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if free, err := tryLock(lock); err == nil && free {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
}
