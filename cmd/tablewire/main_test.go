package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The command line's behaviour is in testdata's scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tablewire": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}
