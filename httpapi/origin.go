package httpapi

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"

	"github.com/tablewire/tablewire/protocol"
)

// origin is a page's origin as a browser sends it in the header Origin (Fetch Standard,
// section 3.1): in lower case and ASCII, an IPv6 address without its brackets. The port is
// empty if it is the scheme's default.
type origin struct{ scheme, host, port string }

func (o origin) String() string {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if o.port != "" {
		host += ":" + o.port
	}
	return o.scheme + "://" + host
}

// isHost reports whether the page is from the host that a request was sent to. It does
// not compare the scheme, because a proxy may have terminated TLS.
func (o origin) isHost(hostHeader string) bool {
	host, port, err := net.SplitHostPort(hostHeader)
	if err != nil {
		host, port = strings.Trim(hostHeader, "[]"), ""
	}
	return o.host == strings.ToLower(host) && o.port == explicitPort(o.scheme, port)
}

// explicitPort returns the port, or "" if it is the scheme's default.
func explicitPort(scheme, port string) string {
	if port == defaultPorts[scheme] {
		return ""
	}
	return port
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// readOrigin reads a request's header. Browsers send no path, and a host in the form in
// which they resolve it.
func readOrigin(header string) (o origin, ok bool) {
	u, err := url.Parse(header)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return origin{}, false
	}
	return origin{u.Scheme, strings.ToLower(u.Hostname()), explicitPort(u.Scheme, u.Port())}, true
}

// giveOrigin is the hint for a text that is no origin.
const giveOrigin = "give scheme and host, as in https://app.example.com, or * for all"

// parseOrigin reads an origin that an operator allows, in the form in which a browser would
// write it. It refuses what no browser sends, because that would match no page.
func parseOrigin(text string) (origin, error) {
	o, wrong, hint := browserOrigin(text)
	if wrong == "" {
		return o, nil
	}
	if hint == "" {
		hint = guessOrigin(text)
	}
	return origin{}, &protocol.Problem{ID: "allowed-origin", What: fmt.Sprintf("the allowed origin %q %s", text, wrong), Hint: hint}
}

// browserOrigin returns an origin as a browser would write it, or what is wrong with it
// and, if there is a better one than guessOrigin's, a hint.
func browserOrigin(text string) (o origin, wrong, hint string) {
	u, err := url.Parse(text)
	switch {
	case text == "null":
		return o, "is sent by every page without an origin, such as a file or a sandboxed frame", "serve the page over HTTP, or give * for all"
	case strings.Contains(text, "*"):
		return o, "has a wildcard in it, but hosts are compared as a whole", "list each origin, as in https://app.example.com, or give * alone for all"
	case err != nil || u.Scheme == "" || u.Host == "":
		return o, "has no scheme and host", ""
	}
	if o.host, err = browserHost(u); err != nil {
		return o, "has a host that no page can have: " + err.Error(), giveOrigin
	}
	o.scheme = u.Scheme
	if page, isSocket := pageSchemes[u.Scheme]; isSocket {
		o.scheme = page
	}
	if o.port, err = browserPort(o.scheme, u.Port()); err != nil {
		return o, "has a port that no page can have: " + err.Error(), giveOrigin
	}
	switch {
	case o.scheme != u.Scheme:
		return o, "has the scheme of a socket, but a browser sends the page's", "give " + o.String()
	case u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" || u.ForceQuery:
		return o, "has more than scheme and host, but a browser sends no more", "give " + o.String()
	}
	return o, "", ""
}

// pageSchemes has the scheme of the pages by that of their WebSocket connections.
var pageSchemes = map[string]string{"ws": "http", "wss": "https"}

// guessOrigin returns the hint for an origin without a scheme, or with a misspelt one.
func guessOrigin(text string) string {
	scheme, rest := "", text
	for s := range defaultPorts {
		if after, ok := strings.CutPrefix(text, s+":"); ok {
			scheme, rest = s, after
		}
	}
	u, err := url.Parse("//" + strings.TrimLeft(rest, "/"))
	if err != nil || u.Host == "" || scheme == "" && strings.Contains(text, "://") {
		return giveOrigin
	}
	_, notIP := netip.ParseAddr(u.Hostname())
	switch {
	case scheme != "":
	case notIP == nil || u.Hostname() == "localhost":
		scheme = "http"
	default:
		scheme = "https"
	}
	o, wrong, _ := browserOrigin(scheme + "://" + u.Host)
	if wrong != "" {
		return giveOrigin
	}
	return "give " + o.String()
}

// browserPort returns a port as a browser writes it.
func browserPort(scheme, port string) (string, error) {
	if port == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("%s is not a port", port)
	}
	return explicitPort(scheme, strconv.FormatUint(n, 10)), nil
}

// domains maps names to ASCII as browsers do (URL Standard, section 3.3).
var domains = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
	idna.CheckHyphens(false), idna.StrictDomainName(false), idna.VerifyDNSLength(false),
)

// browserHost returns a URL's host as a browser writes it.
func browserHost(u *url.URL) (string, error) {
	host := strings.ToLower(u.Hostname())
	if strings.HasPrefix(u.Host, "[") {
		return browserIPv6(host)
	}
	if !isASCII(host) || strings.Contains(host, "xn--") {
		ascii, err := domains.ToASCII(host)
		if err != nil || slices.Contains(strings.Split(host, "."), "xn--") {
			return "", fmt.Errorf("%q is not a domain name", host)
		}
		host = ascii
	}
	if slices.Contains(strings.Split(strings.TrimSuffix(host, "."), "."), "") || strings.ContainsAny(host, "\x00\t\n\r #%/:<>?@[\\]^|\x7f") {
		return "", fmt.Errorf("%q is not a domain name", host)
	}
	return host, checkIPv4(host)
}

// checkIPv4 refuses a host that a browser reads as an IPv4 address, for which it knows many
// spellings (URL Standard, section 3.5.1), unless it is spelt as a browser writes it.
func checkIPv4(host string) error {
	last := strings.TrimSuffix(host, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	hex, isHex := strings.CutPrefix(last, "0x")
	isHex = isHex && strings.Trim(hex, "0123456789abcdef") == ""
	if isNumber := last != "" && strings.Trim(last, "0123456789") == ""; !isNumber && !isHex {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Is4() {
		return fmt.Errorf("%q is not an IPv4 address of four numbers", host)
	}
	return nil
}

// browserIPv6 returns an address as a browser writes it: in hexadecimal also where it
// embeds an IPv4 address.
func browserIPv6(text string) (string, error) {
	ip, err := netip.ParseAddr(text)
	if err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", fmt.Errorf("%q is not an IPv6 address, or has a zone", text)
	}
	if !ip.Is4In6() {
		return ip.String(), nil
	}
	b := ip.As16()
	return fmt.Sprintf("::ffff:%x:%x", uint16(b[12])<<8|uint16(b[13]), uint16(b[14])<<8|uint16(b[15])), nil
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > '~' }) < 0
}

// origins are the origins of the pages that may connect.
type origins struct {
	all    bool
	listed map[origin]bool
}

// parseOrigins reads a list, whose entries may have blanks around them.
func parseOrigins(allowed []string) (origins, error) {
	o := origins{listed: make(map[origin]bool, len(allowed))}
	for _, text := range allowed {
		switch text = strings.TrimSpace(text); text {
		case "":
		case "*":
			o.all = true
		default:
			page, err := parseOrigin(text)
			if err != nil {
				return origins{}, err
			}
			o.listed[page] = true
		}
	}
	return o, nil
}

// allow reports whether a request may connect, by its Origin header (RFC 6455, section 10.2).
func (o origins) allow(r *http.Request) bool {
	header := r.Header.Get("Origin")
	if header == "" || o.all {
		return true
	}
	page, ok := readOrigin(header)
	return ok && (o.listed[page] || page.isHost(r.Host))
}
