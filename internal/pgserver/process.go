package pgserver

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// process is a child process. One goroutine starts it and waits for it.
type process struct {
	cmd  *exec.Cmd
	log  *logTail
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; set before done is closed
}

// startProcess starts a child whose output goes to the logger. The child does not
// outlive this process where the system can see to that, and does not get the
// terminal's signals.
func startProcess(logger *slog.Logger, acct *account, dir, name string, args ...string) (*process, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &process{log: &logTail{logger: logger}, done: make(chan struct{})}
	p.cmd = exec.Command(name, args...) //nolint:noctx // it ends by signal, in an order of its own
	p.cmd.Dir = dir
	p.cmd.Env = environ()
	p.cmd.Stdout, p.cmd.Stderr = in, in
	p.cmd.SysProcAttr = processAttr(acct)

	var reading sync.WaitGroup
	reading.Go(func() { p.log.read(out) })

	started := make(chan error)
	go func() {
		// A parent-death signal is sent when the thread that started the child
		// ends: this goroutine keeps its thread until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		in.Close()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		// Its own children hold the pipe until they have seen that it is gone.
		late := time.AfterFunc(5*time.Second, func() { _ = out.SetReadDeadline(time.Now()) })
		reading.Wait()
		late.Stop()
		out.Close()
		close(p.done)
	}()
	if err := <-started; err != nil {
		reading.Wait()
		out.Close()
		return nil, err
	}
	return p, nil
}

// wait waits for the process to end by itself, or kills it when ctx is done.
func (p *process) wait(ctx context.Context) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		p.kill()
		<-p.done
		return context.Cause(ctx)
	}
}

// ends says whether the process ends within d.
func (p *process) ends(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// environ is this process' environment without the variables that PostgreSQL's
// programs listen to.
func environ() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "PG") && !strings.HasPrefix(name, "LC_") && name != "LANG" && name != "LANGUAGE" {
			env = append(env, kv)
		}
	}
	return append(env, "LC_ALL=C")
}

// logTail hands a process' output on to a logger and remembers the end of it.
type logTail struct {
	logger *slog.Logger

	mu    sync.Mutex
	lines []string
}

const tailLines = 12

func (l *logTail) read(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			l.logger.Debug("postgres", "line", line)
			l.mu.Lock()
			l.lines = append(l.lines, line)
			if len(l.lines) > tailLines {
				l.lines = l.lines[1:]
			}
			l.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
