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

// process is a child process. One goroutine starts the child and waits for its end.
type process struct {
	cmd  *exec.Cmd
	log  *logTail
	done chan struct{} // closed when the process has ended and its output is read
	err  error         // result of Wait; set before done is closed
}

// startProcess starts a child in the folder dir and sends its output to the logger. The child
// doesn't receive the terminal's signals. On Linux the child ends with this process.
func startProcess(logger *slog.Logger, acct *account, dir, name string, args ...string) (*process, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &process{log: &logTail{logger: logger}, done: make(chan struct{})}
	p.cmd = exec.Command(name, args...) //nolint:noctx // shutDown ends it, by signals
	p.cmd.Dir = dir
	p.cmd.Env = environ()
	p.cmd.Stdout, p.cmd.Stderr = in, in
	p.cmd.SysProcAttr = processAttr(acct)

	var reading sync.WaitGroup
	reading.Go(func() { p.log.read(out) })

	started := make(chan error)
	go func() {
		// Linux sends the parent-death signal when the thread that started the child ends
		// (prctl(2), PR_SET_PDEATHSIG). So this goroutine keeps its thread until the child
		// has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		in.Close()
		started <- err
		if err != nil {
			return
		}
		p.err = p.cmd.Wait()
		// The child's own children hold the pipe open until they notice its end.
		deadline := time.AfterFunc(5*time.Second, func() { _ = out.SetReadDeadline(time.Now()) })
		reading.Wait()
		deadline.Stop()
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

// wait returns the process's result when the process has ended. When ctx ends first, wait
// kills the process and returns the cause of ctx.
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

// endsWithin reports whether the process ends within d.
func (p *process) endsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}

// environ returns this process's environment without the variables that PostgreSQL's programs
// read.
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

// tailLines is how many lines of output an error quotes.
const tailLines = 12

// logTail passes a process's output to a logger and keeps the last tailLines lines.
type logTail struct {
	logger *slog.Logger

	mu    sync.Mutex
	lines []string
}

// read passes on the lines of r until its end.
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

// String returns the last lines.
func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}
