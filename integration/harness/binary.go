package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

const program = "github.com/tablewire/tablewire/cmd/tablewire"

var build struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Binary returns the path of the program. The first call builds it.
func Binary(t testing.TB) string {
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
		if RaceEnabled {
			args = append(args, "-race")
		}
		out, err := exec.CommandContext(context.Background(), "go", append(args, program)...).CombinedOutput()
		if err != nil {
			build.err = fmt.Errorf("build the program: %w\n%s", err, out)
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return build.path
}

// RemoveBinary removes what [Binary] built. TestMain calls it after the tests.
func RemoveBinary() {
	if build.dir != "" {
		_ = os.RemoveAll(build.dir) // the system clears its temporary folder, too
	}
}
