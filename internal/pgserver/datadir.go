package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// initdbTimeout is the longest time for initdb, which usually takes a second.
const initdbTimeout = 2 * time.Minute

// initdbSuffix is the end of the names of folders that initdb works in. No other program uses
// it, because removeAbandonedInitdbs deletes such folders.
const initdbSuffix = ".tablewire-initdb-*"

// hba is the text of pg_hba.conf: all users may connect from this machine, without a password.
const hba = `host all         all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
`

// dataMajor returns the major version of PostgreSQL that initialised a data directory. It
// returns 0 for a folder that is empty or does not exist.
func dataMajor(dir string) (int, error) {
	data, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err == nil {
		major, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			return 0, fmt.Errorf("data directory %s: the file PG_VERSION does not have a version of PostgreSQL", dir)
		}
		return major, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("data directory: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("data directory: %w", err)
	}
	if len(entries) > 0 {
		return 0, fmt.Errorf("data directory %s is neither empty nor a data directory of PostgreSQL: choose another directory", dir)
	}
	return 0, nil
}

// initialise creates a data directory. It runs initdb in a folder next to dir and then renames
// that to dir, so that an interrupted start leaves no incomplete data directory.
func initialise(ctx context.Context, logger *slog.Logger, bin Binaries, acct *account, dir string) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := acct.checkReach(parent); err != nil { // the parent may be new, and the umask strict
		return fmt.Errorf("data directory: %w", err)
	}
	removeAbandonedInitdbs(filepath.Join(parent, filepath.Base(dir)+initdbSuffix))
	work, err := os.MkdirTemp(parent, filepath.Base(dir)+initdbSuffix)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		os.RemoveAll(work)
		work = dir // a mount point can't be replaced: initdb has to work in it
	}
	if err := runInitdb(ctx, logger, bin, acct, work); err != nil {
		if work == dir {
			return fmt.Errorf("%w\nempty the folder %s before the next start", err, dir)
		}
		return err
	}
	if work == dir {
		return nil
	}
	if err := os.Rename(work, dir); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// removeAbandonedInitdbs removes the folders that initdb worked in when a start was killed:
// those that have not changed for twice the time that initdb may take.
func removeAbandonedInitdbs(pattern string) {
	dirs, _ := filepath.Glob(pattern) // fails only for a path with a pattern's characters
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err == nil && time.Since(info.ModTime()) > 2*initdbTimeout {
			_ = os.RemoveAll(dir) // the next start tries again
		}
	}
}

// runInitdb runs initdb in an empty folder, for the encoding UTF-8 and the first locale that
// the system has. It then writes pg_hba.conf.
func runInitdb(ctx context.Context, logger *slog.Logger, bin Binaries, acct *account, dir string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, initdbTimeout, fmt.Errorf("it took longer than %v", initdbTimeout))
	defer cancel()
	if err := acct.chown(dir); err != nil {
		return fmt.Errorf("give the data directory to the user %q: %w", acct.name, err)
	}
	var output string
	for _, locale := range locales() {
		p, err := startProcess(logger, acct, dir, bin.initdb(), "-D", dir, "-U", "postgres", "-A", "trust",
			"-E", "UTF8", "--locale="+locale, "--no-sync", "--no-instructions")
		if err != nil {
			return &StartError{Op: bin.initdb(), Err: err}
		}
		err = p.wait(ctx)
		if err == nil {
			return os.WriteFile(filepath.Join(dir, "pg_hba.conf"), []byte(hba), 0o600)
		}
		output = p.log.String()
		if !strings.Contains(output, "locale") || ctx.Err() != nil {
			return &StartError{Op: bin.initdb(), Log: output, Err: err}
		}
	}
	return &StartError{Op: bin.initdb(), Log: output, Err: errors.New("initdb accepts no locale")}
}

// locales returns the locales to try, best first. Both sort by code point; C.UTF-8 also has
// upper and lower case beyond ASCII.
func locales() []string {
	if runtime.GOOS == "linux" {
		return []string{"C.UTF-8", "C"}
	}
	return []string{"C"}
}
