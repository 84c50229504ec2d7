package httpapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/internal/wsframe"
	"github.com/tablewire/tablewire/protocol"
)

// limit is one of the limits that clients meet, as the metrics name it.
type limit uint8

const (
	limitMessages limit = iota
	limitAddressMessages
	limitFrames
	limitConnections
	limitAddressConnections
	limitConnects
	limitUnauthenticated
	limitHandshakes
	limitRooms
	limitParticipants
	limitRequests
	limitOrigins
	limitMessageBytes
	limitTextBytes
)

var limitNames = [...]string{
	"messages", "address_messages", "frames", "connections", "address_connections",
	"connects", "unauthenticated", "handshakes", "rooms", "participants",
	"requests", "origins", "message_bytes", "text_bytes",
}

// limits count what clients take.
type limits struct {
	cfg       *Config
	notices   *notices
	addresses addresses

	sockets, strangers, handshakes, farewells atomic.Int64

	met [len(limitNames)]atomic.Uint64 // how often a limit was met

	// What is told for a message that is dropped; the socket stays. They are frames
	// because a flood is told often.
	tooMany, tooManyOfAddress wsframe.Frame

	flooding *protocol.Error
}

func (l *limits) init(cfg *Config, n *notices) {
	l.cfg, l.notices = cfg, n
	l.addresses.init(cfg)
	perSecond := func(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) + " messages a second" }
	l.tooMany = dropped("more than " + perSecond(cfg.MessageRate))
	l.tooManyOfAddress = dropped("more than " + perSecond(cfg.AddressMessageRate) + " from your address")
	l.flooding = protocol.ErrRateLimit("too many messages were dropped")
}

func dropped(detail string) wsframe.Frame {
	told := &protocol.Error{Message: "Rate limit exceeded", Detail: detail + ": this one was dropped"}
	return wsframe.Text(told.AppendJSON(nil))
}

// count counts that a client of an address met a limit.
func (l *limits) count(which limit, ip netip.Addr) {
	l.met[which].Add(1)
	l.notices.met(which, ip)
}

// refused counts a limit of the rooms'.
func (l *limits) refused(err *protocol.Error, ip netip.Addr) {
	switch {
	case errors.Is(err, fanout.ErrTooManyRooms):
		l.count(limitRooms, ip)
	case errors.Is(err, fanout.ErrRoomFull):
		l.count(limitParticipants, ip)
	}
}

// texts counts that an id, a name or a title is longer than may be, if that is the error.
func (l *limits) texts(err *protocol.Error, ip netip.Addr) {
	if err.TooLong {
		l.count(limitTextBytes, ip)
	}
}

// take takes one of a number that may not pass most; it reports false, and takes
// nothing, when all are taken. A most below 0 is none.
func take(n *atomic.Int64, most int) bool {
	if now := n.Add(1); most >= 0 && now > int64(most) {
		n.Add(-1)
		return false
	}
	return true
}

// admit takes a place for a socket, or says which limit is met.
func (l *limits) admit(k *socket, ip netip.Addr) *protocol.Error {
	which, admitted := l.place(k, ip)
	if !admitted {
		l.count(which, ip)
		return errNotAdmitted[which]
	}
	k.stranger = true
	return nil
}

// place takes the place, or nothing.
func (l *limits) place(k *socket, ip netip.Addr) (met limit, ok bool) {
	if !take(&l.sockets, l.cfg.MaxConnections) {
		return limitConnections, false
	}
	if !take(&l.strangers, l.cfg.MaxUnauthenticated) {
		l.sockets.Add(-1)
		return limitUnauthenticated, false
	}
	if k.from, met = l.addresses.admit(ip); k.from == nil {
		l.sockets.Add(-1)
		l.strangers.Add(-1)
		return met, false
	}
	return 0, true
}

// authenticated makes room for another socket that is not.
func (l *limits) authenticated(k *socket) {
	if k.stranger {
		k.stranger = false
		l.addresses.authenticated(k.from)
		l.strangers.Add(-1)
	}
}

// release gives a socket's place back.
func (l *limits) release(k *socket) {
	l.authenticated(k)
	l.addresses.leave(k.from)
	l.sockets.Add(-1)
}

var errNotAdmitted = map[limit]*protocol.Error{
	limitConnections:        protocol.ErrRateLimit("the server has as many connections as it takes"),
	limitAddressConnections: protocol.ErrRateLimit("too many connections from your address"),
	limitConnects:           protocol.ErrRateLimit("your address connects too often"),
	limitUnauthenticated:    protocol.ErrRateLimit("too many connections wait to authenticate"),
}

// request charges a request that is no socket to its address.
func (l *limits) request(ip netip.Addr) *protocol.Error {
	f := l.addresses.use(ip)
	defer l.addresses.done(f)
	if f.asks != nil && !f.asks.Allow() {
		l.count(limitRequests, ip)
		return protocol.ErrRateLimit("too many requests from your address")
	}
	return nil
}

// maxFarewells is how many sockets at a time are opened only to be told that a
// limit is met, which a page can't learn from an HTTP status. The others get that.
const maxFarewells = 256

// farewell takes a place for telling so.
func (l *limits) farewell() bool { return take(&l.farewells, maxFarewells) }

// meter holds a socket to its rate; of the goroutine that reads. The zero value is
// for a socket that has not said anything: most never do.
type meter struct {
	messages *rate.Limiter
	pings    *rate.Limiter
	patience *rate.Limiter // what it may have dropped before it is closed
}

// The pings that a socket may send beside its messages: who asks whether the server
// is there does not lose a message by it, nor the answer by its messages. One that
// comes sooner counts as a message.
const (
	pingRate  rate.Limit = 1 // a second
	pingBurst int        = 10
)

// take decides over a message or a ping of a size in bytes: it reports false when it is dropped, of
// which the client is told.
func (m *meter) take(k *socket, size int, ping bool) bool {
	if ping {
		if m.pings == nil {
			m.pings = rate.NewLimiter(pingRate, pingBurst)
		}
		if m.pings.Allow() {
			return true
		}
	}
	l := &k.server.limits
	told := m.spend(l, k.from, 1+size/messageUnit)
	switch {
	case told == nil:
		return true
	case m.forgives(l):
		k.queue.Push(told)
	default:
		k.fail(l.flooding)
	}
	return false
}

// messageUnit is how many bytes of a message count as one more: what a message costs
// grows with its length.
const messageUnit = 4 << 10

// spend takes messages from what the socket and its address may send; nil, or what
// the client is told.
func (m *meter) spend(l *limits, from *address, n int) wsframe.Frame {
	if l.cfg.MessageRate > 0 && m.messages == nil {
		m.messages = rate.NewLimiter(rate.Limit(l.cfg.MessageRate), l.cfg.MessageBurst)
	}
	switch {
	case m.messages != nil && !allowN(m.messages, n):
		l.count(limitMessages, from.ip)
		return l.tooMany
	case from.spends != nil && !allowN(from.spends, n):
		l.count(limitAddressMessages, from.ip)
		return l.tooManyOfAddress
	}
	return nil
}

// forgives reports whether the socket may go on after a message of it was dropped.
func (m *meter) forgives(l *limits) bool {
	if m.patience == nil {
		m.patience = rate.NewLimiter(patienceRate, l.cfg.MessageBurst)
	}
	return m.patience.Allow()
}

// allowN takes n, or all that may be taken at once where that is less.
func allowN(l *rate.Limiter, n int) bool { return l.AllowN(time.Now(), min(n, l.Burst())) }

// patienceRate is how fast a socket is forgiven what it had dropped.
const patienceRate rate.Limit = 1

// ConnState is for an http.Server's ConnState. It bounds the connections that have
// not become a socket, in all and of an address: those that dawdle over a request
// and those that are kept alive. One too many is closed. Those of trusted proxies and
// of a Unix socket are bounded in all alone.
func (s *Server) ConnState(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		n, most := s.limits.handshakes.Add(1), s.cfg.MaxUnauthenticated
		ip, proxy := s.knocksFrom(conn)
		crowded := s.limits.addresses.knock(ip, share(most)) && !proxy
		if crowded || most >= 0 && n > int64(most) {
			s.limits.count(limitHandshakes, ip)
			_ = conn.Close() // the http.Server notices, and tells StateClosed
		}
	case http.StateHijacked, http.StateClosed:
		ip, _ := s.knocksFrom(conn)
		s.limits.addresses.knocked(ip)
		s.limits.handshakes.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

// knocksFrom is whose a connection is, and whether that is a proxy's.
func (s *Server) knocksFrom(conn net.Conn) (ip netip.Addr, proxy bool) {
	ip = peerOf(conn.RemoteAddr().String())
	return network(ip), !ip.IsValid() || s.proxies.trust(ip)
}

func (c *Config) validateLimits() error {
	if c.MessageBurst < 1 {
		return &protocol.Problem{
			ID:   "message-burst",
			What: fmt.Sprintf("a message burst of %d would let no message through", c.MessageBurst),
			Hint: "give 1 or more; a negative message rate lifts the limit",
		}
	}
	_, err := parseProxies(c.TrustedProxies)
	return err
}
