// Package integration tests the built binary against real PostgreSQL servers. It uses the
// program as operators and browsers do: by flags, signals and sockets. Each file holds one
// promise of the program. Package harness has what the files share.
package integration

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

func TestMain(m *testing.M) {
	harness.LoadMain()
	if url := os.Getenv(bareReaderURL); url != "" {
		fmt.Fprintln(os.Stderr, readBare(context.Background(), url))
		os.Exit(1)
	}
	code := pgtest.Main(m)
	harness.RemoveBinary()
	os.Exit(code)
}

// background is a context that outlives the test's own one, for what cleanups end.
func background(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }
