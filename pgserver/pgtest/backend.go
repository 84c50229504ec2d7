package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
)

// Values of TABLEWIRE_TEST_POSTGRES.
const (
	forceContainer = "container"
	forceBinaries  = "binaries"
)

// noContainers is set once it is known that containers are not to be had.
var noContainers atomic.Bool

// newBackend starts a server: a container if there is a choice and it can be had.
func newBackend(ctx context.Context, t testing.TB, settings map[string]string) (backend, error) {
	t.Helper()
	switch forced := os.Getenv("TABLEWIRE_TEST_POSTGRES"); forced {
	case forceContainer:
		return newContainer(ctx, settings)
	case forceBinaries:
		return newBinaries(ctx, settings)
	case "":
	default:
		return nil, fmt.Errorf("TABLEWIRE_TEST_POSTGRES=%s: set it to %s, to %s or not at all", forced, forceContainer, forceBinaries)
	}
	if !noContainers.Load() {
		err := engineAnswers(ctx)
		if err == nil {
			var b backend
			if b, err = newContainer(ctx, settings); err == nil {
				return b, nil
			}
		}
		noContainers.Store(true)
		t.Logf("no PostgreSQL container, so its binaries: %v", err)
	}
	return newBinaries(ctx, settings)
}
