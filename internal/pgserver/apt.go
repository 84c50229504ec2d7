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

// apt runs apt-get with its own package lists, cache and sources. So it needs no privileges,
// and neither sees nor changes the installed packages.
type apt struct {
	dir  string   // holds the lists, the cache and the configuration
	args []string // options before apt-get's command
}

// aptConf is the text of apt.conf. It clears the system's hooks, which would otherwise run for
// our lists. The system's settings for proxies stay.
const aptConf = "#clear APT::Update;\n#clear DPkg;\n"

// debianKeyring is the file with the keys of Debian's archive, from the package
// debian-archive-keyring.
const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// newAPT creates an apt in dir and downloads the package lists of Debian's unstable and
// experimental, from the mirror that the system's sources name. The pinned packages come from
// experimental if it has them, all others from unstable.
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
		{"Acquire::Check-Valid-Until", "false"}, // mirrors may be late; apt-get still checks signatures
		{"Acquire::Languages", "none"},
		{"Acquire::PDiffs", "false"},
		{"Acquire::Retries", "1"},
		{"Acquire::http::Timeout", "10"}, // seconds
		{"Acquire::https::Timeout", "10"},
		{"APT::Install-Recommends", "false"},
		{"APT::Sandbox::User", "root"},     // another user could not write to dir
		{"APT::Update::Error-Mode", "any"}, // a list that can't be downloaded is an error
	} {
		a.args = append(a.args, "-o", option[0]+"="+option[1])
	}
	return a, a.update(ctx)
}

// aptRelease matches a line of "apt-get update --print-uris", such as
// 'http://mirror/debian/dists/trixie/InRelease' ...
var aptRelease = regexp.MustCompile(`(?m)^'([^']+/debian)/*/dists/`)

// debianMirror returns the address of the mirror that the system's own packages come from. It
// reads the system's sources and asks no server.
func debianMirror(ctx context.Context) (string, error) {
	out, err := commandOutput(ctx, "", "apt-get", "update", "--print-uris")
	if err != nil {
		return "", err
	}
	if m := aptRelease.FindSubmatch(out); m != nil {
		return string(m[1]), nil
	}
	return "", errors.New("apt's sources have no Debian archive (an address that ends in /debian)")
}

// run runs one of apt-get's commands and returns its output.
func (a *apt) run(ctx context.Context, args ...string) ([]byte, error) {
	return commandOutput(ctx, a.dir, "apt-get", append(append([]string{}, a.args...), args...)...)
}

// update downloads the package lists.
func (a *apt) update(ctx context.Context) error {
	_, err := a.run(ctx, "update")
	if err != nil && (strings.Contains(err.Error(), "NO_PUBKEY") || strings.Contains(err.Error(), "is not signed")) {
		return fmt.Errorf("the system does not have the keys of Debian's archive: install the package debian-archive-keyring: %w", err)
	}
	return err
}

// aptInst matches a line of "apt-get --simulate install", such as
// Inst libpq5 (19~rc1-1 Debian:experimental [amd64]).
var aptInst = regexp.MustCompile(`(?m)^Inst (\S+) (?:\[\S+\] )?\((\S+) .*\[(\w+)\]\)`)

// dependencies lists a package and all that it depends on, as name=version. It leaves out
// packages for all architectures: they contain no libraries.
func (a *apt) dependencies(ctx context.Context, name string) ([]string, error) {
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

// unpack downloads packages and extracts their files into the folder root.
func (a *apt) unpack(ctx context.Context, packages []string, root string) error {
	if _, err := a.run(ctx, append([]string{"download"}, packages...)...); err != nil {
		return err
	}
	debs, _ := filepath.Glob(filepath.Join(a.dir, "*.deb")) // the pattern is well-formed
	if len(debs) != len(packages) {
		return fmt.Errorf("apt-get download left %d packages: want %d", len(debs), len(packages))
	}
	for _, deb := range debs {
		if _, err := commandOutput(ctx, a.dir, "dpkg-deb", "--extract", deb, root); err != nil {
			return err
		}
	}
	return nil
}
