package limit

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/tablewire/tablewire/protocol"
)

// Limits counts what all clients take. Its methods may be called concurrently.
type Limits struct {
	cfg       Config
	addresses *addresses

	conns           atomic.Int64
	unauthenticated atomic.Int64
	handshakes      atomic.Int64 // connections that have not been upgraded yet
	rejections      atomic.Int64

	hits [numKinds]atomic.Uint64

	verdicts [numVerdicts]*protocol.Error
}

// New returns limits that count nothing yet. It fails if no message could pass.
func New(cfg Config) (*Limits, error) {
	if cfg.MessageBurst < 1 {
		return nil, &protocol.Problem{
			ID:   "message-burst",
			What: fmt.Sprintf("a message burst of %d would let no message through", cfg.MessageBurst),
			Hint: `give the setting "message-burst" 1 or more; a negative number for the setting "message-rate" lifts the limit`,
		}
	}
	l := &Limits{cfg: cfg, verdicts: newVerdicts(&cfg)}
	l.addresses = newAddresses(&l.cfg)
	return l, nil
}

// ClientIP returns the client address of a request, as [Proxies.ClientIP] does.
func (l *Limits) ClientIP(r *http.Request) netip.Addr { return l.cfg.TrustedProxies.ClientIP(r) }

// Hit counts that a client hit a limit, and reports it to [Config.OnHit].
func (l *Limits) Hit(kind Kind, ip netip.Addr) {
	l.Count(kind)
	if l.cfg.OnHit != nil {
		l.cfg.OnHit(kind, ip)
	}
}

// Count counts that a client hit a limit, for a caller that reports it by itself.
func (l *Limits) Count(kind Kind) { l.hits[kind].Add(1) }

// Hits returns how often a limit was hit.
func (l *Limits) Hits(kind Kind) uint64 { return l.hits[kind].Load() }

// acquire increments n unless that would exceed limit. It reports whether it did. A
// negative limit means unlimited.
func acquire(n *atomic.Int64, limit int) bool {
	if now := n.Add(1); limit >= 0 && now > int64(limit) {
		n.Add(-1)
		return false
	}
	return true
}

// Admit counts a new connection of a client address, which has not authenticated yet, in
// c. If a limit is hit, it counts nothing and returns the error for the client.
func (l *Limits) Admit(c *Client, ip netip.Addr) *protocol.Error {
	if kind, ok := l.admit(c, ip); !ok {
		l.Hit(kind, ip)
		return errNotAdmitted[kind]
	}
	c.unauthenticated = true
	return nil
}

func (l *Limits) admit(c *Client, ip netip.Addr) (hit Kind, ok bool) {
	if !acquire(&l.conns, l.cfg.MaxConnections) {
		return Connections, false
	}
	if !acquire(&l.unauthenticated, l.cfg.MaxUnauthenticated) {
		l.conns.Add(-1)
		return Unauthenticated, false
	}
	if c.address, hit = l.addresses.admit(ip); c.address == nil {
		l.conns.Add(-1)
		l.unauthenticated.Add(-1)
		return hit, false
	}
	return 0, true
}

var errNotAdmitted = map[Kind]*protocol.Error{
	Connections:        protocol.ErrRateLimit("the server has as many connections as it takes"),
	AddressConnections: protocol.ErrRateLimit("too many connections from your address"),
	Connects:           protocol.ErrRateLimit("your address connects too often"),
	Unauthenticated:    protocol.ErrRateLimit("too many connections wait to authenticate"),
}

// Authenticated makes room for another connection that has not authenticated.
func (l *Limits) Authenticated(c *Client) {
	if c.unauthenticated {
		c.unauthenticated = false
		l.addresses.authenticated(c.address)
		l.unauthenticated.Add(-1)
	}
}

// Release takes back what Admit counted. It is called once, at the connection's end.
func (l *Limits) Release(c *Client) {
	l.Authenticated(c)
	l.addresses.leave(c.address)
	l.conns.Add(-1)
}

// ChargeRequest charges a plain request to its client address. If the address makes too
// many, it returns the error for the client.
func (l *Limits) ChargeRequest(ip netip.Addr) *protocol.Error {
	f := l.addresses.use(ip)
	defer l.addresses.done(f)
	if f.requests != nil && !f.requests.Allow() {
		l.Hit(Requests, ip)
		return errTooManyRequests
	}
	return nil
}

var errTooManyRequests = protocol.ErrRateLimit("too many requests from your address")

// MaxRejections is how many connections at a time may be upgraded only to be rejected.
const MaxRejections = 256

// AcquireRejection reports whether another connection may be upgraded only to be rejected
// with an error, which a page can't learn from an HTTP status. If it may, the caller ends
// it with ReleaseRejection.
func (l *Limits) AcquireRejection() bool { return acquire(&l.rejections, MaxRejections) }

// ReleaseRejection takes back what AcquireRejection counted.
func (l *Limits) ReleaseRejection() { l.rejections.Add(-1) }

// ConnState is for an http.Server's ConnState. It bounds the connections that have not
// been upgraded: those that take their time for a request, and those that are kept alive.
// One that exceeds the limit is closed. Trusted proxies and Unix sockets are subject to the
// total limit only.
func (l *Limits) ConnState(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		n, limit := l.handshakes.Add(1), l.cfg.MaxUnauthenticated
		ip, proxy := l.peer(conn)
		exceeded := l.addresses.connOpened(ip, perAddress(limit)) && !proxy
		if exceeded || limit >= 0 && n > int64(limit) {
			l.Hit(Handshakes, ip)
			_ = conn.Close() // the http.Server notices, and calls with StateClosed
		}
	case http.StateHijacked, http.StateClosed:
		ip, _ := l.peer(conn)
		l.addresses.connClosed(ip)
		l.handshakes.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// peer returns the client address of a connection's other end, and whether a trusted proxy
// or a Unix socket is there.
func (l *Limits) peer(conn net.Conn) (ip netip.Addr, proxy bool) {
	ip = PeerIP(conn.RemoteAddr().String())
	return network(ip), !ip.IsValid() || l.cfg.TrustedProxies.trust(ip)
}

// Usage is what is counted at the moment.
type Usage struct {
	Connections     int64
	Unauthenticated int64 // of them, those that have not authenticated
	Handshakes      int64 // connections that have not been upgraded yet
	Rejections      int64 // connections that are being rejected
	Addresses       int   // client addresses that are remembered
}

// Usage returns what is counted at the moment.
func (l *Limits) Usage() Usage {
	return Usage{
		Connections: l.conns.Load(), Unauthenticated: l.unauthenticated.Load(), Handshakes: l.handshakes.Load(),
		Rejections: l.rejections.Load(), Addresses: l.addresses.len(),
	}
}
