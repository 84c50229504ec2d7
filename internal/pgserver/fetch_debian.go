package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oldestDebian is the oldest major version that Debian's unstable still has.
const oldestDebian = 18

// reachDebian checks that apt-get is installed and knows a mirror, and that Debian may have the
// version. It connects to no server: apt-get itself gives up soon.
func reachDebian(ctx context.Context, major int) error {
	if major < oldestDebian {
		return fmt.Errorf("the unstable version of Debian does not have PostgreSQL %d any more", major)
	}
	_, err := debianMirror(ctx)
	return err
}

// fetchDebian downloads the binaries with apt-get from Debian's unstable and experimental, which
// have new versions early, betas included. This system may be too old for those binaries. So
// fetchDebian downloads the libraries too, the C library and its loader included, and replaces
// each program by a script that runs the program with them.
func fetchDebian(ctx context.Context, dir string, major int) error {
	work := filepath.Dir(dir)
	server, client := fmt.Sprintf("postgresql-%d", major), fmt.Sprintf("postgresql-client-%d", major)
	a, err := newAPT(ctx, filepath.Join(work, "apt"), server, client, "libpq5")
	if err != nil {
		return err
	}
	packages, err := a.dependencies(ctx, server)
	if err != nil {
		return err
	}
	packages = slices.DeleteFunc(packages, func(p string) bool {
		name, _, _ := strings.Cut(p, "=")
		return name != server && name != client && !hasLibraries(name)
	})
	root := filepath.Join(work, "root")
	if err := a.unpack(ctx, packages, root); err != nil {
		return err
	}
	return relocate(root, dir, major)
}

// hasLibraries reports whether a package has libraries that the server needs. The server's package
// also depends on programs, and on libraries that only those use.
func hasLibraries(name string) bool {
	if name == "zlib1g" {
		return true
	}
	return strings.HasPrefix(name, "lib") && !strings.HasPrefix(name, "libperl") && !strings.HasSuffix(name, "-perl") &&
		name != "libsystemd-shared" && !strings.HasPrefix(name, "libpam-modules")
}

// relocate moves the files that PostgreSQL needs from the unpacked packages in root to dir. The
// folders keep their relative positions, because the programs find their files by these.
func relocate(root, dir string, major int) error {
	loaders, _ := filepath.Glob(filepath.Join(root, "usr", "lib", "*", "ld-linux*.so.*")) // the pattern is well-formed
	if len(loaders) != 1 {
		return fmt.Errorf("the packages have %d loaders: want 1", len(loaders))
	}
	libraries, version := filepath.Base(filepath.Dir(loaders[0])), strconv.Itoa(major)
	for _, path := range [][]string{{"lib", libraries}, {"lib", "postgresql", version}, {"share", "postgresql", version}} {
		path := filepath.Join(append([]string{"usr"}, path...)...)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(root, path), filepath.Join(dir, path)); err != nil {
			return err
		}
	}
	bin := filepath.Join("usr", "lib", "postgresql", version, "bin")
	if err := wrapPrograms(filepath.Join(dir, bin), filepath.Join(libraries, filepath.Base(loaders[0]))); err != nil {
		return err
	}
	return os.Symlink(bin, filepath.Join(dir, "bin"))
}

// wrapper is a script that runs the program of the same name with the downloaded loader. The
// program gets the script's path as its own, and so finds its files and other programs.
const wrapper = `#!/bin/sh
bin=${0%/*}
loader=$bin/../../../LOADER
exec "$loader" --library-path "${loader%/*}" --argv0 "$0" "$bin/.real/${0##*/}" "$@"
`

// wrapPrograms replaces each program in the folder bin by a script. loader is the loader's path,
// relative to the folder three levels above bin.
func wrapPrograms(bin, loader string) error {
	programs, err := os.ReadDir(bin)
	if err != nil {
		return err
	}
	realBin := filepath.Join(bin, ".real")
	if err := os.Mkdir(realBin, 0o755); err != nil {
		return err
	}
	script := strings.Replace(wrapper, "LOADER", filepath.ToSlash(loader), 1)
	var errs []error
	for _, p := range programs {
		path := filepath.Join(bin, p.Name())
		errs = append(errs,
			os.Rename(path, filepath.Join(realBin, p.Name())),
			writeFile(strings.NewReader(script), path, true))
	}
	return errors.Join(errs...)
}
