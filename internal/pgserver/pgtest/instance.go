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

// instance is where a server runs: in this system, or in a container. One goroutine at a time
// uses it, except for url.
type instance interface {
	fmt.Stringer                                // says for the log where the server runs
	url(database string) string                 // never changes
	start(ctx context.Context) error            // starts the server again after stop
	stop(ctx context.Context, crash bool) error // ends the server and keeps its data
	close() error                               // ends the server and removes its data
}

// environment names the variable that chooses where servers come from.
const environment = "TABLEWIRE_TEST_POSTGRES"

// Values of TABLEWIRE_TEST_POSTGRES. A major version is a third.
const (
	forceContainer = "container"
	forceBinaries  = "binaries"
)

// noContainers is set when a container could not start: later servers don't try again.
var noContainers atomic.Bool

// newInstance starts a server of a major version. Major 0 means any version, from where
// TABLEWIRE_TEST_POSTGRES says.
func newInstance(ctx context.Context, t testing.TB, major int, settings map[string]string) (instance, error) {
	t.Helper()
	if major != 0 {
		return newInstanceOf(ctx, t, major, settings)
	}
	switch forced := os.Getenv(environment); forced {
	case forceContainer:
		return newContainer(ctx, defaultImage(), settings)
	case forceBinaries:
		return newLocal(ctx, 0, settings)
	case "":
	default:
		version, err := strconv.Atoi(forced)
		if err != nil {
			return nil, fmt.Errorf("TABLEWIRE_TEST_POSTGRES=%s: set it to %s, %s or a major version, or unset it", forced, forceContainer, forceBinaries)
		}
		return newInstanceOf(ctx, t, version, settings)
	}
	if !noContainers.Load() {
		err := engineAnswers(ctx)
		if err == nil {
			var b instance
			if b, err = newContainer(ctx, defaultImage(), settings); err == nil {
				return b, nil
			}
		}
		noContainers.Store(true)
		t.Logf("PostgreSQL runs from its binaries, because a container can't start: %v", err)
	}
	return newLocal(ctx, 0, settings)
}

// newInstanceOf starts a server of one major version: from binaries, else in a container. Binaries
// come first because the system may have them, and because downloaded ones are kept.
func newInstanceOf(ctx context.Context, t testing.TB, major int, settings map[string]string) (instance, error) {
	t.Helper()
	b, err := newLocal(ctx, major, settings)
	if err == nil {
		return b, nil
	}
	t.Logf("PostgreSQL %d runs in a container, because its binaries can't be had: %v", major, err)
	images := imagesOf(major)
	errs := []error{err, engineAnswers(ctx)}
	for i := 0; i < len(images) && errs[1] == nil; i++ {
		b, err := newContainer(ctx, images[i], settings)
		if err == nil {
			return b, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("PostgreSQL %d is missing: install it, or install npm (from 18 on apt-get and a Debian mirror will do), or start a Docker engine that can pull %s: %w",
		major, strings.Join(images, " or "), errors.Join(errs...))
}
