package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// chooseBinaries goes through the places that binaries can come from. major is
// the version that is needed: the data directory's where that is initialised, else
// what Config.Major asks for, 0 for any.
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
	if bin, ok := pick(found, major); ok {
		return bin, nil
	}
	cache, err := cacheDir(cfg.CacheDir, acct)
	if err != nil {
		return Binaries{}, err
	}
	cached := findIn(ctx, cachedFolders(cache))
	if bin, ok := pick(cached, major); ok {
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

// pick takes the first binaries of a major version, or the first if it is 0.
func pick(found []Binaries, major int) (Binaries, bool) {
	for _, bin := range found {
		if major == 0 || bin.Major == major {
			return bin, true
		}
	}
	return Binaries{}, false
}

// wrongMajor says that there are binaries, and none of the version that is needed.
func wrongMajor(dataDir string, major int, found []Binaries) error {
	have := make([]string, len(found))
	for i, bin := range found {
		have[i] = fmt.Sprintf("%s in %s", bin.Version, bin.Dir)
	}
	binaries := strings.Join(have, ", ")
	if len(have) == 0 {
		binaries = "none"
	}
	if dataDir == "" {
		return fmt.Errorf("PostgreSQL %d is wanted, and the binaries here are %s: install version %d", major, binaries, major)
	}
	return fmt.Errorf("data directory %s was made by PostgreSQL %d, and the binaries here are %s: install version %d or choose another directory",
		dataDir, major, binaries, major)
}

// sharedCache is where root keeps what another user has to run.
const sharedCache = "/var/cache/tablewire"

// cacheDir is the folder for fetched binaries, which the account must be able to reach.
func cacheDir(dir string, acct *account) (string, error) {
	if dir != "" {
		dir, err := filepath.Abs(dir)
		if err == nil {
			err = acct.canReach(dir)
		}
		if err != nil {
			return "", fmt.Errorf("cache directory: %w", err)
		}
		return dir, nil
	}
	if user, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(user, "tablewire")
		if acct.canReach(dir) == nil {
			return dir, nil
		}
	}
	if acct != nil && acct.canReach(sharedCache) == nil {
		return sharedCache, nil
	}
	return "", errors.New("no place to keep PostgreSQL's binaries: choose a cache directory")
}

// cachedFolders are the cache's folders with programs.
func cachedFolders(cache string) []string {
	folders, _ := filepath.Glob(filepath.Join(cache, "postgresql-*", "bin")) // the pattern is well-formed
	return folders
}
