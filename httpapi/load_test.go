package httpapi

import (
	"bufio"
	"context"
	"encoding/binary"
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
)

// The benchmarks' clients run in a process of their own, so that what is measured
// in the test's process is the server alone. The program is this test again.
//
//	parent → child   "open ADDRESS N" | "expect TOTAL" | (end of input)
//	child → parent   "ok", once N sockets are connected, or TOTAL frames have come
const loadEnv = "TABLEWIRE_HTTPAPI_LOAD"

type load struct {
	t     testing.TB
	in    io.WriteCloser
	out   *bufio.Reader
	total int
}

func startLoad(t testing.TB) *load {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
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
	l := &load{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return l
}

func (l *load) do(format string, args ...any) {
	l.t.Helper()
	if _, err := fmt.Fprintf(l.in, format+"\n", args...); err != nil {
		l.t.Fatal(err)
	}
	if answer, err := l.out.ReadString('\n'); answer != "ok\n" {
		l.t.Fatalf("the clients say %q, %v", answer, err)
	}
}

// open connects clients, all with the same filter.
func (l *load) open(server string, n int) {
	l.t.Helper()
	l.do("open %s %d", strings.TrimPrefix(server, "http://"), n)
	l.total += n // "connected"
}

// openDistinct connects clients, each with a filter of its own.
func (l *load) openDistinct(server string, n int) {
	l.t.Helper()
	l.do("distinct %s %d", strings.TrimPrefix(server, "http://"), n)
	l.total += n
}

// expect waits for frames.
func (l *load) expect(n int) {
	l.t.Helper()
	l.total += n
	l.do("expect %d", l.total)
}

// runLoad is the child.
func runLoad() int {
	c := &counter{}
	c.changed.L = &c.mu
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		words := strings.Fields(in.Text())
		n, _ := strconv.Atoi(words[len(words)-1])
		if filters, ok := loadFilters[words[0]]; ok {
			if err := openAll(words[1], filters, n, c); err != nil {
				_, _ = fmt.Fprintln(os.Stdout, err)
				return 1
			}
		} else {
			c.await(int64(n))
		}
		_, _ = fmt.Fprintln(os.Stdout, "ok")
	}
	return 0
}

// clientNumber stands for which client it is.
const clientNumber = "NUMBER"

// loadFilters are those of the sockets that the child opens.
var loadFilters = map[string]string{
	"open":     `{"status":"active"}`,
	"distinct": `{"status":"active","id_gt":` + clientNumber + `}`,
}

// counter counts the frames of all clients.
type counter struct {
	n, target atomic.Int64
	mu        sync.Mutex
	changed   sync.Cond
}

func (c *counter) add(n int64) {
	if now := c.n.Add(n); now >= c.target.Load() && now-n < c.target.Load() {
		c.mu.Lock()
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

func (c *counter) await(target int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.target.Store(target)
	for c.n.Load() < target {
		c.changed.Wait()
	}
}

func openAll(addr, filters string, n int, c *counter) error {
	before := c.n.Load()
	errs := make(chan error, n)
	limit := make(chan struct{}, 32)
	for i := range n {
		limit <- struct{}{}
		go func() {
			defer func() { <-limit }()
			errs <- openOne(addr, strings.Replace(filters, clientNumber, strconv.Itoa(i), 1), c)
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			return err
		}
	}
	c.await(before + int64(n))
	return nil
}

func openOne(addr, filters string, c *counter) error {
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conn, "GET /realtime/collections/users HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", addr)
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(conn, 4096)
	answer, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	_ = answer.Body.Close() // a switch of protocols has none
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("status %s", answer.Status)
	}
	if _, err := conn.Write(masked(0x81, `{"api_key":"`+testKey+`","filters":`+filters+`}`)); err != nil {
		return err
	}
	go func() {
		defer conn.Close()
		for readFrame(r, conn) == nil {
			c.add(1)
		}
	}()
	return nil
}

// readFrame passes over a text frame of the server's and answers pings in between.
func readFrame(r *bufio.Reader, w io.Writer) error {
	for {
		head, err := r.Peek(2)
		if err != nil {
			return err
		}
		op, n, skip := head[0], int(head[1]), 2
		switch n {
		case 126:
			if head, err = r.Peek(4); err != nil {
				return err
			}
			n, skip = int(binary.BigEndian.Uint16(head[2:])), 4
		case 127:
			if head, err = r.Peek(10); err != nil {
				return err
			}
			n, skip = int(binary.BigEndian.Uint64(head[2:])), 10
		}
		if _, err := r.Discard(skip + n); err != nil {
			return err
		}
		switch op {
		case 0x81:
			return nil
		case 0x89:
			if _, err := w.Write(masked(0x8a, "")); err != nil {
				return err
			}
		}
	}
}

// masked makes a client's frame, whose mask is 0.
func masked(op byte, payload string) []byte {
	f := []byte{op}
	if len(payload) < 126 {
		f = append(f, 0x80|byte(len(payload)))
	} else {
		f = binary.BigEndian.AppendUint16(append(f, 0x80|126), uint16(len(payload)))
	}
	return append(append(f, 0, 0, 0, 0), payload...)
}
