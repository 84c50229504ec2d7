//go:build unix

package pgserver

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tryLock takes the lock on a file, held until the file is closed, unless
// somebody else has it.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// lockFolder waits for the lock on a folder, which is held until unlock is called or
// the process has ended. On a file system that has no locks there is none.
func lockFolder(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		if locked, err := tryLock(f); locked || err != nil {
			return func() { _ = f.Close() }, nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			_ = f.Close()
			return nil, context.Cause(ctx)
		}
	}
}
