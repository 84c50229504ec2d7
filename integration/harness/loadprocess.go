package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// command is what the load process shall do, and answer its result. Both are JSON, on
// standard input and output.
type command struct {
	Do string // a case of loadProcess.obey

	Open     Sockets
	Probe    Probe
	Text     string // of burst
	Times    int    // of burst
	Frames   int    // of burst and await
	Addr     string // of disturb
	Nuisance string // of disturb: a key of nuisances
	Every    time.Duration
}

type answer struct {
	Error   string
	Addr    string          // of sink
	Latency []time.Duration // of probe
	Times   int64           // of rest
}

// loadProcess is the load, in its own process.
type loadProcess struct {
	conns  []*RawConn
	frames counter // of all of conns

	stop    context.CancelFunc // ends the nuisance
	running sync.WaitGroup     // the nuisance
	done    atomic.Int64       // how often the nuisance was done
}

// runLoad obeys commands until there are no more, and returns the exit code.
func runLoad(in io.Reader, out io.Writer) int {
	p := &loadProcess{}
	p.frames.changed.L = &p.frames.mu
	commands, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var c command
		if err := commands.Decode(&c); err != nil {
			return 0
		}
		var a answer
		if err := p.obey(c, &a); err != nil {
			a.Error = err.Error()
		}
		if err := answers.Encode(a); err != nil {
			return 1
		}
	}
}

func (p *loadProcess) obey(c command, a *answer) error {
	switch c.Do {
	case "open":
		return p.open(c.Open)
	case "burst":
		return p.burst(c)
	case "await":
		p.frames.await(int64(c.Frames))
		return nil
	case "probe":
		return p.probe(c.Probe, a)
	case "disturb":
		return p.disturb(c)
	case "rest":
		p.stop()
		p.running.Wait()
		a.Times = p.done.Swap(0)
		return nil
	case "sink":
		return p.sink(a)
	}
	return fmt.Errorf("there is no command %s", c.Do)
}

func (p *loadProcess) open(s Sockets) error {
	const atOnce = 32
	errs := make(chan error, s.N)
	conns := make([]*RawConn, s.N)
	limit := make(chan struct{}, atOnce)
	for i := range s.N {
		limit <- struct{}{}
		go func() {
			defer func() { <-limit }()
			var err error
			conns[i], err = DialRaw(context.Background(), &net.Dialer{}, s.Addr, numbered(s.Path, i), numbered(s.Hello, i))
			errs <- err
		}()
	}
	for range s.N {
		if err := <-errs; err != nil {
			return err
		}
	}
	for _, c := range conns {
		go c.countInto(&p.frames)
	}
	p.conns = append(p.conns, conns...)
	p.frames.await(int64(s.Frames))
	return nil
}

func numbered(s string, i int) string {
	return strings.NewReplacer("%d", strconv.Itoa(i), "%h", strconv.Itoa(i/2)).Replace(s)
}

func (p *loadProcess) burst(c command) error {
	if _, err := p.conns[0].Write(bytes.Repeat(ClientFrame(frameText, c.Text), c.Times)); err != nil {
		return err
	}
	p.frames.await(int64(c.Frames))
	return nil
}

func (p *loadProcess) probe(q Probe, a *answer) error {
	var pair [2]*RawConn
	for i := range pair {
		var err error
		if pair[i], err = DialRaw(context.Background(), &net.Dialer{}, q.Addr, q.Path, numbered(q.Hello, i)); err != nil {
			return err
		}
		defer pair[i].Close()
		if _, err := pair[i].ReadText(); err != nil { // "joined"
			return err
		}
	}
	arrived := make(chan error, 1)
	go func() {
		for range q.N {
			_, err := pair[1].ReadText()
			arrived <- err
		}
	}()
	go func() { _, _ = io.Copy(io.Discard, pair[0].Conn) }() // ends when pair[0] is closed
	message := ClientFrame(frameText, q.Text)
	tick := time.NewTicker(q.Every)
	defer tick.Stop()
	for range q.N {
		<-tick.C
		began := time.Now()
		if _, err := pair[0].Write(message); err != nil {
			return err
		}
		if err := <-arrived; err != nil {
			return err
		}
		a.Latency = append(a.Latency, time.Since(began))
	}
	return nil
}

func (p *loadProcess) disturb(c command) error {
	do, ok := nuisances[c.Nuisance]
	if !ok {
		return fmt.Errorf("there is no nuisance %s", c.Nuisance)
	}
	var ctx context.Context
	ctx, p.stop = context.WithCancel(context.Background())
	p.running.Go(func() {
		tick := time.NewTicker(c.Every)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			p.running.Go(func() {
				do(ctx, c.Addr, n)
				p.done.Add(1)
			})
		}
	})
	return nil
}

// counter counts what many goroutines add, for one that waits.
type counter struct {
	n, target atomic.Int64
	mu        sync.Mutex
	changed   sync.Cond // n has reached target
}

func (c *counter) add() {
	if c.n.Add(1) == c.target.Load() {
		c.mu.Lock()
		c.changed.Broadcast()
		c.mu.Unlock()
	}
}

// await raises target by n and waits until n has reached it.
func (c *counter) await(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	target := c.target.Add(n)
	for c.n.Load() < target {
		c.changed.Wait()
	}
}
