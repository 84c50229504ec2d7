package pgserver

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// untar extracts the regular files of a tar.gz archive whose names begin with prefix. It writes
// them into dir, without the prefix in their names.
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
			return fmt.Errorf("the archive has a file outside of its folder: %q", header.Name)
		}
		if err := writeFile(r, filepath.Join(dir, name), header.FileInfo().Mode()&0o111 != 0); err != nil {
			return err
		}
	}
}
