package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// Values of TABLEWIRE_TEST_POSTGRES; a major version is another.
const (
	forceContainer = "container"
	forceBinaries  = "binaries"
)

// noContainers is set once it is known that containers are not to be had.
var noContainers atomic.Bool

// newBackend starts a server: of a major version, or of any if that is 0.
func newBackend(ctx context.Context, t testing.TB, major int, settings map[string]string) (backend, error) {
	t.Helper()
	if major != 0 {
		return newVersion(ctx, t, major, settings)
	}
	switch forced := os.Getenv("TABLEWIRE_TEST_POSTGRES"); forced {
	case forceContainer:
		return newContainer(ctx, defaultImage(), settings)
	case forceBinaries:
		return newBinaries(ctx, 0, settings)
	case "":
	default:
		version, err := strconv.Atoi(forced)
		if err != nil {
			return nil, fmt.Errorf("TABLEWIRE_TEST_POSTGRES=%s: set it to %s, to %s, to a major version or not at all", forced, forceContainer, forceBinaries)
		}
		return newVersion(ctx, t, version, settings)
	}
	if !noContainers.Load() {
		err := engineAnswers(ctx)
		if err == nil {
			var b backend
			if b, err = newContainer(ctx, defaultImage(), settings); err == nil {
				return b, nil
			}
		}
		noContainers.Store(true)
		t.Logf("no PostgreSQL container, so its binaries: %v", err)
	}
	return newBinaries(ctx, 0, settings)
}

// newVersion starts a server of one major version. Its binaries come first: the
// system may have them, and fetched ones are kept, where an image has to be there.
func newVersion(ctx context.Context, t testing.TB, major int, settings map[string]string) (backend, error) {
	t.Helper()
	b, err := newBinaries(ctx, major, settings)
	if err == nil {
		return b, nil
	}
	t.Logf("no binaries of PostgreSQL %d, so a container: %v", major, err)
	images := imagesOf(major)
	errs := []error{err, engineAnswers(ctx)}
	for i := 0; i < len(images) && errs[1] == nil; i++ {
		b, err := newContainer(ctx, images[i], settings)
		if err == nil {
			return b, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("PostgreSQL %d is not to be had: install it or npm (from 18 on apt-get will do, with a mirror of Debian's), or start a Docker engine that can pull %s: %w",
		major, strings.Join(images, " or "), errors.Join(errs...))
}
