package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// chooseBinaries returns binaries of a major version, or of any if major is 0. It searches
// Config.BinDir if that is set; else the system, then the cache, and then it downloads them.
func chooseBinaries(ctx context.Context, cfg *Config, acct *account, major int) (Binaries, error) {
	if cfg.BinDir != "" {
		bin, err := inspect(ctx, cfg.BinDir)
		if err != nil {
			return Binaries{}, err
		}
		if major != 0 && bin.Major != major {
			return Binaries{}, wrongMajor(cfg.DataDir, major, []Binaries{bin})
		}
		return bin, nil
	}
	found := FindBinaries(ctx)
	if bin, ok := firstOfMajor(found, major); ok {
		return bin, nil
	}
	cache, err := cacheDir(cfg.CacheDir, acct)
	if err != nil {
		return Binaries{}, err
	}
	cached := findIn(ctx, cachedFolders(cache))
	if bin, ok := firstOfMajor(cached, major); ok {
		return bin, nil
	}
	found = append(found, cached...)
	if major == 0 {
		major = fetchMajor
	}
	if major < MinMajor || major > newestFetched {
		return Binaries{}, wrongMajor(cfg.DataDir, major, found)
	}
	bin, err := fetch(ctx, cfg, cache, major, fetchers)
	if _, missing := errors.AsType[*NoBinariesError](err); missing && len(found) > 0 {
		return Binaries{}, errors.Join(wrongMajor(cfg.DataDir, major, found), err)
	}
	return bin, err
}

// firstOfMajor returns the first binaries of a major version, or the first of all if major is 0.
func firstOfMajor(found []Binaries, major int) (Binaries, bool) {
	for _, bin := range found {
		if major == 0 || bin.Major == major {
			return bin, true
		}
	}
	return Binaries{}, false
}

// wrongMajor returns the error for a major version that is missing while other versions, found,
// are installed.
func wrongMajor(dataDir string, major int, found []Binaries) error {
	have := make([]string, len(found))
	for i, bin := range found {
		have[i] = fmt.Sprintf("%s in %s", bin.Version, bin.Dir)
	}
	installed := "PostgreSQL is not installed"
	if len(have) > 0 {
		installed = "this system has " + strings.Join(have, ", ")
	}
	if dataDir == "" {
		return fmt.Errorf("PostgreSQL %d is wanted, and %s: install version %d", major, installed, major)
	}
	return fmt.Errorf("data directory %s was initialised by PostgreSQL %d, and %s: install version %d, or choose another directory",
		dataDir, major, installed, major)
}

// sharedCache is the cache of root, whose programs another user has to run.
const sharedCache = "/var/cache/tablewire"

// cacheDir returns the folder for downloaded binaries: dir if it is set, else the default. The
// account must be able to enter it.
func cacheDir(dir string, acct *account) (string, error) {
	if dir != "" {
		dir, err := filepath.Abs(dir)
		if err == nil {
			err = acct.checkReach(dir)
		}
		if err != nil {
			return "", fmt.Errorf("cache directory: %w", err)
		}
		return dir, nil
	}
	if user, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(user, "tablewire")
		if acct.checkReach(dir) == nil {
			return dir, nil
		}
	}
	if acct != nil && acct.checkReach(sharedCache) == nil {
		return sharedCache, nil
	}
	return "", errors.New("no folder can keep PostgreSQL's binaries: choose a cache directory")
}

// cachedFolders returns the cache's folders with programs.
func cachedFolders(cache string) []string {
	folders, _ := filepath.Glob(filepath.Join(cache, "postgresql-*", "bin")) // the pattern is well-formed
	return folders
}
