package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/alecthomas/kong"
)

// TestDocumentedLimits holds docs/limits.md against the flags.
func TestDocumentedLimits(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	type flag struct{ env, value string }
	documented := map[string]flag{}
	for _, m := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)` \\| `(\\w+)` \\| `?([^ `|]*)`? ?\\|").FindAllStringSubmatch(string(page), -1) {
		documented[m[1]] = flag{m[2], m[3]}
	}
	parser, err := kong.New(&limitFlags{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range parser.Model.Flags {
		if f.Name == "help" {
			continue
		}
		if got, want := documented[f.Name], (flag{f.Envs[0], f.Default}); got != want {
			t.Errorf("--%s is documented as %v, want %v", f.Name, got, want)
		}
		delete(documented, f.Name)
	}
	for name := range documented {
		t.Errorf("--%s is documented and is no flag", name)
	}
}
