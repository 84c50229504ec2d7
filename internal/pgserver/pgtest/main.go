package pgtest

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// shared are the servers that all tests of a binary use, by the major version that
// they were asked for; 0 is the one for which any version did.
var shared struct {
	sync.Mutex // of the map alone
	servers    map[int]*sharedServer
}

// sharedServer is started by the first test that wants it.
type sharedServer struct {
	sync.Mutex
	server *Server // nil until it has been started
}

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

// Main runs a package's tests, ends the shared servers and checks that no goroutine
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
	var errs []error
	for _, s := range shared.servers {
		if s.server != nil {
			errs = append(errs, s.server.close())
		}
	}
	return errors.Join(errs...)
}
