//go:build linux

package pgserver

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeAPT is a script in place of apt-get. It knows postgresql-19 and its dependencies, and
// writes the names of the packages that it has to download into LOG.
const fakeAPT = `#!/bin/sh
for arg; do last=$arg; done
case " $* " in
*" update --print-uris "*) printf "'%s/dists/stable/InRelease' list 0 \n" http://mirror.example/debian-security MIRROR ;;
*" update "*) UPDATE ;;
*" --simulate install "*) cat <<END
Reading package lists...
Inst libc6 (2.43-7 Debian:unstable [amd64])
Inst libperl5.42 (5.42.3-1 Debian:unstable [amd64])
Inst perl (5.42.3-1 Debian:unstable [amd64])
Inst libjson-perl (4.10-1 Debian:unstable [all])
Inst zlib1g (1:1.3-4 Debian:unstable [amd64]) []
Inst postgresql-client-19 (19~rc1-1 Debian:experimental [amd64])
Inst postgresql-common (293 Debian:unstable [all])
Inst postgresql-19 [18-1] (19~rc1-1 Debian:experimental [amd64])
Conf $last (19~rc1-1 Debian:experimental [amd64])
END
;;
*" download "*) while [ "$1" != download ]; do shift; done; shift
  for name; do echo "$name" >>LOG; : >"${name%%=*}.deb"; done ;;
*) echo "unknown command $*" >&2; exit 1 ;;
esac
`

// fakeDpkg is a script in place of dpkg-deb. It extracts a server and a loader, which runs a
// program only with the options that wrapper gives.
const fakeDpkg = `#!/bin/sh
root=$3
[ "$1" = --extract ] || exit 1
case $2 in
*/libc6.deb)
  mkdir -p "$root/usr/lib/x86_64-linux-gnu"
  cat >"$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" <<'END'
#!/bin/sh
[ "$1" = --library-path ] && [ -d "$2" ] && [ "$3" = --argv0 ] && [ -x "$4" ] || exit 1
shift 4
exec "$@"
END
  chmod +x "$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" ;;
*/postgresql-19.deb)
  mkdir -p "$root/usr/lib/postgresql/19/bin" "$root/usr/share/postgresql/19" "$root/usr/share/doc"
  for name in postgres initdb; do
    printf '#!/bin/sh\necho "postgres (PostgreSQL) 19rc1"\n' >"$root/usr/lib/postgresql/19/bin/$name"
    chmod +x "$root/usr/lib/postgresql/19/bin/$name"
  done ;;
esac
`

// fakeDebian puts the two on the PATH, and gives where the names of the packages will
// be that were downloaded.
func fakeDebian(t *testing.T, mirror, update string) (log string) {
	t.Helper()
	dir := t.TempDir()
	log = filepath.Join(dir, "log")
	for name, text := range map[string]string{
		"apt-get":  strings.NewReplacer("MIRROR", mirror, "UPDATE", update, "LOG", log).Replace(fakeAPT),
		"dpkg-deb": fakeDpkg,
	} {
		if err := writeFile(strings.NewReader(text), filepath.Join(dir, name), true); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return log
}

func TestFetchDebian(t *testing.T) {
	way := []fetcher{{"apt-get", reachDebian, fetchDebian}}
	t.Run("TakesTheLibrariesAlong", func(t *testing.T) {
		log := fakeDebian(t, "http://mirror.example/debian/", "true")
		bin, err := fetch(t.Context(), quiet(), t.TempDir(), 19, way)
		if err != nil {
			t.Fatal(err)
		}
		if bin.Version != "19rc1" {
			t.Errorf("got %+v", bin)
		}
		downloaded, err := os.ReadFile(log)
		if want := "libc6=2.43-7\nzlib1g=1:1.3-4\npostgresql-client-19=19~rc1-1\npostgresql-19=19~rc1-1\n"; err != nil || string(downloaded) != want {
			t.Errorf("downloaded was %q, %v; want %q", downloaded, err, want)
		}
	})
	fails := func(name, mirror, update string, parts ...string) {
		t.Run(name, func(t *testing.T) {
			fakeDebian(t, mirror, update)
			cache := t.TempDir()
			_, err := fetch(t.Context(), quiet(), cache, 19, way)
			for _, part := range parts {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %v does not say %q", err, part)
				}
			}
			if entries, _ := os.ReadDir(cache); len(entries) > 0 {
				t.Errorf("%v are left in the cache", entries)
			}
		})
	}
	fails("WithoutTheKeys", "http://mirror.example/debian", `echo "W: GPG error: NO_PUBKEY 1234" >&2; exit 100`, "NO_PUBKEY 1234", "install the package debian-archive-keyring")
	fails("WithoutANetwork", "http://mirror.example/debian", `echo "E: Failed to fetch" >&2; exit 100`, "Failed to fetch")
	fails("WithoutAMirror", "http://mirror.example/ubuntu", "true", "no Debian archive")
	t.Run("NotWhatIsTooOld", func(t *testing.T) {
		err := reachDebian(t.Context(), oldestDebian-1)
		if err == nil || !strings.Contains(err.Error(), "does not have PostgreSQL 17") {
			t.Errorf("error %v", err)
		}
	})
}

// Two concurrent starts that need the same version download it once.
func TestFetchOnce(t *testing.T) {
	t.Parallel()
	cache := filepath.Join(t.TempDir(), "cache")
	fetched := make(chan struct{}, 2)
	once := fetcher{"slow", reached, func(_ context.Context, dir string, _ int) error {
		fetched <- struct{}{}
		return writeFakes(dir)
	}}
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := fetch(t.Context(), quiet(), cache, fetchMajor, []fetcher{once})
			errs <- err
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(fetched); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
}
