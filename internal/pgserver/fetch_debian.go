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

// reachDebian looks whether there is an apt-get that knows a mirror, and whether that
// may have the version. It asks nobody: apt-get itself gives up soon.
func reachDebian(ctx context.Context, major int) error {
	if major < oldestDebian {
		return fmt.Errorf("the unstable version of Debian does not have PostgreSQL %d any more", major)
	}
	_, err := debianMirror(ctx)
	return err
}

// fetchDebian fetches the binaries with apt-get from Debian's unstable and experimental,
// which have new versions early, betas too, but for a newer system than this may be. So
// the libraries that they need come with them, down to the C library and its loader,
// and each program is a script that runs the real one with those.
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

// hasLibraries tells packages of libraries from programs that the server's package
// wants beside it, and from libraries that only those use.
func hasLibraries(name string) bool {
	if name == "zlib1g" {
		return true
	}
	return strings.HasPrefix(name, "lib") && !strings.HasPrefix(name, "libperl") && !strings.HasSuffix(name, "-perl") &&
		name != "libsystemd-shared" && !strings.HasPrefix(name, "libpam-modules")
}

// relocate takes out of an unpacked Debian what PostgreSQL needs, in places that are as
// far from each other as they were: its programs find their files by that.
func relocate(root, dir string, major int) error {
	loaders, _ := filepath.Glob(filepath.Join(root, "usr", "lib", "*", "ld-linux*.so.*")) // the pattern is well-formed
	if len(loaders) != 1 {
		return fmt.Errorf("%d loaders came with the libraries: one was expected", len(loaders))
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

// wrapper runs the program of its own name with the loader that came with it. The
// program goes by the script's path, and so finds its files and other programs.
const wrapper = `#!/bin/sh
bin=${0%/*}
loader=$bin/../../../LOADER
exec "$loader" --library-path "${loader%/*}" --argv0 "$0" "$bin/.real/${0##*/}" "$@"
`

// wrapPrograms puts a script in the place of each program of a folder. loader is seen
// from the folder three above.
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
