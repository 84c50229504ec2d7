package limit

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// Proxies are the networks of proxies whose X-Forwarded-For is trusted.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks: "10.0.0.7", "10.0.0.0/8". It ignores blanks
// around them and empty ones. It refuses a network with bits behind its length, such as
// "10.0.0.5/8", because one address may be meant.
func ParseProxies(list []string) (Proxies, error) {
	var p Proxies
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
			return nil, badProxy("is not an address or a network", s, "give an address or a network, as in 10.0.0.0/8")
		}
		if network := prefix.Masked(); network != prefix {
			return nil, badProxy("is an address with the length of a network", s,
				fmt.Sprintf("give %s for the whole network, or %s for one address", network, prefix.Addr()))
		}
		p = append(p, prefix)
	}
	return p, nil
}

func badProxy(what, proxy, hint string) error {
	return &protocol.Problem{ID: "trusted-proxy", What: fmt.Sprintf("the trusted proxy %q %s", proxy, what), Hint: hint}
}

// TrustAll reports whether one of the networks has all addresses of IPv4 or of IPv6.
func (p Proxies) TrustAll() bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Bits() == 0 })
}

// MayBeForgotten reports whether a client's address is likely that of a proxy which is
// missing in p: it is a loopback, link-local or private address (RFC 1918, RFC 4193).
func (p Proxies) MayBeForgotten(ip netip.Addr) bool {
	return (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()) && !p.trust(ip)
}

func (p Proxies) trust(ip netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// ClientIP returns the client address of a request: the last address in X-Forwarded-For
// that is not a trusted proxy, if the peer is one; else the peer's.
func (p Proxies) ClientIP(r *http.Request) netip.Addr {
	ip := PeerIP(r.RemoteAddr)
	if !p.trust(ip) {
		return network(ip)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trust(ip); i-- {
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

// PeerIP returns the address of a connection's other end, from its text with a port. It
// is not valid for a Unix socket: all of those count as one address.
func PeerIP(remote string) netip.Addr {
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap().WithZone("")
}

// network returns the part of an address that one client has for itself: a whole IPv4
// address, or the first 64 bits of an IPv6 one.
func network(ip netip.Addr) netip.Addr {
	if !ip.Is6() {
		return ip
	}
	prefix, _ := ip.Prefix(64) // never fails
	return prefix.Addr()
}
