package httpapi

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/tablewire/tablewire/internal/wsframe"
)

// pinger pings all sockets, each once an interval, and cuts those whose peer has
// vanished; a backlog that moves shows that the peer is there, too. It is also the
// clock by which sockets note when they heard something: a tick is an interval's
// fraction, and noting one costs no look at a real clock.
type pinger struct {
	tick atomic.Uint32
}

// silence is after how many ticks without a word a peer counts as vanished: two intervals.
const silence = 2 * buckets

// run pings until ctx ends.
func (p *pinger) run(ctx context.Context, interval time.Duration, r *registry) {
	ping := wsframe.Ping()
	ticker := time.NewTicker(max(interval/buckets, 1))
	defer ticker.Stop()
	var sockets []*socket
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := p.tick.Add(1)
		sockets = r.bucket(int(now%buckets), sockets[:0])
		for _, s := range sockets {
			if now-s.heard.Load() >= silence {
				s.cut()
				continue
			}
			s.queue.Push(ping)
		}
		clear(sockets)
	}
}
