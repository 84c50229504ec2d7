package ws

import (
	"context"
	"log/slog"
	"runtime"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/protocol"
)

// Transport holds the open connections with the goroutines that serve them. All methods
// may be called concurrently; Run once.
type Transport struct {
	cfg      Config
	log      *slog.Logger
	upgrader websocket.Upgrader
	tooLong  *protocol.Error // of a message

	conns   connTable
	writers writers
	pinger  pinger
	turns   turns

	// ctx ends when connections are cut off.
	ctx    context.Context //nolint:containedctx // connections outlive the requests that open them
	cancel context.CancelFunc

	// goroutines are all that the transport has started.
	goroutines sync.WaitGroup
}

// New makes a transport, which does nothing until its first connection.
func New(cfg Config) *Transport {
	if cfg.Timeouts == (Timeouts{}) {
		cfg.Timeouts = DefaultTimeouts
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	t := &Transport{
		cfg:      cfg,
		log:      cfg.Logger,
		upgrader: newUpgrader(),
		turns:    newTurns(),
		tooLong:  protocol.ErrMessageTooLong(cfg.MaxMessageBytes),
	}
	t.conns.init(&t.goroutines)
	t.writers.init(&t.goroutines)
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t
}

// Run owns the writers and the pinger. When ctx ends, it cuts off the connections that are
// still there and returns once every goroutine of the transport has ended. A transport
// whose Run has ended takes no connections.
func (t *Transport) Run(ctx context.Context) {
	var writing sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		writing.Go(t.writers.work)
	}
	t.pinger.run(ctx, t.cfg.PingInterval, &t.conns)

	empty := t.conns.close()
	t.abortAll()
	<-empty
	t.writers.stop()
	writing.Wait()
	t.goroutines.Wait()
}

// Drain takes no new connections, and closes those that are open with code 1012, behind
// what is queued for them. It returns when they are gone; those that are not when ctx
// ends are cut off.
func (t *Transport) Drain(ctx context.Context) {
	empty := t.conns.close()
	t.conns.each(func(c *Conn) { c.queue.Close(protocol.CloseRestart, reasonRestart) })
	select {
	case <-empty:
	case <-ctx.Done():
		t.abortAll()
		<-empty
	}
}

const reasonRestart = "restarting"

func (t *Transport) abortAll() {
	t.cancel()
	t.conns.each((*Conn).Abort)
}

// Draining reports whether no new connections are taken.
func (t *Transport) Draining() bool { return t.conns.isClosed() }

// Context ends when the connections are cut off: whatever a handler waits for, it should
// wait for no longer.
func (t *Transport) Context() context.Context { return t.ctx }

// Each calls do for every open connection, with no lock held.
func (t *Transport) Each(do func(*Conn)) { t.conns.each(do) }

// Stats are the transport's figures.
type Stats struct {
	Open   int    // connections that are open
	Opened uint64 // connections that have been opened
	Writes uint64 // system calls that wrote to connections
	Bytes  uint64 // bytes that they wrote
	Turns  int    // connections that have a turn, because they send more than is read of them
}

// Stats returns the transport's figures.
func (t *Transport) Stats() Stats {
	open, opened := t.conns.counts()
	return Stats{Open: open, Opened: opened, Writes: t.writers.calls.Load(), Bytes: t.writers.bytes.Load(), Turns: len(t.turns)}
}
