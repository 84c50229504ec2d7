package harness

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Process is a running command with its output. Any goroutine may call Output and
// CountLines; one goroutine at a time may wait for lines.
type Process struct {
	cmd    *exec.Cmd
	lines  chan string   // of standard output and standard error; closed before exited
	exited chan struct{} // closed when the process and all that write to its output have ended

	mu  sync.Mutex
	log strings.Builder
}

// Start runs the program with arguments. Its environment is env, PATH and HOME.
func Start(t testing.TB, env []string, args ...string) *Process {
	t.Helper()
	cmd := exec.CommandContext(background(t), Binary(t), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	return Launch(t, cmd)
}

// Launch runs a command and owns it. It kills the command when the test ends, and logs
// the output if the test has failed.
func Launch(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{cmd: cmd, lines: make(chan string, 4096), exited: make(chan struct{})}
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(r) })
	go func() { // the cleanup waits for its end
		_ = cmd.Wait() // WaitExit returns the exit code
		_ = w.Close()
		reading.Wait()
		close(p.lines)
		close(p.exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-p.exited
		if t.Failed() {
			t.Logf("the output of %s:\n%s", cmd.Path, p.Output())
		}
	})
	return p
}

func (p *Process) read(r io.Reader) {
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		p.mu.Lock()
		p.log.WriteString(scanner.Text() + "\n")
		p.mu.Unlock()
		select {
		case p.lines <- scanner.Text():
		default: // the test does not wait for lines, or it would have read some of these
		}
	}
}

// Output returns what the process has written so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// CountLines returns how many lines of the output contain text.
func (p *Process) CountLines(text string) (n int) {
	for line := range strings.Lines(p.Output()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// WaitLine waits for a line that matches the pattern. It returns the match and its groups.
// It drops the lines before that one, so that the next call looks behind it.
func (p *Process) WaitLine(t testing.TB, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(Patience)
	for {
		select {
		case line, open := <-p.lines:
			if !open {
				<-p.exited
				t.Fatalf("the process ended with exit code %d and wrote no line that matches %q:\n%s", p.cmd.ProcessState.ExitCode(), pattern, p.Output())
			}
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-timeout:
			t.Fatalf("the process wrote no line that matches %q:\n%s", pattern, p.Output())
		}
	}
}

// WaitLines waits for all of these lines, in any order. A * stands for any text.
func (p *Process) WaitLines(t testing.TB, lines ...string) {
	t.Helper()
	patterns := make([]string, len(lines))
	for i, l := range lines {
		patterns[i] = "^" + strings.ReplaceAll(regexp.QuoteMeta(l), `\*`, `.*`) + "$"
	}
	for len(patterns) > 0 {
		line := p.WaitLine(t, strings.Join(patterns, "|"))[0]
		patterns = slices.DeleteFunc(patterns, func(p string) bool { return regexp.MustCompile(p).MatchString(line) })
	}
}

// WaitExit waits until the process has ended, and all others that write to its output,
// and returns its exit code.
func (p *Process) WaitExit(t testing.TB, within time.Duration) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		t.Fatalf("the process did not end within %s:\n%s", within, p.Output())
		return -1
	}
}

// Signal sends a signal to the process.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
