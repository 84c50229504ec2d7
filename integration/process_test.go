package integration

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// process is the program at work. It is killed when the test ends.
type process struct {
	cmd    *exec.Cmd
	lines  chan string // of stderr and stdout
	exited chan struct{}

	mu  sync.Mutex
	log strings.Builder
}

// start runs the program with flags; the environment is empty but for env.
func start(t testing.TB, env []string, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(background(t), binary(t), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	return launch(t, cmd)
}

// launch runs a command, the program or a client's script. It has ended when all who
// write to its output have, and is killed when the test ends.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, lines: make(chan string, 4096), exited: make(chan struct{})}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(r) })
	go func() {
		_ = cmd.Wait() // its exit code is asked for by exit
		_ = w.Close()
		reading.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-p.exited
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, p.output())
		}
	})
	return p
}

func (p *process) read(r io.Reader) {
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		p.mu.Lock()
		p.log.WriteString(scanner.Text() + "\n")
		p.mu.Unlock()
		select {
		case p.lines <- scanner.Text():
		default: // nobody waits for so many
		}
	}
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// line waits for a line of output that the pattern matches, and gives its groups.
func (p *process) line(t testing.TB, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(patience)
	for {
		select {
		case l := <-p.lines:
			if m := re.FindStringSubmatch(l); m != nil {
				return m
			}
		case <-p.exited:
			t.Fatalf("the program ended with %d before it said %q:\n%s", p.cmd.ProcessState.ExitCode(), pattern, p.output())
		case <-timeout:
			t.Fatalf("the program did not say %q:\n%s", pattern, p.output())
		}
	}
}

// await waits until all of the lines have come, in whatever order; * stands for
// anything.
func (p *process) await(t testing.TB, wanted ...string) {
	t.Helper()
	patterns := make([]string, len(wanted))
	for i, w := range wanted {
		patterns[i] = "^" + strings.ReplaceAll(regexp.QuoteMeta(w), `\*`, `.*`) + "$"
	}
	for len(patterns) > 0 {
		came := p.line(t, strings.Join(patterns, "|"))[0]
		patterns = slices.DeleteFunc(patterns, func(p string) bool { return regexp.MustCompile(p).MatchString(came) })
	}
}

// logged counts a log's lines that hold a text.
func (p *process) logged(text string) (n int) {
	for line := range strings.Lines(p.output()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// exit waits for the end and gives the exit code.
func (p *process) exit(t testing.TB, within time.Duration) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("the program did not end within %s:\n%s", within, p.output())
		return -1
	}
}

func (p *process) signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

const apiKey = "test-key"

// server is "tablewire serve" on a database.
type server struct {
	*process
	addr, admin string
}

// serve starts a server on free ports and waits until it is ready.
func serve(t testing.TB, databaseURL, slot string, args ...string) *server {
	t.Helper()
	return serveAs(t, databaseURL, append([]string{"--slot", slot, "--publication", "wire_" + slot}, args...)...)
}

// serveAs is serve with names that the flags say, or none.
func serveAs(t testing.TB, databaseURL string, args ...string) *server {
	t.Helper()
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}, args...)
	p := start(t, env(databaseURL), args...)
	m := p.line(t, `ready .*url=http://(\S+) .*admin=http://(\S+)`)
	return &server{process: p, addr: m[1], admin: m[2]}
}

func env(databaseURL string) []string {
	return []string{"TABLEWIRE_DATABASE_URL=" + databaseURL, "TABLEWIRE_API_KEY=" + apiKey}
}

func serveArgs(slot string) []string {
	return []string{"serve", "--slot", slot, "--publication", "wire_" + slot, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}
}

// stop ends the server in good order.
func (s *server) stop(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGTERM)
	if code := s.exit(t, 10*time.Second); code != 0 {
		t.Errorf("ended with %d after SIGTERM:\n%s", code, s.output())
	}
}

func background(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }
