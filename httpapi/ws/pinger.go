package ws

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/internal/wsframe"
)

// pinger pings all connections, each once an interval, and aborts those whose peer has
// vanished. A backlog that shrinks also shows that the peer is there. The pinger is the
// clock as well by which connections note when they were last heard of: a tick is a
// fraction of the interval, and noting one costs no look at a real clock.
type pinger struct {
	tick atomic.Uint32
}

// maxSilence is after how many ticks without a word a peer counts as vanished: after two
// intervals.
const maxSilence = 2 * buckets

// run pings until ctx ends.
func (p *pinger) run(ctx context.Context, interval time.Duration, table *connTable) {
	ping := wsframe.Ping()
	ticker := time.NewTicker(max(interval/buckets, 1))
	defer ticker.Stop()
	var conns []*Conn
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := p.tick.Add(1)
		conns = table.appendBucket(conns[:0], int(now%buckets))
		for _, c := range conns {
			if now-c.lastSeen.Load() >= maxSilence {
				c.Abort()
				continue
			}
			c.queue.Push(ping)
		}
		clear(conns)
	}
}
