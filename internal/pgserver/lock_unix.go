//go:build unix

package pgserver

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tryLock locks a file until it is closed. It reports false if another open file has the lock.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// lockFolder waits until it can lock a folder. The lock lasts until unlock is called or the
// process ends. If another process has the lock, lockFolder calls waiting once. On a file
// system without locks, lockFolder returns without a lock.
func lockFolder(ctx context.Context, dir string, waiting func()) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for first := true; ; first = false {
		if locked, err := tryLock(f); locked || err != nil {
			return func() { _ = f.Close() }, nil
		}
		if first {
			waiting()
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			_ = f.Close()
			return nil, context.Cause(ctx)
		}
	}
}
