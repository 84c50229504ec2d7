package pgtest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// shared has the servers that all tests of a binary share, by the major version that tests
// asked for. The key 0 is for tests that accept any version.
var shared struct {
	sync.Mutex // guards the map, not its servers
	servers    map[int]*sharedServer
}

// sharedServer is a server that the first test that asks for it starts.
type sharedServer struct {
	sync.Mutex         // held while the server starts
	server     *Server // nil until the server has started
}

// sharedOf returns the entry of a major version, started or not.
func sharedOf(major int) *sharedServer {
	shared.Lock()
	defer shared.Unlock()
	if shared.servers == nil {
		shared.servers = map[int]*sharedServer{}
	}
	if shared.servers[major] == nil {
		shared.servers[major] = new(sharedServer)
	}
	return shared.servers[major]
}

// Main runs a package's tests, ends the shared servers, and then checks that no goroutine is
// left over. It returns the exit code for TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// The options are passed to goleak.
func Main(m *testing.M, options ...goleak.Option) int {
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: %v\n", err)
		code = max(code, 1)
	}
	if code != 0 {
		return code // a failed test may leave goroutines
	}
	if err := goleak.Find(append(containerGoroutines(), options...)...); err != nil {
		fmt.Fprintf(os.Stderr, "pgtest: after the tests: %v\n", err)
		return 1
	}
	return 0
}

// closeShared ends the shared servers.
func closeShared() error {
	shared.Lock()
	defer shared.Unlock()
	var errs []error
	for _, s := range shared.servers {
		if s.server != nil {
			errs = append(errs, s.server.close())
		}
	}
	return errors.Join(errs...)
}
