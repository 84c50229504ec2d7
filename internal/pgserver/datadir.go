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

// initdbTimeout bounds initdb, which takes about a second.
const initdbTimeout = 2 * time.Minute

// initdbSuffix ends the names of folders that initdb fills: such as nobody else's
// have, because old ones are removed.
const initdbSuffix = ".tablewire-initdb-*"

// hba lets in everybody from this machine, and nobody else.
const hba = `host all         all 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
`

// dataMajor is the major version of an initialised data directory, 0 for one that
// is yet to be initialised.
func dataMajor(dir string) (int, error) {
	data, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err == nil {
		major, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil {
			return 0, fmt.Errorf("data directory %s: PG_VERSION has no version of PostgreSQL", dir)
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
		return 0, fmt.Errorf("data directory %s is neither empty nor one of PostgreSQL's: choose another directory", dir)
	}
	return 0, nil
}

// initialise makes a new data directory: next to its place and then moved there,
// so that an interrupted start leaves no half of one.
func initialise(ctx context.Context, logger *slog.Logger, bin Binaries, acct *account, dir string) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := acct.canReach(parent); err != nil { // it may be new, and the umask strict
		return fmt.Errorf("data directory: %w", err)
	}
	removeAbandoned(filepath.Join(parent, filepath.Base(dir)+initdbSuffix))
	work, err := os.MkdirTemp(parent, filepath.Base(dir)+initdbSuffix)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		os.RemoveAll(work) // dir is a mount point: it can only be filled where it is
		work = dir
	}
	if err := runInitdb(ctx, logger, bin, acct, work); err != nil {
		if work == dir {
			return fmt.Errorf("%w\nremove what is in %s before the next try", err, dir)
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

// removeAbandoned removes what starts left that were killed: folders that nothing
// has been put into for longer than initdb may take.
func removeAbandoned(pattern string) {
	left, _ := filepath.Glob(pattern) // without a pattern's characters in the path there is no error
	for _, dir := range left {
		if info, err := os.Lstat(dir); err == nil && time.Since(info.ModTime()) > 2*initdbTimeout {
			_ = os.RemoveAll(dir) // the next start tries again
		}
	}
}

// runInitdb fills an empty folder: UTF-8, in code point order.
func runInitdb(ctx context.Context, logger *slog.Logger, bin Binaries, acct *account, dir string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, initdbTimeout, fmt.Errorf("it took longer than %v", initdbTimeout))
	defer cancel()
	if err := acct.own(dir); err != nil {
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
	return &StartError{Op: bin.initdb(), Log: output, Err: errors.New("no locale will do")}
}

// locales to try in turn. C.UTF-8 knows upper and lower case beyond ASCII.
func locales() []string {
	if runtime.GOOS == "linux" {
		return []string{"C.UTF-8", "C"}
	}
	return []string{"C"}
}
