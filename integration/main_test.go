// Package integration tests the built binary against real PostgreSQL servers, the
// way an operator and a browser meet it: flags, signals, sockets. One file a promise.
package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

func TestMain(m *testing.M) {
	// The test binary is also the other processes that some tests need.
	if os.Getenv(loadEnv) != "" {
		os.Exit(runLoad())
	}
	if url := os.Getenv(bareReaderURL); url != "" {
		fmt.Fprintln(os.Stderr, readBare(context.Background(), url))
		os.Exit(1)
	}
	code := pgtest.Main(m)
	if build.dir != "" {
		_ = os.RemoveAll(build.dir) // a temporary folder
	}
	os.Exit(code)
}

// build is the binary, built when the first test needs it.
var build struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// binary gives the path of the built program.
func binary(t testing.TB) string {
	t.Helper()
	build.once.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "tablewire-test-"); build.err != nil {
			return
		}
		build.path = filepath.Join(build.dir, "tablewire")
		if runtime.GOOS == "windows" {
			build.path += ".exe"
		}
		args := []string{"build", "-o", build.path}
		if raceEnabled {
			args = append(args, "-race")
		}
		out, err := exec.CommandContext(context.Background(), "go", append(args, "../cmd/tablewire")...).CombinedOutput()
		if err != nil {
			build.err = fmt.Errorf("build the program: %w\n%s", err, out)
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return build.path
}
