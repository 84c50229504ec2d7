package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// loopback is the only address that a server listens on.
const loopback = "127.0.0.1"

// The times that Close waits for a fast shutdown, then for an immediate one.
const (
	fastShutdown      = 8 * time.Second
	immediateShutdown = 6 * time.Second
)

// Server is a running PostgreSQL server. Its methods are safe for concurrent use.
type Server struct {
	bin  Binaries
	port int
	proc *process
	temp *TempDir // holds the data directory; nil if the caller gave one

	close    sync.Once
	closeErr error
}

// Start starts a server and returns when it accepts connections. The end of ctx ends an
// unfinished start, downloads included; a server that has started goes on until it is closed.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s, err := start(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return s, nil
}

// start chooses the user and the binaries, makes sure that the data directory is initialised, and
// launches the server. An error leaves no temporary directory behind.
func start(ctx context.Context, cfg Config) (_ *Server, err error) {
	if cfg.DataDir != "" {
		if cfg.DataDir, err = filepath.Abs(cfg.DataDir); err != nil {
			return nil, err
		}
	}
	acct, err := serverAccount(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	major, err := checkDataDir(ctx, &cfg, acct)
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if s.bin, err = chooseBinaries(ctx, &cfg, acct, max(major, cfg.Major)); err != nil {
		return nil, err
	}
	if cfg.DataDir == "" {
		if s.temp, err = newTempDir(acct); err != nil {
			return nil, err
		}
		cfg.DataDir = s.temp.DataDir()
		defer func() {
			if err != nil {
				err = errors.Join(err, s.temp.Remove())
			}
		}()
	}
	if major == 0 {
		if err := initialise(ctx, cfg.Logger, s.bin, acct, cfg.DataDir); err != nil {
			return nil, err
		}
	}
	if err := acct.chown(cfg.DataDir); err != nil {
		return nil, fmt.Errorf("give the data directory to the user %q: %w", acct.name, err)
	}
	if err := s.launch(ctx, cfg, acct); err != nil {
		return nil, err
	}
	cfg.Logger.Info("PostgreSQL has started", "version", s.bin.Version, "port", s.port, "data", cfg.DataDir, "binaries", s.bin.Dir)
	return s, nil
}

// checkDataDir checks that a server can start on Config.DataDir. It returns the major version that
// initialised the directory, or 0 for one that is not initialised or not given.
func checkDataDir(ctx context.Context, cfg *Config, acct *account) (major int, err error) {
	if cfg.DataDir == "" {
		return 0, nil
	}
	if err := acct.checkReach(filepath.Dir(cfg.DataDir)); err != nil {
		return 0, fmt.Errorf("data directory %s: %w", cfg.DataDir, err)
	}
	if err := checkUnused(ctx, cfg.DataDir); err != nil {
		return 0, err
	}
	if major, err = dataMajor(cfg.DataDir); err != nil {
		return 0, err
	}
	if major != 0 && cfg.Major != 0 && major != cfg.Major {
		return 0, fmt.Errorf("data directory %s was initialised by PostgreSQL %d, and %d is wanted: choose another directory", cfg.DataDir, major, cfg.Major)
	}
	return major, nil
}

// launchAttempts is how many free ports launch tries.
const launchAttempts = 5

// launch runs postgres until it accepts connections. Another program can take a free port
// before postgres does; launch then tries another port.
func (s *Server) launch(ctx context.Context, cfg Config, acct *account) error {
	for attempt := 1; ; attempt++ {
		s.port = cfg.Port
		if s.port == 0 {
			var err error
			if s.port, err = freePort(ctx); err != nil {
				return err
			}
		}
		var err error
		s.proc, err = startProcess(cfg.Logger, acct, cfg.DataDir, s.bin.postgres(), cfg.args(cfg.DataDir, s.port)...)
		if err != nil {
			return &StartError{Op: s.bin.postgres(), Err: err}
		}
		err = s.awaitReady(ctx, cfg.DataDir)
		if err == nil {
			return nil
		}
		log := s.proc.log.String()
		taken := strings.Contains(log, "could not bind") || strings.Contains(log, "could not create any TCP/IP sockets")
		if taken && cfg.Port != 0 {
			return fmt.Errorf("port %d is taken: stop the program that listens there, or choose another port, or 0 for a free one", cfg.Port)
		}
		if !taken || attempt == launchAttempts {
			return &StartError{Op: s.bin.postgres(), Log: log, Err: err}
		}
	}
}

// awaitReady returns when the server accepts connections. It looks for the line "ready" in
// postmaster.pid: the server's log depends on its language and its settings.
func (s *Server) awaitReady(ctx context.Context, dataDir string) error {
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-s.proc.done:
			return fmt.Errorf("the server ended before it was ready: %w", orExited(s.proc.err))
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), s.shutDown())
		case <-poll.C:
			f, err := readPIDFile(dataDir)
			if err == nil && f.pid == s.proc.cmd.Process.Pid && f.ready {
				return nil
			}
			if errors.Is(err, fs.ErrPermission) {
				return errors.Join(err, s.shutDown())
			}
		}
	}
}

// URL returns the address of one of the server's databases, for its superuser. A database
// named postgres always exists.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Host:     net.JoinHostPort(loopback, strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Port returns the TCP port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// Version returns the server's version, such as "17.5".
func (s *Server) Version() string { return s.bin.Version }

// Done returns a channel that is closed when the server has ended, by Close or by itself.
func (s *Server) Done() <-chan struct{} { return s.proc.done }

// Err returns nil before Done is closed and after an orderly shutdown; else a [*StartError]
// with the last lines of the server's log.
func (s *Server) Err() error {
	select {
	case <-s.proc.done:
	default:
		return nil
	}
	if s.proc.err == nil {
		return nil
	}
	return &StartError{Op: s.bin.postgres(), Log: s.proc.log.String(), Err: s.proc.err}
}

// Close shuts the server down and waits until it has ended. It asks for a fast shutdown, which
// disconnects clients and keeps all that is committed; after 8 s for an immediate one; after
// 6 s more it kills the server. Later calls wait for the first and return the same error.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.closeErr = s.shutDown()
		if s.temp != nil {
			s.closeErr = errors.Join(s.closeErr, s.temp.Remove())
		}
	})
	return s.closeErr
}

// Kill ends the server at once, like a crash. The next start on its data directory recovers
// all that was committed. The caller must still call Close.
func (s *Server) Kill() {
	if s.proc.quit(s.bin) != nil || !s.proc.endsWithin(immediateShutdown) {
		s.proc.kill()
	}
	<-s.proc.done
}

// shutDown ends the server as Close says, and returns an error if it had to kill it.
func (s *Server) shutDown() error {
	if s.proc.interrupt(s.bin) == nil && s.proc.endsWithin(fastShutdown) {
		return nil
	}
	if s.proc.quit(s.bin) == nil && s.proc.endsWithin(immediateShutdown) {
		return nil
	}
	select {
	case <-s.proc.done: // the process had ended before the signals
		return nil
	default:
	}
	s.proc.kill()
	<-s.proc.done
	return fmt.Errorf("PostgreSQL did not shut down within %v and was killed: it recovers at its next start", fastShutdown+immediateShutdown)
}

// freePort returns a TCP port that no program listens on now.
func freePort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// orExited returns err, or an error in its place for a process that ended with exit code 0.
func orExited(err error) error {
	if err == nil {
		return errors.New("exit code 0")
	}
	return err
}
