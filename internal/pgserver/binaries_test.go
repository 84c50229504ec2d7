package pgserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Binaries{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": {Version: "15.18", Major: 15, Minor: 18},
		"postgres (PostgreSQL) 17.5":                             {Version: "17.5", Major: 17, Minor: 5},
		"postgres (PostgreSQL) 19beta1":                          {Version: "19beta1", Major: 19},
		"postgres (PostgreSQL) 18devel":                          {Version: "18devel", Major: 18},
	} {
		if got, err := parseVersion(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "postgres", "postgres (PostgreSQL) ", "postgres (PostgreSQL) x"} {
		if got, err := parseVersion(text); err == nil {
			t.Errorf("%q: %+v, want an error", text, got)
		}
	}
}

func TestFindIn(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	install := func(folder, version string, programs ...string) string {
		t.Helper()
		dir := filepath.Join(root, folder)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range programs {
			script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
			if err := writeFile(strings.NewReader(script), filepath.Join(dir, name), true); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	folders := []string{
		install("old", "13.21", "postgres", "initdb"),
		install("client", "18.1", "initdb"),
		install("b", "15.2", "postgres", "initdb"),
		install("c", "15.18", "postgres", "initdb"),
		install("a", "17.0", "postgres", "initdb"),
		filepath.Join(root, "missing"),
	}
	link := filepath.Join(root, "link")
	if err := os.Symlink(folders[2], link); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, bin := range findIn(t.Context(), append(folders, link)) {
		got = append(got, bin.Version)
	}
	if len(got) != 3 || got[0] != "17.0" || got[1] != "15.18" || got[2] != "15.2" {
		t.Errorf("found %v, want 17.0, 15.18, 15.2", got)
	}
}
