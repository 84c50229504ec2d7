package pgserver

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// untar unpacks the regular files of a tar.gz whose names begin with prefix, into
// dir and without the prefix.
func untar(data []byte, prefix, dir string) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(header.Name, prefix)
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%q leads out of the archive", header.Name)
		}
		if err := writeFile(r, filepath.Join(dir, name), header.FileInfo().Mode()&0o111 != 0); err != nil {
			return err
		}
	}
}

// writeFile makes a file of what r gives. A program can be run as soon as writeFile
// returns: no process is started while the file is open for writing, since a child
// that inherits the descriptor would make exec fail with ETXTBSY until the child's own
// exec closes it (golang.org/issue/22315).
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
