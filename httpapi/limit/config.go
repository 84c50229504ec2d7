package limit

import "net/netip"

// Config of a [Limits]. Nothing is filled in for a zero value: a 0 lets nothing through.
// The defaults are package httpapi's.
type Config struct {
	// MessageRate is how many messages a second a connection may send, and MessageBurst
	// how many at once, at least 1. A negative rate means unlimited.
	MessageRate  float64
	MessageBurst int

	// AddressMessageRate is how many messages a second all connections of a client address
	// may send together, and twice as many at once. Negative means unlimited.
	AddressMessageRate float64

	// MaxConnections is how many connections there may be, and MaxConnectionsPerAddress how
	// many of one client address. Negative means unlimited.
	MaxConnections           int
	MaxConnectionsPerAddress int

	// AddressConnectionRate is how many connections a second a client address may open, and
	// as well how many plain requests it may make. At once it may make twice as many, and
	// open as many as it may have if that is more. Negative means unlimited.
	AddressConnectionRate float64

	// MaxUnauthenticated is how many connections may wait for their first message, and how
	// many may not have been upgraded yet. One address may have a quarter of either.
	// Negative means unlimited.
	MaxUnauthenticated int

	// TrustedProxies are networks of proxies whose X-Forwarded-For is trusted.
	TrustedProxies Proxies

	// OnHit is called, if it is set, each time that a client hits a limit, with the client's
	// address. It must not block.
	OnHit func(kind Kind, ip netip.Addr)
}
