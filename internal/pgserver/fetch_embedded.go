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

// embeddedVersions has the releases that the library embedded-postgres can download, by major
// version.
var embeddedVersions = map[int]embeddedpostgres.PostgresVersion{
	14: embeddedpostgres.V14,
	15: embeddedpostgres.V15,
	16: embeddedpostgres.V16,
	17: embeddedpostgres.V17,
	18: embeddedpostgres.V18,
}

// embeddedSource is the host that the library downloads from.
const embeddedSource = "repo1.maven.org:443"

// reachEmbedded checks that the library's source, or the proxy on the way there, accepts a
// connection. The library itself would wait for minutes.
func reachEmbedded(ctx context.Context, major int) error {
	if _, ok := embeddedVersions[major]; !ok {
		return fmt.Errorf("it does not know PostgreSQL %d", major)
	}
	address, err := firstHop(httpproxy.FromEnvironment().ProxyFunc())
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

// firstHop returns the address that the library connects to: the proxy of HTTPS_PROXY, or
// embeddedSource if there is no proxy or NO_PROXY has the source.
func firstHop(proxyOf func(*url.URL) (*url.URL, error)) (string, error) {
	u, err := proxyOf(&url.URL{Scheme: "https", Host: embeddedSource})
	if err != nil { // the error quotes the URL, which may have a password
		return "", errors.New("the URL of HTTPS_PROXY can't be understood")
	}
	if u == nil || u.Hostname() == "" {
		return embeddedSource, nil
	}
	port := map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port, "80")), nil
}

// fetchEmbedded makes the library embedded-postgres download its binaries. The library only
// offers to start a server. So fetchEmbedded gives it a data directory on which no server can
// start: when the start fails, the binaries are unpacked.
//
// The library ignores contexts. If ctx ends first, the library's goroutine goes on in a folder
// of its own, which it removes at its end.
func fetchEmbedded(ctx context.Context, dir string, major int) error {
	version, ok := embeddedVersions[major]
	if !ok {
		return fmt.Errorf("it does not know PostgreSQL %d", major)
	}
	// The folder is in the cache and not in dir, because fetchInto removes dir when ctx ends.
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
			os.RemoveAll(work) // the library may have created it again after fetchEmbedded returned
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

// stubDataDir creates a data directory that looks initialised but is not.
func stubDataDir(dir string, major int) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "PG_VERSION"), []byte(strconv.Itoa(major)+"\n"), 0o600)
}
