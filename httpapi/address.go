package httpapi

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/protocol"
)

// proxies are those whose word about a client's address is believed.
type proxies []netip.Prefix

// parseProxies reads addresses and networks: "10.0.0.7", "10.0.0.0/8".
func parseProxies(list []string) (proxies, error) {
	var p proxies
	for _, s := range list {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			var ip netip.Addr
			if ip, err = netip.ParseAddr(s); err == nil {
				prefix = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
			}
		}
		if err != nil {
			return nil, &protocol.Problem{
				ID:   "trusted-proxy",
				What: fmt.Sprintf("%q, given as a trusted proxy, is none", s),
				Hint: "want an address or a network, as in 10.0.0.0/8",
			}
		}
		p = append(p, prefix.Masked())
	}
	return p, nil
}

func (p proxies) trust(ip netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// addressOf is where a request comes from: what stands last in X-Forwarded-For and
// is none of the trusted proxies, if a trusted one brings it.
func (s *Server) addressOf(r *http.Request) netip.Addr {
	ip := peerOf(r.RemoteAddr)
	if !s.proxies.trust(ip) {
		return network(ip)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.proxies.trust(ip); i-- {
		hop, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop.Unmap().WithZone("")
	}
	return network(ip)
}

// parseHop reads an address of X-Forwarded-For, to which some proxies add a port.
func parseHop(s string) (netip.Addr, error) {
	if withPort, err := netip.ParseAddrPort(s); err == nil {
		return withPort.Addr(), nil
	}
	return netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
}

// peerOf is the other end of a connection: none for a Unix socket, all of which are one.
func peerOf(remote string) netip.Addr {
	from, _ := netip.ParseAddrPort(remote) // as above
	return from.Addr().Unmap().WithZone("")
}

// network is what one client has for itself: an IPv4 address, or 64 bits of an
// IPv6 one.
func network(ip netip.Addr) netip.Addr {
	if !ip.Is6() {
		return ip
	}
	prefix, _ := ip.Prefix(64) // never fails
	return prefix.Addr()
}

// address is what is counted for one client address.
type address struct {
	ip     netip.Addr
	spends *rate.Limiter // its messages; nil when they are not limited
	opens  *rate.Limiter // its sockets, as they are opened; nil likewise
	asks   *rate.Limiter // its requests that are no sockets; nil likewise

	// The following under addresses.mu.
	sockets    int
	strangers  int  // sockets that have not authenticated
	handshakes int  // connections that are no sockets yet
	users      int  // sockets, handshakes, and requests under way
	waiting    bool // it is in the list of idle ones
}

// fresh reports whether forgetting the address would give it nothing.
func (f *address) fresh() bool {
	full := func(l *rate.Limiter) bool { return l == nil || l.Tokens() >= float64(l.Burst()) }
	return full(f.spends) && full(f.opens) && full(f.asks)
}

// allowance is a rate with what may be spent at once; the zero value is no limit.
type allowance struct {
	rate  rate.Limit
	burst int
}

func allow(perSecond float64, atOnce int) allowance {
	if perSecond <= 0 {
		return allowance{}
	}
	return allowance{rate.Limit(perSecond), max(1, atOnce)}
}

func (a allowance) limiter() *rate.Limiter {
	if a.rate == 0 {
		return nil
	}
	return rate.NewLimiter(a.rate, a.burst)
}

// refill is how long it takes until all may be spent again.
func (a allowance) refill() time.Duration {
	if a.rate == 0 {
		return 0
	}
	return time.Duration(float64(a.burst) / float64(a.rate) * float64(time.Second))
}

// addresses knows the addresses of all sockets, and for a while those that had
// some: an address that closes its sockets does not start afresh.
type addresses struct {
	spends, opens, asks allowance
	maxSockets          int           // of an address; below 0 any number
	maxStrangers        int           // likewise
	keep                time.Duration // until an idle address may do all at once again

	mu    sync.Mutex
	known map[netip.Addr]*address
	idle  []idleAddress // the longest idle first
}

type idleAddress struct {
	*address
	since time.Time
}

// maxIdle bounds how many addresses without a socket are remembered.
const maxIdle = 1 << 16

func (a *addresses) init(cfg *Config) {
	a.known = make(map[netip.Addr]*address)
	a.maxSockets, a.maxStrangers = cfg.MaxConnectionsPerAddress, share(cfg.MaxUnauthenticated)
	a.spends = allow(cfg.AddressMessageRate, int(2*cfg.AddressMessageRate))
	// All sockets of an address may come at once, as after a restart.
	a.opens = allow(cfg.AddressConnectionRate, max(int(2*cfg.AddressConnectionRate), a.maxSockets))
	a.asks = allow(cfg.AddressConnectionRate, int(2*cfg.AddressConnectionRate))
	a.keep = max(a.spends.refill(), a.opens.refill(), a.asks.refill())
}

// share is the part of a limit for all that one address may take, so that it does
// not keep the others out: a quarter.
func share(most int) int {
	if most < 0 {
		return most
	}
	return max(1, most/4)
}

// admit counts a socket that has not authenticated. Without an address it gives
// the limit that is met.
func (a *addresses) admit(ip netip.Addr) (*address, limit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.find(ip)
	met := func(n, most int) bool { return most >= 0 && n >= most }
	switch {
	case met(f.sockets, a.maxSockets):
		return nil, limitAddressConnections
	case met(f.strangers, a.maxStrangers):
		return nil, limitUnauthenticated
	case f.opens != nil && !f.opens.Allow():
		return nil, limitConnects
	}
	f.users++
	f.sockets++
	f.strangers++
	return f, 0
}

// authenticated notes that a socket has authenticated, or never will.
func (a *addresses) authenticated(f *address) {
	a.mu.Lock()
	f.strangers--
	a.mu.Unlock()
}

// leave gives back what admit gave.
func (a *addresses) leave(f *address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.sockets--
	a.release(f)
}

// knock counts a connection that is no socket yet. It reports whether the address
// has more than most of them now; below 0 any number is right.
func (a *addresses) knock(ip netip.Addr, most int) (crowded bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.find(ip)
	f.users++
	f.handshakes++
	return most >= 0 && f.handshakes > most
}

// knocked takes back what knock counted.
func (a *addresses) knocked(ip netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.known[ip] // it is there: it is in use
	f.handshakes--
	a.release(f)
}

// use finds an address for a request, until done.
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
	f := a.known[ip]
	if f == nil {
		f = &address{ip: ip, spends: a.spends.limiter(), opens: a.opens.limiter(), asks: a.asks.limiter()}
		a.known[ip] = f
	}
	return f
}

func (a *addresses) release(f *address) {
	f.users--
	switch {
	case f.users > 0 || f.waiting:
	case f.fresh():
		delete(a.known, f.ip)
	default:
		f.waiting = true
		a.idle = append(a.idle, idleAddress{f, time.Now()})
	}
}

// evict forgets the addresses that have been idle for long, and the longest idle
// ones when there are too many.
func (a *addresses) evict(now time.Time) {
	n := 0
	for ; n < len(a.idle); n++ {
		if now.Sub(a.idle[n].since) < a.keep && len(a.idle)-n <= maxIdle {
			break
		}
		f := a.idle[n].address
		f.waiting = false
		if f.users == 0 {
			delete(a.known, f.ip)
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
	return len(a.known)
}
