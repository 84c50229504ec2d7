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
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			var ip netip.Addr
			if ip, err = netip.ParseAddr(s); err == nil {
				prefix = netip.PrefixFrom(ip.Unmap(), ip.Unmap().BitLen())
			}
		}
		if err != nil {
			return nil, &protocol.Problem{
				What: fmt.Sprintf("%q, given as a trusted proxy, is none", s),
				Cure: "want an address or a network, as in 10.0.0.0/8",
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
	from, _ := netip.ParseAddrPort(r.RemoteAddr) // none for a Unix socket: all of those are one
	ip := from.Addr().Unmap().WithZone("")
	if !s.proxies.trust(ip) {
		return network(ip)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.proxies.trust(ip); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop.Unmap().WithZone("")
	}
	return network(ip)
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

	sockets int  // the following under addresses.mu
	users   int  // sockets, and requests under way
	waiting bool // it is in the list of idle ones
}

// addresses knows the addresses of all sockets, and for a while those that had
// some: an address that closes its sockets does not start afresh.
type addresses struct {
	limit rate.Limit
	burst int
	keep  time.Duration // until an idle address has its whole burst again

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

func (a *addresses) init(perSecond float64) {
	a.known = make(map[netip.Addr]*address)
	a.limit, a.burst = rate.Inf, 0
	if perSecond > 0 {
		a.limit, a.burst = rate.Limit(perSecond), max(1, int(2*perSecond))
		a.keep = time.Duration(float64(a.burst) / perSecond * float64(time.Second))
	}
}

// use finds an address for a socket or a request. It is nil when there are as many
// sockets as there may be.
func (a *addresses) use(ip netip.Addr, socket bool, maxSockets int) *address {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.evict(time.Now())
	f := a.known[ip]
	if f == nil {
		f = &address{ip: ip}
		if a.limit != rate.Inf {
			f.spends = rate.NewLimiter(a.limit, a.burst)
		}
		a.known[ip] = f
	}
	if socket && maxSockets > 0 && f.sockets >= maxSockets {
		return nil
	}
	f.users++
	if socket {
		f.sockets++
	}
	return f
}

// done gives back what use gave.
func (a *addresses) done(f *address, socket bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.users--
	if socket {
		f.sockets--
	}
	switch {
	case f.users > 0 || f.waiting:
	case f.spends == nil || f.spends.Tokens() >= float64(a.burst):
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
