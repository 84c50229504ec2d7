package limit

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/protocol"
)

func TestClientIP(t *testing.T) {
	t.Parallel()
	proxies, err := ParseProxies([]string{"10.0.0.0/8", " ::1", "", "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ remote, forwarded, want string }{
		{"203.0.113.5:1", "", "203.0.113.5"},
		{"203.0.113.5:1", "198.51.100.1", "203.0.113.5"}, // not a proxy of ours
		{"10.1.2.3:1", "198.51.100.1", "198.51.100.1"},
		{"10.1.2.3:1", "6.6.6.6, 198.51.100.1", "198.51.100.1"}, // the client's own word
		{"10.1.2.3:1", "198.51.100.1, 10.9.9.9", "198.51.100.1"},
		{"10.1.2.3:1", "junk, 192.0.2.7", "192.0.2.7"},
		{"10.1.2.3:1", "junk", "10.1.2.3"},
		{"10.1.2.3:1", "", "10.1.2.3"},
		{"[::1]:1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"[2001:db8::1%eth0]:1", "", "2001:db8::"},
		{"[::ffff:10.0.0.1]:1", "198.51.100.1", "198.51.100.1"},
		{"10.1.2.3:1", "198.51.100.1:4711", "198.51.100.1"}, // some proxies add the port
		{"10.1.2.3:1", "[2001:db8:1:2::9]:4711", "2001:db8:1:2::"},
		{"10.1.2.3:1", "[2001:db8:1:2::9]", "2001:db8:1:2::"},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
		if tt.forwarded != "" {
			r.Header["X-Forwarded-For"] = strings.Split(tt.forwarded, ",")
		}
		if got := proxies.ClientIP(r); got != netip.MustParseAddr(tt.want) {
			t.Errorf("%s for %q is %s, want %s", tt.remote, tt.forwarded, got, tt.want)
		}
	}
}

// TestAddressesAreForgotten, but not before they may do all at once again.
func TestAddressesAreForgotten(t *testing.T) {
	t.Parallel()
	setup := func(messages, connects float64) *addresses {
		return newAddresses(&Config{AddressMessageRate: messages, AddressConnectionRate: connects, MaxConnectionsPerAddress: 1, MaxUnauthenticated: -1})
	}
	ip := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }

	a := setup(1, -1)
	quiet, _ := a.admit(ip(0))
	if f, hit := a.admit(ip(0)); f != nil || hit != AddressConnections {
		t.Errorf("an address has two sockets, the limit is one: %v", hit)
	}
	a.leave(quiet)
	if n := a.len(); n != 0 {
		t.Errorf("%d addresses are known that said nothing", n)
	}
	for i := range maxIdle + 1000 {
		f, _ := a.admit(ip(i))
		f.messages.AllowN(time.Now(), 2)
		a.leave(f)
	}
	if n := a.len(); n > maxIdle+1 {
		t.Errorf("%d idle addresses are known, want no more than %d", n, maxIdle)
	}
	last, _ := a.admit(ip(maxIdle + 999))
	if last.messages.Allow() {
		t.Error("an address that comes back starts afresh")
	}
	a.mu.Lock()
	a.evict(time.Now().Add(time.Minute))
	a.mu.Unlock()
	if n := a.len(); n != 1 {
		t.Errorf("%d addresses are known, want the one that has a socket", n)
	}
	a.leave(last)

	b := setup(-1, 1e-6)
	f, _ := b.admit(ip(0))
	b.leave(f)
	if _, hit := b.admit(ip(0)); hit != Connects || b.len() != 1 {
		t.Errorf("an address that connects again starts afresh: %v, %d known", hit, b.len())
	}
}

func TestParseProxiesRefusesHostBits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.5/8":     "give 10.0.0.0/8 for the whole network, or 10.0.0.5 for one address",
		"2001:db8::1/64": "give 2001:db8::/64 for the whole network, or 2001:db8::1 for one address",
	} {
		_, err := ParseProxies([]string{text})
		problem, ok := errors.AsType[*protocol.Problem](err)
		if !ok || problem.ID != "trusted-proxy" || problem.Hint != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := ParseProxies([]string{"10.0.0.0/8", "10.0.0.5/32", "::/0"}); err != nil {
		t.Error(err)
	}
}
