package pgserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const tempPrefix = "tablewire-postgres-"

// TempDir is a temporary place for a data directory that outlives a server: for
// tests that start one again. While this process lives it holds a lock on it, so
// that others can tell it from what a killed process left.
type TempDir struct {
	path string
	lock *os.File
}

// NewTempDir makes a place that the user who runs PostgreSQL can reach.
func NewTempDir() (*TempDir, error) {
	acct, err := serverAccount("")
	if err != nil {
		return nil, err
	}
	return newTempDir(acct)
}

func newTempDir(acct *account) (*TempDir, error) {
	var errs []error
	for _, parent := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if err := acct.canReach(parent); err != nil {
			errs = append(errs, err)
			continue
		}
		sweep(parent)
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
	return nil, fmt.Errorf("no place for a temporary directory: %w", errors.Join(errs...))
}

// DataDir is for [Config].
func (t *TempDir) DataDir() string { return filepath.Join(t.path, "data") }

// Remove removes the data; no server may run on it any more.
func (t *TempDir) Remove() error {
	if t.lock != nil {
		t.lock.Close()
	}
	return os.RemoveAll(t.path)
}

func lockPath(dir string) string { return filepath.Join(dir, "lock") }

// sweep removes folders that nobody holds. A new one is spared: its maker may not
// have come to lock it yet.
func sweep(parent string) {
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
