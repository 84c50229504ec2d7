package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// MinMajor is the oldest major version of PostgreSQL that Tablewire works with.
const MinMajor = 14

// Binaries is a folder with PostgreSQL's programs, and their version.
type Binaries struct {
	Dir     string // folder of initdb and postgres
	Version string // such as "17.5" or "18beta1"
	Major   int    // such as 17
	Minor   int    // such as 5; 0 for a beta
}

// systemFolders lists the folders of packages with PostgreSQL's programs, as patterns. On a
// given system most don't exist.
var systemFolders = []string{
	"/usr/lib/postgresql/*/bin",                             // Debian
	"/usr/pgsql-*/bin",                                      // Red Hat, from PostgreSQL's own packages
	"/usr/lib/postgresql[0-9]*/bin",                         // SUSE
	"/usr/libexec/postgresql[0-9]*",                         // Alpine
	"/usr/local/pgsql/bin",                                  // make install
	"/opt/homebrew/opt/postgresql*/bin",                     // Homebrew, Apple silicon
	"/usr/local/opt/postgresql*/bin",                        // Homebrew, Intel
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",        // Homebrew, Linux
	"/Applications/Postgres.app/Contents/Versions/*/bin",    // Postgres.app
	filepath.FromSlash("C:/Program Files/PostgreSQL/*/bin"), // the Windows installer
}

// FindBinaries returns the system's binaries of version [MinMajor] or later, newest first: those in
// the PATH and those that a package has installed.
func FindBinaries(ctx context.Context) []Binaries {
	var folders []string
	if path, err := exec.LookPath(program("postgres")); err == nil {
		folders = append(folders, filepath.Dir(path))
		if target, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(target))
		}
	}
	for _, pattern := range systemFolders {
		matches, _ := filepath.Glob(pattern) // the patterns are well-formed
		folders = append(folders, matches...)
	}
	return findIn(ctx, folders)
}

// findIn returns the usable binaries in some folders, newest first, each folder once.
func findIn(ctx context.Context, folders []string) []Binaries {
	var found []Binaries
	for _, dir := range folders {
		if bin, err := inspect(ctx, dir); err == nil {
			same := func(b Binaries) bool { return b.Dir == bin.Dir }
			if !slices.ContainsFunc(found, same) {
				found = append(found, bin)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Binaries) int {
		if a.Major != b.Major {
			return b.Major - a.Major
		}
		return b.Minor - a.Minor
	})
	return found
}

// inspect returns the binaries in a folder, or an error that says why they can't be used. It
// runs "postgres --version".
func inspect(ctx context.Context, dir string) (Binaries, error) {
	// The programs find their libraries by their own path, without symbolic links.
	postgres, err := filepath.EvalSymlinks(filepath.Join(dir, program("postgres")))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s has no postgres program: %w", dir, err)
	}
	dir = filepath.Dir(postgres)
	if _, err := os.Stat(filepath.Join(dir, program("initdb"))); err != nil {
		return Binaries{}, fmt.Errorf("%s has postgres but no initdb program: %w", dir, err)
	}
	out, err := exec.CommandContext(ctx, postgres, "--version").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return Binaries{}, fmt.Errorf("%s --version: %w", postgres, err)
	}
	bin, err := parseVersion(string(out))
	if err != nil {
		return Binaries{}, fmt.Errorf("%s --version: %w", postgres, err)
	}
	if bin.Major < MinMajor {
		return Binaries{}, fmt.Errorf("%s is PostgreSQL %s: version %d or later is needed", dir, bin.Version, MinMajor)
	}
	bin.Dir = dir
	return bin, nil
}

// parseVersion reads the output of "postgres --version", such as
// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
func parseVersion(s string) (Binaries, error) {
	_, version, ok := strings.Cut(s, "(PostgreSQL) ")
	if fields := strings.Fields(version); ok && len(fields) > 0 {
		bin := Binaries{Version: fields[0]}
		digits := strings.IndexFunc(bin.Version, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 0 {
			digits = len(bin.Version)
		}
		var err error
		if bin.Major, err = strconv.Atoi(bin.Version[:digits]); err == nil {
			if minor, ok := strings.CutPrefix(bin.Version[digits:], "."); ok {
				bin.Minor, _ = strconv.Atoi(minor) // 0 if it is not a number
			}
			return bin, nil
		}
	}
	return Binaries{}, fmt.Errorf("%q is not the version of a PostgreSQL server", strings.TrimSpace(s))
}

func (b Binaries) initdb() string   { return filepath.Join(b.Dir, program("initdb")) }
func (b Binaries) postgres() string { return filepath.Join(b.Dir, program("postgres")) }

// program returns the file name of a program on this system.
func program(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
