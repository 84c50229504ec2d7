package pgtest

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// shared is the server that all tests of a binary use.
var shared struct {
	sync.Mutex
	server *Server
}

// Main runs a package's tests, ends the shared server and checks that no goroutine
// is left. It returns the exit code for TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// The options are for the check.
func Main(m *testing.M, options ...goleak.Option) int {
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: %v\n", err)
		code = max(code, 1)
	}
	if code != 0 {
		return code // goroutines of a failed test are no news
	}
	if err := goleak.Find(append(containerGoroutines(), options...)...); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: after the tests: %v\n", err)
		return 1
	}
	return 0
}

func closeShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return nil
	}
	return shared.server.close()
}
