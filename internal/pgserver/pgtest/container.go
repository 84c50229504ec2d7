package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	mobycontainer "github.com/moby/moby/api/types/container"
	mobynetwork "github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/postgres"
	"go.uber.org/goleak"
)

// defaultImage is that of servers for which any version does.
func defaultImage() string {
	if image := os.Getenv("TABLEWIRE_TEST_POSTGRES_IMAGE"); image != "" {
		return image
	}
	return imageOf(17)
}

func imageOf(major int) string { return fmt.Sprintf("postgres:%d-alpine", major) }

// preReleases are the tags of versions that are not released: they may have no other.
var preReleases = map[int]string{19: "19rc1"}

// imagesOf lists the images of a version, the wanted one first.
func imagesOf(major int) []string {
	images := []string{imageOf(major)}
	if tag, ok := preReleases[major]; ok {
		images = append(images, "postgres:"+tag+"-alpine")
	}
	return images
}

// How long to wait for an engine's answer, and for a container to come up: the
// image may have to be pulled.
const (
	engineTimeout    = 2 * time.Second
	containerTimeout = 4 * time.Minute
)

// container is a server in a container, on a port of the host that stays the same
// when the container is started again: Docker's own choice would change.
type container struct {
	image string
	host  string
	port  int
	ctr   testcontainers.Container
}

// engineAnswers says why there is no Docker engine to use, nil if there is one.
func engineAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, engineTimeout, errors.New("the Docker engine does not answer"))
	defer cancel()
	answer := make(chan error, 1)
	go func() { // the library's search for an engine heeds no context
		answer <- withProvider(func(p *testcontainers.DockerProvider) error { return p.Health(ctx) })
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// withProvider connects to the engine. The library panics where there is none.
func withProvider(do func(*testcontainers.DockerProvider) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("no Docker engine: %v", r)
		}
	}()
	provider, err := testcontainers.NewDockerProvider()
	if err != nil {
		return fmt.Errorf("no Docker engine: %w", err)
	}
	defer provider.Close()
	return do(provider)
}

func newContainer(ctx context.Context, image string, settings map[string]string) (backend, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, containerTimeout, fmt.Errorf("no PostgreSQL container within %v", containerTimeout))
	defer cancel()
	c := &container{image: image}
	err := withProvider(func(p *testcontainers.DockerProvider) (err error) {
		c.host, err = p.DaemonHost(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if c.port, err = freePort(ctx); err != nil {
		return nil, err
	}
	ctr, err := postgres.Run(ctx, c.image,
		testcontainers.WithEnv(map[string]string{"POSTGRES_HOST_AUTH_METHOD": "trust"}), // as the binaries do
		testcontainers.WithCmd(args(settings)...),
		testcontainers.WithHostConfigModifier(c.bindPort),
	)
	if err == nil {
		c.ctr = ctr
		err = c.awaitReady(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("container of %s: %w", c.image, err), testcontainers.TerminateContainer(ctr))
	}
	return c, nil
}

func (c *container) bindPort(host *mobycontainer.HostConfig) {
	binding := mobynetwork.PortBinding{HostPort: strconv.Itoa(c.port)}
	if addr, err := netip.ParseAddr(c.host); c.host == "localhost" || err == nil && addr.IsLoopback() {
		binding.HostIP = netip.AddrFrom4([4]byte{127, 0, 0, 1}) // nobody else's business
	}
	host.PortBindings = mobynetwork.PortMap{mobynetwork.MustParsePort("5432/tcp"): {binding}}
}

func args(settings map[string]string) []string {
	args := []string{"postgres"}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// awaitReady tries until a connection stands. The image's entrypoint runs a first
// server without TCP, so that one that answers is the real one.
func (c *container) awaitReady(ctx context.Context) error {
	try := time.NewTicker(50 * time.Millisecond)
	defer try.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		if state, stateErr := c.ctr.State(ctx); stateErr == nil && !state.Running {
			return fmt.Errorf("it ended with exit code %d before it was ready: %w", state.ExitCode, err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-try.C:
		}
	}
}

func (c *container) String() string { return "a container of " + c.image }

func (c *container) url(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Host:     net.JoinHostPort(c.host, strconv.Itoa(c.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

func (c *container) start(ctx context.Context) error {
	if err := c.ctr.Start(ctx); err != nil {
		return err
	}
	return c.awaitReady(ctx)
}

// stop signals the server, which is the container's first process, and waits for
// the container to end with it.
func (c *container) stop(ctx context.Context, crash bool) error {
	signal := "-INT"
	if crash {
		signal = "-QUIT"
	}
	if _, _, err := c.ctr.Exec(ctx, []string{"sh", "-c", "kill " + signal + " 1"}); err != nil {
		return err
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		state, err := c.ctr.State(ctx)
		if err != nil {
			return err
		}
		if !state.Running {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server does not end: %w", context.Cause(ctx))
		case <-look.C:
		}
	}
}

func (c *container) close() error { return testcontainers.TerminateContainer(c.ctr) }

// freePort is a port that is free on this machine and, so one hopes, on the one
// where the engine is.
func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", ":0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// containerGoroutines are those that testcontainers leaves running for the whole
// of the process: its connection to the reaper, and idle connections to the engine.
func containerGoroutines() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/testcontainers/testcontainers-go.(*Reaper).connect.func1"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),
	}
}
