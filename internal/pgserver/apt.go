package pgserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// apt runs apt-get with lists, a cache and sources of its own: it needs no privilege,
// and neither sees nor changes what is installed.
type apt struct {
	dir  string
	args []string // before the command
}

// aptConf takes the system's hooks away, which would run with our lists; how the
// archive is reached (proxies and the like) stays the system's.
const aptConf = "#clear APT::Update;\n#clear DPkg;\n"

// debianKeyring has the keys of Debian's archive where the package
// debian-archive-keyring is installed.
const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// newAPT looks at Debian's unstable and experimental, on the mirror that the system's
// sources name. What is pinned comes from experimental, all else from unstable.
func newAPT(ctx context.Context, dir string, pinned ...string) (*apt, error) {
	mirror, err := debianMirror(ctx)
	if err != nil {
		return nil, err
	}
	options := "target=Packages"
	if _, err := os.Stat(debianKeyring); err == nil {
		options += " signed-by=" + debianKeyring
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"apt.conf":     aptConf,
		"status":       "",
		"sources.list": fmt.Sprintf("deb [%s] %s sid main\ndeb [%s] %s experimental main\n", options, mirror, options, mirror),
		"preferences":  "Package: " + strings.Join(pinned, " ") + "\nPin: release a=experimental\nPin-Priority: 990\n",
	} {
		if err := writeFile(strings.NewReader(text), file(name), false); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"none", "lists/partial", "archives/partial"} {
		if err := os.MkdirAll(file(name), 0o755); err != nil {
			return nil, err
		}
	}
	a := &apt{dir: dir, args: []string{"-q", "-c", file("apt.conf")}}
	for _, option := range [][2]string{
		{"Dir::State", dir},
		{"Dir::State::status", file("status")},
		{"Dir::State::lists", file("lists")},
		{"Dir::Cache", dir},
		{"Dir::Cache::archives", file("archives")},
		{"Dir::Etc::sourcelist", file("sources.list")},
		{"Dir::Etc::sourceparts", file("none")},
		{"Dir::Etc::preferences", file("preferences")},
		{"Dir::Etc::preferencesparts", file("none")},
		{"Acquire::Check-Valid-Until", "false"}, // mirrors trail; signatures are checked all the same
		{"Acquire::Languages", "none"},
		{"Acquire::PDiffs", "false"},
		{"Acquire::Retries", "1"},
		{"Acquire::http::Timeout", "10"}, // seconds, as below
		{"Acquire::https::Timeout", "10"},
		{"APT::Install-Recommends", "false"},
		{"APT::Sandbox::User", "root"},     // another user could not write here
		{"APT::Update::Error-Mode", "any"}, // a list that can't be had is no warning
	} {
		a.args = append(a.args, "-o", option[0]+"="+option[1])
	}
	return a, a.update(ctx)
}

// aptRelease is a line of an update that is not made, as apt-get prints it: 'http://mirror/debian/dists/trixie/InRelease' ...
var aptRelease = regexp.MustCompile(`(?m)^'([^']+/debian)/*/dists/`)

// debianMirror is the one that the system gets its own packages from, whether it has
// its lists or not.
func debianMirror(ctx context.Context) (string, error) {
	out, err := output(ctx, "", "apt-get", "update", "--print-uris")
	if err != nil {
		return "", err
	}
	if m := aptRelease.FindSubmatch(out); m != nil {
		return string(m[1]), nil
	}
	return "", errors.New("apt's sources name no archive of Debian (with an address that ends in /debian)")
}

func (a *apt) run(ctx context.Context, args ...string) ([]byte, error) {
	return output(ctx, a.dir, "apt-get", append(append([]string{}, a.args...), args...)...)
}

func (a *apt) update(ctx context.Context) error {
	_, err := a.run(ctx, "update")
	if err != nil && (strings.Contains(err.Error(), "NO_PUBKEY") || strings.Contains(err.Error(), "is not signed")) {
		return fmt.Errorf("the system does not know the keys of Debian's archive: install the package debian-archive-keyring: %w", err)
	}
	return err
}

// aptInst is a line of a simulated installation: Inst libpq5 (19~rc1-1 Debian:experimental [amd64]).
var aptInst = regexp.MustCompile(`(?m)^Inst (\S+) (?:\[\S+\] )?\((\S+) .*\[(\w+)\]\)`)

// closure lists what a package needs, itself included, as name=version. Packages for
// all architectures, which have no libraries, are left out.
func (a *apt) closure(ctx context.Context, name string) ([]string, error) {
	out, err := a.run(ctx, "--simulate", "install", name)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, m := range aptInst.FindAllStringSubmatch(string(out), -1) {
		if m[3] != "all" {
			all = append(all, m[1]+"="+m[2])
		}
	}
	return all, nil
}

// unpack downloads packages and puts their files into a folder.
func (a *apt) unpack(ctx context.Context, packages []string, root string) error {
	if _, err := a.run(ctx, append([]string{"download"}, packages...)...); err != nil {
		return err
	}
	debs, _ := filepath.Glob(filepath.Join(a.dir, "*.deb")) // the pattern is well-formed
	if len(debs) != len(packages) {
		return fmt.Errorf("apt-get download left %d packages: %d were expected", len(debs), len(packages))
	}
	for _, deb := range debs {
		if _, err := output(ctx, a.dir, "dpkg-deb", "--extract", deb, root); err != nil {
			return err
		}
	}
	return nil
}
