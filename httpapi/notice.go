package httpapi

import (
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// notices say in the log what clients do that an operator may have to act on, and
// that a client could do without end: for each kind one line in ten seconds at
// most, which tells how often it has happened since the last. The methods may be
// called concurrently.
type notices struct {
	log *slog.Logger

	origin  notice
	slow    notice
	limited [len(limitNames)]notice
}

const noticeEvery = 10 * time.Second

// notice counts what has not been told yet.
type notice struct {
	mu    sync.Mutex
	count int
	last  time.Time // when it was told
}

// add counts one more. It gives how many there are to be told of: 0 when it is not
// time to.
func (n *notice) add(now time.Time) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count++
	if !n.last.IsZero() && now.Sub(n.last) < noticeEvery {
		return 0
	}
	count, n.count, n.last = n.count, 0, now
	return count
}

// refusedOrigin tells of a page that may not connect.
func (n *notices) refusedOrigin(origin, host string, ip netip.Addr) {
	if count := n.origin.add(time.Now()); count > 0 {
		n.log.Info("a page may not connect: neither --allowed-origins nor the server's own host is its origin",
			"origin", brief(origin), "host", brief(host), "address", ip, "count", count)
	}
}

// slowClient tells of a client that was closed because it read too slowly.
func (n *notices) slowClient(ip netip.Addr) {
	if count := n.slow.add(time.Now()); count > 0 {
		n.log.Info("a client read too slowly and was closed: more than --queue-bytes waited for it", "address", ip, "count", count)
	}
}

// met tells that a client met a limit.
func (n *notices) met(which limit, ip netip.Addr) {
	if count := n.limited[which].add(time.Now()); count > 0 {
		n.log.Info("a client met a limit", "limit", limitNames[which], "address", ip, "count", count)
	}
}

// brief is a header's value that the log can bear.
func brief(s string) string {
	const most = 128
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
