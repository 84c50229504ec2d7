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

// defaultImage returns the image for tests that take a server of any version.
func defaultImage() string {
	if image := os.Getenv("TABLEWIRE_TEST_POSTGRES_IMAGE"); image != "" {
		return image
	}
	return imageOf(17)
}

// imageOf returns the image of a released major version.
func imageOf(major int) string { return fmt.Sprintf("postgres:%d-alpine", major) }

// preReleases maps a major version that may not be released yet to the tag of its latest
// pre-release.
var preReleases = map[int]string{19: "19rc1"}

// imagesOf lists the images of a major version, best first.
func imagesOf(major int) []string {
	images := []string{imageOf(major)}
	if tag, ok := preReleases[major]; ok {
		images = append(images, "postgres:"+tag+"-alpine")
	}
	return images
}

// The longest times for the Docker engine to answer, and for a container to start, a pull of
// its image included.
const (
	engineTimeout    = 2 * time.Second
	containerTimeout = 4 * time.Minute
)

// container is an instance in a Docker container. It publishes a fixed port of the host: a port
// that Docker chooses would change when the container starts again.
type container struct {
	image string
	host  string
	port  int
	ctr   testcontainers.Container
}

// engineAnswers returns nil if a Docker engine answers, else the reason why not.
func engineAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, engineTimeout, errors.New("the Docker engine does not answer"))
	defer cancel()
	answer := make(chan error, 1)
	go func() { // the library searches for an engine without a context
		answer <- withProvider(func(p *testcontainers.DockerProvider) error { return p.Health(ctx) })
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// withProvider calls do with a connection to the Docker engine. It turns the library's panic,
// for a machine without an engine, into an error.
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

// newContainer starts a container and returns when its server accepts connections.
func newContainer(ctx context.Context, image string, settings map[string]string) (instance, error) {
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
		testcontainers.WithEnv(map[string]string{"POSTGRES_HOST_AUTH_METHOD": "trust"}), // as pgserver's pg_hba.conf
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

// bindPort publishes PostgreSQL's port: to this machine alone, if the engine runs on it.
func (c *container) bindPort(host *mobycontainer.HostConfig) {
	binding := mobynetwork.PortBinding{HostPort: strconv.Itoa(c.port)}
	if addr, err := netip.ParseAddr(c.host); c.host == "localhost" || err == nil && addr.IsLoopback() {
		binding.HostIP = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	host.PortBindings = mobynetwork.PortMap{mobynetwork.MustParsePort("5432/tcp"): {binding}}
}

// args returns the command line of a server with settings.
func args(settings map[string]string) []string {
	args := []string{"postgres"}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// awaitReady returns when the server accepts a connection. The image's entrypoint first runs
// another server to initialise the data; that one doesn't listen on TCP.
func (c *container) awaitReady(ctx context.Context) error {
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		if state, stateErr := c.ctr.State(ctx); stateErr == nil && !state.Running {
			return fmt.Errorf("the server ended with exit code %d before it was ready: %w", state.ExitCode, err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-retry.C:
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

// stop sends a signal to the server, which is the container's first process, and waits until
// the container has ended.
func (c *container) stop(ctx context.Context, crash bool) error {
	signal := "-INT"
	if crash {
		signal = "-QUIT"
	}
	if _, _, err := c.ctr.Exec(ctx, []string{"sh", "-c", "kill " + signal + " 1"}); err != nil {
		return err
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
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
			return fmt.Errorf("wait for the server to end: %w", context.Cause(ctx))
		case <-poll.C:
		}
	}
}

func (c *container) close() error { return testcontainers.TerminateContainer(c.ctr) }

// freePort returns a port that is free on this machine. On the engine's machine, if that is
// another, the port is only likely to be free.
func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", ":0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// containerGoroutines makes goleak ignore the goroutines that testcontainers keeps until the
// process ends: for its connection to the reaper, and for idle connections to the engine.
func containerGoroutines() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/testcontainers/testcontainers-go.(*Reaper).connect.func1"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"),
	}
}
