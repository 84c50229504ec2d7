package httpapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/fanout"
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
	limitUnauthenticated
	limitHandshakes
	limitRooms
	limitParticipants
)

var limitNames = [...]string{
	"messages", "address_messages", "frames", "connections", "address_connections",
	"unauthenticated", "handshakes", "rooms", "participants",
}

// limits count what clients take.
type limits struct {
	cfg       *Config
	addresses addresses

	sockets, strangers, handshakes, farewells atomic.Int64

	met [len(limitNames)]atomic.Uint64 // how often a limit was met

	tooMany, tooManyOfAddress *protocol.Error // a message is dropped for it; the socket stays
	flooding                  *protocol.Error
}

func (l *limits) init(cfg *Config) {
	l.cfg = cfg
	l.addresses.init(cfg.AddressMessageRate)
	perSecond := func(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) + " messages a second" }
	l.tooMany = dropped("more than " + perSecond(cfg.MessageRate))
	l.tooManyOfAddress = dropped("more than " + perSecond(cfg.AddressMessageRate) + " from your address")
	l.flooding = protocol.ErrRateLimit("too many messages were dropped")
}

func dropped(detail string) *protocol.Error {
	return &protocol.Error{Message: "Rate limit exceeded", Detail: detail + ": this one was dropped"}
}

func (l *limits) count(which limit) { l.met[which].Add(1) }

// refused counts a limit of the rooms'.
func (l *limits) refused(err *protocol.Error) {
	switch {
	case errors.Is(err, fanout.ErrTooManyRooms):
		l.count(limitRooms)
	case errors.Is(err, fanout.ErrRoomFull):
		l.count(limitParticipants)
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
	if !take(&l.sockets, l.cfg.MaxConnections) {
		l.count(limitConnections)
		return errConnections
	}
	if !take(&l.strangers, l.cfg.MaxUnauthenticated) {
		l.sockets.Add(-1)
		l.count(limitUnauthenticated)
		return errStrangers
	}
	if k.from = l.addresses.use(ip, true, l.cfg.MaxConnectionsPerAddress); k.from == nil {
		l.sockets.Add(-1)
		l.strangers.Add(-1)
		l.count(limitAddressConnections)
		return errAddressConnections
	}
	k.stranger = true
	return nil
}

// authenticated makes room for another socket that is not.
func (l *limits) authenticated(k *socket) {
	if k.stranger {
		k.stranger = false
		l.strangers.Add(-1)
	}
}

// release gives a socket's place back.
func (l *limits) release(k *socket) {
	l.authenticated(k)
	l.addresses.done(k.from, true)
	l.sockets.Add(-1)
}

var (
	errConnections        = protocol.ErrRateLimit("the server has as many connections as it takes")
	errAddressConnections = protocol.ErrRateLimit("too many connections from your address")
	errStrangers          = protocol.ErrRateLimit("too many connections wait to authenticate")
)

// request charges a request that is no socket to its address.
func (l *limits) request(ip netip.Addr) *protocol.Error {
	f := l.addresses.use(ip, false, 0)
	defer l.addresses.done(f, false)
	if f.spends != nil && !f.spends.Allow() {
		l.count(limitAddressMessages)
		return protocol.ErrRateLimit("too many requests from your address")
	}
	return nil
}

// maxFarewells is how many sockets at a time are opened only to be told that a
// limit is met, which a page can't learn from an HTTP status. The others get that.
const maxFarewells = 256

// farewell takes a place for telling so.
func (l *limits) farewell() bool { return take(&l.farewells, maxFarewells) }

// meter holds a socket to its rate. The zero value is for a socket that has not
// said anything: most never do.
type meter struct {
	messages *rate.Limiter
	patience *rate.Limiter // what it may have dropped before it is closed
}

// spend decides over a message: nil when it is taken; an error that the client is
// told, for the message or for the socket, when it is not.
func (m *meter) spend(l *limits, from *address) *protocol.Error {
	if l.cfg.MessageRate > 0 && m.messages == nil {
		m.messages = rate.NewLimiter(rate.Limit(l.cfg.MessageRate), l.cfg.MessageBurst)
	}
	var told *protocol.Error
	switch {
	case m.messages != nil && !m.messages.Allow():
		l.count(limitMessages)
		told = l.tooMany
	case from.spends != nil && !from.spends.Allow():
		l.count(limitAddressMessages)
		told = l.tooManyOfAddress
	default:
		return nil
	}
	if m.patience == nil {
		m.patience = rate.NewLimiter(patienceRate, l.cfg.MessageBurst)
	}
	if !m.patience.Allow() {
		return l.flooding
	}
	return told
}

// patienceRate is how fast a socket is forgiven what it had dropped.
const patienceRate rate.Limit = 1

// ConnState is for an http.Server's ConnState. It bounds the connections that have
// not become a socket: those that dawdle over a request and those that are kept
// alive. One too many is closed.
func (s *Server) ConnState(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if s.limits.handshakes.Add(1) > int64(s.cfg.MaxUnauthenticated) && s.cfg.MaxUnauthenticated >= 0 {
			s.limits.count(limitHandshakes)
			_ = conn.Close() // the http.Server notices, and tells StateClosed
		}
	case http.StateHijacked, http.StateClosed:
		s.limits.handshakes.Add(-1)
	case http.StateActive, http.StateIdle:
	}
}

func (c *Config) validateLimits() error {
	if c.MessageBurst < 1 {
		return &protocol.Problem{
			What: fmt.Sprintf("a message burst of %d would let no message through", c.MessageBurst),
			Cure: "give 1 or more; a negative message rate lifts the limit",
		}
	}
	_, err := parseProxies(c.TrustedProxies)
	return err
}
