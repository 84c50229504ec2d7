package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// loadEnv makes the test's binary a load in place of a test: clients in a process of
// their own, so that what they cost is not the server's nor the test's.
const loadEnv = "TABLEWIRE_TEST_LOAD"

// order is what a load is told to do, a line of JSON each; report is its answer.
type order struct {
	Do string // a key of loadOrders

	Addr, Path, Hello string        // of open: where to, %d being the socket's number, %h half of it
	Sockets           int           // of open
	Text              string        // of burst: what the first socket says
	Times             int           // of burst: how often at once; of probe: how many samples
	Frames            int           // of open, burst, await: for how many to wait, on all sockets together
	Every             time.Duration // of probe and nuisance: from one to the next
	Nuisance          string        // a key of nuisances
}

type report struct {
	Error   string
	Addr    string          // of sink: where it listens
	Latency []time.Duration // of probe
	Done    int64           // of rest: how often the nuisance did what it does
}

// load is such a process, as the test sees it.
type load struct {
	t   testing.TB
	in  *json.Encoder
	out *json.Decoder
}

// startLoad starts a load, which ends with the test. One that is polite lets everybody
// else have the processor first.
func startLoad(t testing.TB, polite bool) *load {
	t.Helper()
	args := []string{os.Args[0]}
	if chrt, err := exec.LookPath("chrt"); err == nil && polite {
		// A nice value would not do: Linux lets even the nicest go on for some
		// milliseconds before one that wakes up gets its turn.
		args = []string{chrt, "--idle", "0", os.Args[0]}
	}
	cmd := exec.CommandContext(background(t), args[0], args[1:]...)
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
		_ = in.Close() // at which it ends
		_ = cmd.Wait()
	})
	return &load{t, json.NewEncoder(in), json.NewDecoder(out)}
}

func (l *load) do(o order) report {
	l.t.Helper()
	var r report
	if err := l.in.Encode(o); err != nil {
		l.t.Fatalf("tell the load to %s: %v", o.Do, err)
	}
	if err := l.out.Decode(&r); err != nil || r.Error != "" {
		l.t.Fatalf("the load was to %s: %s, %v", o.Do, r.Error, err)
	}
	return r
}

// open opens sockets and waits until each has its first frame.
func (l *load) open(s *server, n int, path, hello string) {
	l.t.Helper()
	l.do(order{Do: "open", Addr: s.addr, Sockets: n, Path: path, Hello: hello, Frames: n})
}

// crew is the load itself.
type crew struct {
	sockets []*loadSocket
	frames  tally // of all sockets, but those that somebody reads by himself

	stop context.CancelFunc // ends the nuisance
	done sync.WaitGroup
	acts atomic.Int64
}

// runLoad obeys until there are no more orders.
func runLoad() int {
	c := &crew{}
	c.frames.changed.L = &c.frames.mu
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var o order
		if err := in.Decode(&o); err != nil {
			return 0
		}
		var r report
		if err := c.obey(o, &r); err != nil {
			r.Error = err.Error()
		}
		if err := out.Encode(r); err != nil {
			return 1
		}
	}
}

func (c *crew) obey(o order, r *report) error {
	switch o.Do {
	case "open":
		return c.open(o)
	case "burst":
		return c.burst(o)
	case "await":
		c.frames.await(int64(o.Frames))
		return nil
	case "probe":
		return c.probe(o, r)
	case "nuisance":
		return c.nuisance(o)
	case "sink":
		return c.sink(r)
	case "rest":
		c.stop()
		c.done.Wait()
		r.Done = c.acts.Swap(0)
		return nil
	}
	return fmt.Errorf("no such order: %s", o.Do)
}

func (c *crew) open(o order) error {
	const atOnce = 32
	errs := make(chan error, o.Sockets)
	sockets := make([]*loadSocket, o.Sockets)
	limit := make(chan struct{}, atOnce)
	for i := range o.Sockets {
		limit <- struct{}{}
		go func() {
			defer func() { <-limit }()
			var err error
			sockets[i], err = dialLoad(context.Background(), &net.Dialer{}, o.Addr, numbered(o.Path, i), numbered(o.Hello, i))
			errs <- err
		}()
	}
	for range o.Sockets {
		if err := <-errs; err != nil {
			return err
		}
	}
	for _, s := range sockets {
		go s.countInto(&c.frames)
	}
	c.sockets = append(c.sockets, sockets...)
	c.frames.await(int64(o.Frames))
	return nil
}

func numbered(s string, i int) string {
	return strings.NewReplacer("%d", strconv.Itoa(i), "%h", strconv.Itoa(i/2)).Replace(s)
}

// burst has the first socket say something several times with one write, and waits
// until all have heard it.
func (c *crew) burst(o order) error {
	if _, err := c.sockets[0].conn.Write(bytes.Repeat(clientFrame(0x81, o.Text), o.Times)); err != nil {
		return err
	}
	c.frames.await(int64(o.Frames))
	return nil
}

// probe says something in a room of two and measures how long it takes to the other,
// at an even pace.
func (c *crew) probe(o order, r *report) error {
	var pair [2]*loadSocket
	for i := range pair {
		var err error
		if pair[i], err = dialLoad(context.Background(), &net.Dialer{}, o.Addr, o.Path, numbered(o.Hello, i)); err != nil {
			return err
		}
		defer pair[i].conn.Close()
		if _, err := pair[i].text(); err != nil { // "joined"
			return err
		}
	}
	heard := make(chan error, 1)
	go func() {
		for range o.Times {
			_, err := pair[1].text()
			heard <- err
		}
	}()
	go func() { _, _ = io.Copy(io.Discard, pair[0].conn) }() // until it is closed
	message := clientFrame(0x81, o.Text)
	tick := time.NewTicker(o.Every)
	defer tick.Stop()
	for range o.Times {
		<-tick.C
		began := time.Now()
		if _, err := pair[0].conn.Write(message); err != nil {
			return err
		}
		if err := <-heard; err != nil {
			return err
		}
		r.Latency = append(r.Latency, time.Since(began))
	}
	return nil
}

// nuisance does something again and again, until "rest".
func (c *crew) nuisance(o order) error {
	act, ok := nuisances[o.Nuisance]
	if !ok {
		return fmt.Errorf("no such nuisance: %s", o.Nuisance)
	}
	var ctx context.Context
	ctx, c.stop = context.WithCancel(context.Background())
	c.done.Go(func() {
		tick := time.NewTicker(o.Every)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if act.serial {
				act.do(ctx, o.Addr, n)
				c.acts.Add(1)
				continue
			}
			c.done.Go(func() {
				act.do(ctx, o.Addr, n)
				c.acts.Add(1)
			})
		}
	})
	return nil
}

// tally counts what many bring, for one who waits.
type tally struct {
	n, target atomic.Int64
	mu        sync.Mutex
	changed   sync.Cond
}

func (c *tally) add() {
	if c.n.Add(1) == c.target.Load() {
		c.mu.Lock()
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

// await waits for n more than it has waited for before.
func (c *tally) await(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	target := c.target.Add(n)
	for c.n.Load() < target {
		c.changed.Wait()
	}
}

// loadSocket is a WebSocket client that does what it is told and no more: it can break
// every rule.
type loadSocket struct {
	conn net.Conn
	r    *bufio.Reader
}

// dialLoad opens a socket and sends the first message, if there is one.
func dialLoad(ctx context.Context, d *net.Dialer, addr, path, hello string, header ...string) (*loadSocket, error) {
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &loadSocket{conn, bufio.NewReaderSize(conn, 4096)}
	if err = s.upgrade(addr, path, header...); err == nil && hello != "" {
		_, err = conn.Write(clientFrame(0x81, hello))
	}
	if err != nil {
		_ = conn.Close() // as it failed
		return nil, err
	}
	return s, nil
}

// errStatus is that a handshake was answered with a status.
type errStatus int

func (e errStatus) Error() string { return fmt.Sprintf("the handshake is answered %d", int(e)) }

func upgradeRequest(host, path string, header ...string) string {
	lines := append([]string{
		"GET /realtime/" + path + " HTTP/1.1", "Host: " + host, "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	}, header...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func (s *loadSocket) upgrade(host, path string, header ...string) error {
	_ = s.conn.SetDeadline(time.Now().Add(patience))
	defer s.conn.SetDeadline(time.Time{}) //nolint:errcheck // as above
	if _, err := io.WriteString(s.conn, upgradeRequest(host, path, header...)); err != nil {
		return err
	}
	answer, err := http.ReadResponse(s.r, nil)
	if err != nil {
		return err
	}
	_ = answer.Body.Close() // what it says is in the status
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return errStatus(answer.StatusCode)
	}
	return nil
}

// frame reads a frame of the server's.
func (s *loadSocket) frame() (op byte, payload []byte, err error) {
	var head [10]byte
	if _, err := io.ReadFull(s.r, head[:2]); err != nil {
		return 0, nil, err
	}
	n, more := uint64(head[1]), head[2:2]
	switch n {
	case 126:
		more = head[2:4]
	case 127:
		more = head[2:10]
	}
	if len(more) > 0 {
		if _, err := io.ReadFull(s.r, more); err != nil {
			return 0, nil, err
		}
		n = number(more)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(s.r, payload)
	return head[0], payload, err
}

// text gives the next text, and answers pings before it. The error is an errClosed when
// a close frame comes.
func (s *loadSocket) text() (string, error) {
	for {
		op, payload, err := s.frame()
		switch {
		case err != nil:
			return "", err
		case op == 0x81:
			return string(payload), nil
		case op == 0x88 && len(payload) >= 2:
			return "", errClosed(number(payload[:2]))
		case op == 0x88:
			return "", errClosed(1005)
		case op == 0x89:
			if _, err := s.conn.Write(clientFrame(0x8a, string(payload))); err != nil {
				return "", err
			}
		}
	}
}

// closed reads until the server closes, and gives the close code, 0 when there was no
// close frame, and the last text before it.
func (s *loadSocket) closed() (code int, last string) {
	_ = s.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		text, err := s.text()
		if err == nil {
			last = text
			continue
		}
		if closed, ok := errors.AsType[errClosed](err); ok {
			code = int(closed)
		}
		return code, last
	}
}

func (s *loadSocket) countInto(c *tally) {
	for {
		if err := s.skipText(); err != nil {
			_ = s.conn.Close() // it has ended
			return
		}
		c.add()
	}
}

// skipText is text without a copy, for those who only count.
func (s *loadSocket) skipText() error {
	for {
		head, err := s.r.Peek(2)
		if err != nil {
			return err
		}
		op, n, skip := head[0], int(head[1]), 2
		if n >= 126 {
			skip = map[int]int{126: 4, 127: 10}[n]
			if head, err = s.r.Peek(skip); err != nil {
				return err
			}
			n = int(number(head[2:]))
		}
		if _, err := s.r.Discard(skip + n); err != nil {
			return err
		}
		switch op {
		case 0x81:
			return nil
		case 0x88:
			return io.EOF
		case 0x89:
			if _, err := s.conn.Write(clientFrame(0x8a, "")); err != nil {
				return err
			}
		}
	}
}

// clientFrame makes a client's frame, whose mask is 0.
func clientFrame(op byte, payload string) []byte {
	f := []byte{op}
	switch n := len(payload); {
	case n < 126:
		f = append(f, 0x80|byte(n))
	case n <= 0xffff:
		f = append(f, 0x80|126, byte(n>>8), byte(n))
	default:
		f = append(f, 0x80|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(append(f, 0, 0, 0, 0), payload...)
}

// number is a number in network byte order.
func number(p []byte) (n uint64) {
	for _, b := range p {
		n = n<<8 | uint64(b)
	}
	return n
}
