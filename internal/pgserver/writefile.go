package pgserver

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// writeFile creates a file with the contents of r. A program can be run as soon as writeFile
// returns: no process starts while the file is open for writing. A child would inherit the
// descriptor, and exec of the program would fail with ETXTBSY until the child's own exec closes
// it (golang.org/issue/22315).
func writeFile(r io.Reader, path string, executable bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if executable {
		mode = 0o755
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
