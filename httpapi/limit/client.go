package limit

import (
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/protocol"
)

// Client is a connection's part of a [Limits]: between Admit and Release it may be used,
// by one goroutine at a time. It has no limiters until it is first charged, because most
// connections never send anything.
type Client struct {
	address         *address
	messages        *rate.Limiter
	pings           *rate.Limiter
	drops           *rate.Limiter // how many of its messages may be dropped before it is closed
	unauthenticated bool
}

// IP returns the client address.
func (c *Client) IP() netip.Addr { return c.address.ip }

// Verdict is what is to become of a message.
type Verdict uint8

// The verdicts over a message.
const (
	Accept      Verdict = iota
	Drop                // the connection has sent too many messages
	DropAddress         // the connections of its address together have
	CloseFlood          // too many were dropped: the connection is to be closed
	numVerdicts
)

func newVerdicts(cfg *Config) [numVerdicts]*protocol.Error {
	perSecond := func(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) + " messages a second" }
	dropped := func(detail string) *protocol.Error {
		return &protocol.Error{Message: "Rate limit exceeded", Detail: detail + ": this one was dropped"}
	}
	return [numVerdicts]*protocol.Error{
		Drop:        dropped("more than " + perSecond(cfg.MessageRate)),
		DropAddress: dropped("more than " + perSecond(cfg.AddressMessageRate) + " from your address"),
		CloseFlood:  protocol.ErrRateLimit("too many messages were dropped"),
	}
}

// Error returns the error that the client gets with a verdict; nil for Accept.
func (l *Limits) Error(v Verdict) *protocol.Error { return l.verdicts[v] }

// Pings have a budget of their own, so they neither use up the message budget nor are
// dropped because of it. A ping over its budget counts as a message.
const (
	PingRate  = 1  // pings a second that a connection may send
	PingBurst = 10 // pings that it may send at once
)

// dropRate is how many dropped messages a second a connection is forgiven.
const dropRate rate.Limit = 1

// MessageUnit is how many bytes of a message count as one message more, because the cost
// of a message grows with its length.
const MessageUnit = 4 << 10

// Charge charges a message or a ping of size bytes to the connection and its address, and
// says what is to become of it.
func (l *Limits) Charge(c *Client, size int, ping bool) Verdict {
	if ping {
		if c.pings == nil {
			c.pings = rate.NewLimiter(PingRate, PingBurst)
		}
		if c.pings.Allow() {
			return Accept
		}
	}
	verdict := l.spend(c, 1+size/MessageUnit)
	if verdict != Accept && !c.mayDrop(l.cfg.MessageBurst) {
		return CloseFlood
	}
	return verdict
}

// spend takes n messages from what the connection and its address may send.
func (l *Limits) spend(c *Client, n int) Verdict {
	if l.cfg.MessageRate > 0 && c.messages == nil {
		c.messages = rate.NewLimiter(rate.Limit(l.cfg.MessageRate), l.cfg.MessageBurst)
	}
	switch {
	case c.messages != nil && !allowN(c.messages, n):
		l.Hit(Messages, c.address.ip)
		return Drop
	case c.address.messages != nil && !allowN(c.address.messages, n):
		l.Hit(AddressMessages, c.address.ip)
		return DropAddress
	}
	return Accept
}

// mayDrop reports whether the connection may go on after one of its messages was dropped.
func (c *Client) mayDrop(burst int) bool {
	if c.drops == nil {
		c.drops = rate.NewLimiter(dropRate, burst)
	}
	return c.drops.Allow()
}

// allowN takes n tokens, or the whole burst where that is less.
func allowN(l *rate.Limiter, n int) bool { return l.AllowN(time.Now(), min(n, l.Burst())) }
