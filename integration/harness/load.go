package harness

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// loadEnv makes a test binary the load process.
const loadEnv = "TABLEWIRE_TEST_LOAD"

// LoadMain does not return in a process that [StartLoad] started: there it serves as the
// load until its standard input ends, and exits. Elsewhere it returns at once.
func LoadMain() {
	if os.Getenv(loadEnv) != "" {
		os.Exit(runLoad(os.Stdin, os.Stdout))
	}
}

// Load is a process of clients, as the test sees it. It does one thing at a time. One
// goroutine at a time may call the methods, which fail the test that started the load.
type Load struct {
	t   testing.TB
	in  *json.Encoder
	out *json.Decoder
}

// StartLoad starts a load, which ends with the test.
func StartLoad(t testing.TB) *Load {
	t.Helper()
	return startLoad(t, os.Args[0])
}

// StartIdleLoad starts a load that runs only while no other process wants the processor. A
// nice value would not do: Linux lets even the nicest process go on for some milliseconds
// before one that wakes up gets its turn (sched(7), SCHED_IDLE).
func StartIdleLoad(t testing.TB) *Load {
	t.Helper()
	if chrt, err := exec.LookPath("chrt"); err == nil {
		return startLoad(t, chrt, "--idle", "0", os.Args[0])
	}
	return startLoad(t, os.Args[0])
}

func startLoad(t testing.TB, name string, args ...string) *Load {
	t.Helper()
	cmd := exec.CommandContext(background(t), name, args...)
	cmd.Env = append(os.Environ(), loadEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // ends the process
		_ = cmd.Wait()
	})
	return &Load{t, json.NewEncoder(in), json.NewDecoder(out)}
}

// Sockets are connections that [Load.Open] opens. In Path and Hello, %d stands for the
// number of the connection, from 0 on, and %h for half of it, rounded down.
type Sockets struct {
	N      int
	Addr   string // host:port
	Path   string // below /realtime/
	Hello  string // the first message; "" sends none
	Frames int    // how many messages to wait for, on all of them together; 0 is one each
}

// Open opens connections and waits for their first messages. The load counts all messages
// that come on them from then on.
func (l *Load) Open(s Sockets) {
	l.t.Helper()
	if s.Frames == 0 {
		s.Frames = s.N
	}
	l.do(command{Do: "open", Open: s})
}

// Burst sends a message several times at once from the first connection, and waits until
// so many more messages have come on all connections together.
func (l *Load) Burst(text string, times, frames int) {
	l.t.Helper()
	l.do(command{Do: "burst", Text: text, Times: times, Frames: frames})
}

// Await waits until so many more messages have come on all connections together.
func (l *Load) Await(frames int) {
	l.t.Helper()
	l.do(command{Do: "await", Frames: frames})
}

// Probe is a measurement of [Load.Probe].
type Probe struct {
	Addr  string // host:port
	Path  string // below /realtime/
	Hello string // as that of Sockets
	Text  string // the message
	N     int    // how many messages to send
	Every time.Duration
}

// Probe opens two connections and sends messages from the first one at an even pace. It
// returns how long each took to reach the second one.
func (l *Load) Probe(p Probe) []time.Duration {
	l.t.Helper()
	return l.do(command{Do: "probe", Probe: p}).Latency
}

// Disturb starts to disturb the server at addr by the named nuisance, each time after the
// given time, also while earlier ones go on. It returns at once.
func (l *Load) Disturb(addr, nuisance string, every time.Duration) {
	l.t.Helper()
	l.do(command{Do: "disturb", Addr: addr, Nuisance: nuisance, Every: every})
}

// Rest ends what Disturb started and waits for it. It returns how often the nuisance was
// done.
func (l *Load) Rest() (times int64) {
	l.t.Helper()
	return l.do(command{Do: "rest"}).Times
}

// Sink makes the load a server that does next to nothing with its clients, and returns its
// address. A nuisance that is aimed at it shows what the machine itself takes.
func (l *Load) Sink() (addr string) {
	l.t.Helper()
	return l.do(command{Do: "sink"}).Addr
}

func (l *Load) do(c command) answer {
	l.t.Helper()
	var a answer
	if err := l.in.Encode(c); err != nil {
		l.t.Fatalf("send the load process the command %s: %v", c.Do, err)
	}
	if err := l.out.Decode(&a); err != nil {
		l.t.Fatalf("read the load process's answer to %s: %v", c.Do, err)
	}
	if a.Error != "" {
		l.t.Fatalf("the load process could not %s: %s", c.Do, a.Error)
	}
	return a
}
