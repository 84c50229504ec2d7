package httpapi

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"
	"unicode/utf8"
)

// notices say in the log what clients do that an operator may have to act on, and
// that a client could do without end: for each kind one line in ten seconds at
// most, which tells how often it has happened since the last, and whose the last was. The
// methods may be called concurrently.
type notices struct {
	log *slog.Logger

	origin  notice
	slow    notice
	limited [len(limitNames)]notice

	refusals [len(refusals)]notice
}

const noticeEvery = 10 * time.Second

// notice counts what has not been told yet.
type notice struct {
	mu    sync.Mutex
	count int
	about about
	told  time.Time
}

// about is what a notice tells of the last client. What that chose itself is brief, and
// nothing of it is a key or a value.
type about struct {
	ip           netip.Addr
	origin, host string                       // of a page that may not connect
	path         string                       // where a client was refused
	told, reason string                       // with which error, and what the log may say of it
	why          func(context.Context) string // gives the reason where that takes a while
}

// add counts one more. It gives how many there are to be told of: 0 when it is not
// time to.
func (n *notice) add(now time.Time, a about) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count++
	n.about = a
	return n.take(now)
}

// rest gives what has not been told and is due; 0 when there is none.
func (n *notice) rest(now time.Time) (a about, count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.about, n.take(now)
}

func (n *notice) take(now time.Time) (count int) {
	if n.count == 0 || !n.told.IsZero() && now.Sub(n.told) < noticeEvery {
		return 0
	}
	count, n.count, n.told = n.count, 0, now
	return count
}

// run tells, until ctx ends, what has happened after a line and before another was due.
func (n *notices) run(ctx context.Context) {
	tick := time.NewTicker(noticeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			n.flush(ctx, now)
		}
	}
}

func (n *notices) flush(ctx context.Context, now time.Time) {
	if a, count := n.origin.rest(now); count > 0 {
		n.tellOrigin(a, count)
	}
	if a, count := n.slow.rest(now); count > 0 {
		n.tellSlow(a, count)
	}
	for i := range n.limited {
		if a, count := n.limited[i].rest(now); count > 0 {
			n.tellLimit(limit(i), a, count)
		}
	}
	for i := range n.refusals {
		if a, count := n.refusals[i].rest(now); count > 0 {
			n.tellRefused(ctx, refusal(i), a, count)
		}
	}
}

// refusedOrigin tells of a page that may not connect.
func (n *notices) refusedOrigin(origin, host string, ip netip.Addr) {
	a := about{ip: ip, origin: brief(origin), host: brief(host)}
	if count := n.origin.add(time.Now(), a); count > 0 {
		n.tellOrigin(a, count)
	}
}

func (n *notices) tellOrigin(a about, count int) {
	n.log.Info("a page may not connect: neither --allowed-origins nor the server's own host is its origin",
		"origin", a.origin, "host", a.host, "address", a.ip, "count", count)
}

// slowClient tells of a client that was closed because it read too slowly.
func (n *notices) slowClient(ip netip.Addr) {
	a := about{ip: ip}
	if count := n.slow.add(time.Now(), a); count > 0 {
		n.tellSlow(a, count)
	}
}

func (n *notices) tellSlow(a about, count int) {
	n.log.Info("a client read too slowly and was closed: more than --queue-bytes waited for it", "address", a.ip, "count", count)
}

// met tells that a client met a limit.
func (n *notices) met(which limit, ip netip.Addr) {
	a := about{ip: ip}
	if count := n.limited[which].add(time.Now(), a); count > 0 {
		n.tellLimit(which, a, count)
	}
}

func (n *notices) tellLimit(which limit, a about, count int) {
	n.log.Info("a client met a limit", "limit", limitNames[which], "address", a.ip, "count", count)
}

// brief is a text that a client chose, as the log can bear it.
func brief(s string) string { return cut(s, 128) }

// cut leaves out what is beyond a number of bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}
