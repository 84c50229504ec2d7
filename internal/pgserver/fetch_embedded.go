package pgserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
	"golang.org/x/net/http/httpproxy"
)

// embeddedVersions are those that the library knows, by major version.
var embeddedVersions = map[int]embeddedpostgres.PostgresVersion{
	14: embeddedpostgres.V14,
	15: embeddedpostgres.V15,
	16: embeddedpostgres.V16,
	17: embeddedpostgres.V17,
	18: embeddedpostgres.V18,
}

// embeddedSource is the host that the library fetches from.
const embeddedSource = "repo1.maven.org:443"

// reachEmbedded opens a connection to the library's source, or to the proxy on the
// way there. The library itself would wait for minutes.
func reachEmbedded(ctx context.Context, major int) error {
	if _, ok := embeddedVersions[major]; !ok {
		return fmt.Errorf("it does not know PostgreSQL %d", major)
	}
	address, err := addressToAsk(httpproxy.FromEnvironment().ProxyFunc())
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("%s can't be reached: %w", address, err)
	}
	return conn.Close()
}

// addressToAsk is the address of the proxy that leads to embeddedSource, or embeddedSource
// itself. The proxy is what the library's own client uses: that of HTTPS_PROXY, unless
// NO_PROXY has the source.
func addressToAsk(proxyOf func(*url.URL) (*url.URL, error)) (string, error) {
	u, err := proxyOf(&url.URL{Scheme: "https", Host: embeddedSource})
	if err != nil { // its text quotes the URL, which may hold a password
		return "", errors.New("the URL of HTTPS_PROXY can't be understood")
	}
	if u == nil || u.Hostname() == "" {
		return embeddedSource, nil
	}
	port := map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port, "80")), nil
}

// fetchEmbedded lets the embedded-postgres library fetch its binaries. The
// library can only start a server: it is given a data directory that no server
// starts in, and has unpacked the binaries by the time it finds out.
//
// The library does not listen to a context. When ctx is done, its goroutine is
// left to its work, in a folder of its own that it then removes.
func fetchEmbedded(ctx context.Context, dir string, major int) error {
	version, ok := embeddedVersions[major]
	if !ok {
		return fmt.Errorf("it does not know PostgreSQL %d", major)
	}
	// Not in dir: that is removed when this function returns.
	work, err := os.MkdirTemp(filepath.Dir(filepath.Dir(dir)), "fetching-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	tree, data := filepath.Join(work, "tree"), filepath.Join(work, "data")
	if err := stubDataDir(data, major); err != nil {
		return err
	}
	port, err := freePort(ctx)
	if err != nil {
		return err
	}
	server := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
		Version(version).
		Port(uint32(port)).
		CachePath(filepath.Join(work, "archive")).
		RuntimePath(filepath.Join(work, "run")).
		BinariesPath(tree).
		DataPath(data).
		StartTimeout(time.Second).
		Logger(io.Discard))

	fetched := make(chan error, 1)
	go func() {
		err := server.Start()
		if err == nil {
			err = fmt.Errorf("it started a server in an empty data directory: %w", server.Stop())
		} else if _, statErr := os.Stat(filepath.Join(tree, "bin", program("postgres"))); statErr == nil {
			err = nil
		}
		if ctx.Err() != nil {
			os.RemoveAll(work) // nobody waited, and it was made again
		}
		fetched <- err
	}()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case err := <-fetched:
		if err != nil {
			return err
		}
		if err := os.Remove(dir); err != nil {
			return err
		}
		return os.Rename(tree, dir)
	}
}

// stubDataDir makes a data directory that looks initialised and is not.
func stubDataDir(dir string, major int) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte(strconv.Itoa(major)+"\n"), 0o600)
}
