package limit

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// address is what is counted for one client address. A limiter is nil where there is no limit.
type address struct {
	ip       netip.Addr
	messages *rate.Limiter // of all its connections
	connects *rate.Limiter // how fast it may open them
	requests *rate.Limiter // plain requests

	// The fields below are guarded by addresses.mu.
	conns           int
	unauthenticated int  // connections that have not authenticated
	handshakes      int  // connections that have not been upgraded yet
	users           int  // conns, handshakes, and requests under way
	idling          bool // it is in addresses.idle
}

// spentNothing reports whether forgetting the address would give it nothing.
func (f *address) spentNothing() bool {
	full := func(l *rate.Limiter) bool { return l == nil || l.Tokens() >= float64(l.Burst()) }
	return full(f.messages) && full(f.connects) && full(f.requests)
}

// allowance is a rate with its burst; the zero value is no limit.
type allowance struct {
	rate  rate.Limit
	burst int
}

func newAllowance(perSecond float64, burst int) allowance {
	if perSecond <= 0 {
		return allowance{}
	}
	return allowance{rate.Limit(perSecond), max(1, burst)}
}

func (a allowance) limiter() *rate.Limiter {
	if a.rate == 0 {
		return nil
	}
	return rate.NewLimiter(a.rate, a.burst)
}

// refillTime is how long an empty allowance takes to become full.
func (a allowance) refillTime() time.Duration {
	if a.rate == 0 {
		return 0
	}
	return time.Duration(float64(a.burst) / float64(a.rate) * float64(time.Second))
}

// addresses holds every address that has connections, and for a while those that had
// some, so that closing them does not make an address start afresh.
type addresses struct {
	messages, connects, requests allowance

	maxConns           int           // of an address; negative means unlimited
	maxUnauthenticated int           // likewise
	idleTTL            time.Duration // until an idle address has all its allowances again

	mu   sync.Mutex
	byIP map[netip.Addr]*address
	idle []idleAddress // the longest idle first
}

type idleAddress struct {
	*address
	since time.Time
}

// maxIdle bounds how many addresses without a connection are remembered.
const maxIdle = 1 << 16

func newAddresses(cfg *Config) *addresses {
	a := &addresses{
		byIP:     make(map[netip.Addr]*address),
		messages: newAllowance(cfg.AddressMessageRate, int(2*cfg.AddressMessageRate)),
		// All connections of an address may come at once, as after a restart.
		connects: newAllowance(cfg.AddressConnectionRate, max(int(2*cfg.AddressConnectionRate), cfg.MaxConnectionsPerAddress)),
		requests: newAllowance(cfg.AddressConnectionRate, int(2*cfg.AddressConnectionRate)),

		maxConns:           cfg.MaxConnectionsPerAddress,
		maxUnauthenticated: perAddress(cfg.MaxUnauthenticated),
	}
	a.idleTTL = max(a.messages.refillTime(), a.connects.refillTime(), a.requests.refillTime())
	return a
}

// perAddress returns the part of a limit for all clients that one address may use, so
// that it can't keep the others out: a quarter.
func perAddress(limit int) int {
	if limit < 0 {
		return limit
	}
	return max(1, limit/4)
}

// admit counts a connection that has not authenticated yet. If a limit is hit, it returns
// a nil address and that limit.
func (a *addresses) admit(ip netip.Addr) (*address, Kind) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.find(ip)
	reached := func(n, limit int) bool { return limit >= 0 && n >= limit }
	switch {
	case reached(f.conns, a.maxConns):
		return nil, AddressConnections
	case reached(f.unauthenticated, a.maxUnauthenticated):
		return nil, Unauthenticated
	case f.connects != nil && !f.connects.Allow():
		return nil, Connects
	}
	f.users++
	f.conns++
	f.unauthenticated++
	return f, 0
}

// authenticated notes that a connection has authenticated, or never will.
func (a *addresses) authenticated(f *address) {
	a.mu.Lock()
	f.unauthenticated--
	a.mu.Unlock()
}

// leave takes back what admit counted.
func (a *addresses) leave(f *address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.conns--
	a.release(f)
}

// connOpened counts a connection that has not been upgraded yet. It reports whether the
// address exceeds limit; a negative limit means unlimited.
func (a *addresses) connOpened(ip netip.Addr, limit int) (exceeded bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.find(ip)
	f.users++
	f.handshakes++
	return limit >= 0 && f.handshakes > limit
}

// connClosed takes back what connOpened counted.
func (a *addresses) connClosed(ip netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.byIP[ip] // it is there, because it is in use
	f.handshakes--
	a.release(f)
}

// use finds an address for a plain request, until done.
func (a *addresses) use(ip netip.Addr) *address {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.find(ip)
	f.users++
	return f
}

func (a *addresses) done(f *address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release(f)
}

func (a *addresses) find(ip netip.Addr) *address {
	a.evict(time.Now())
	f := a.byIP[ip]
	if f == nil {
		f = &address{ip: ip, messages: a.messages.limiter(), connects: a.connects.limiter(), requests: a.requests.limiter()}
		a.byIP[ip] = f
	}
	return f
}

func (a *addresses) release(f *address) {
	f.users--
	switch {
	case f.users > 0 || f.idling:
	case f.spentNothing():
		delete(a.byIP, f.ip)
	default:
		f.idling = true
		a.idle = append(a.idle, idleAddress{f, time.Now()})
	}
}

// evict forgets the addresses that have been idle for idleTTL, and the longest idle ones
// when there are more than maxIdle.
func (a *addresses) evict(now time.Time) {
	n := 0
	for ; n < len(a.idle); n++ {
		if now.Sub(a.idle[n].since) < a.idleTTL && len(a.idle)-n <= maxIdle {
			break
		}
		f := a.idle[n].address
		f.idling = false
		if f.users == 0 {
			delete(a.byIP, f.ip)
		}
		a.idle[n].address = nil
	}
	if a.idle = a.idle[n:]; len(a.idle) == 0 {
		a.idle = nil
	}
}

func (a *addresses) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.byIP)
}
