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

// origin is where a page is from, as a browser sends it in the header Origin (Fetch
// Standard, section 3.1), taken apart: in lower case and ASCII, an IPv6 address
// without its brackets. The port is empty where it is the scheme's own.
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

// isOf reports whether the page is from the host that a request was sent to. The
// request says nothing of its scheme: a proxy may have taken TLS away.
func (o origin) isOf(hostHeader string) bool {
	host, port, err := net.SplitHostPort(hostHeader)
	if err != nil {
		host, port = strings.Trim(hostHeader, "[]"), ""
	}
	return o.host == strings.ToLower(host) && o.port == portBeside(o.scheme, port)
}

// portBeside leaves out a port that is the scheme's own.
func portBeside(scheme, port string) string {
	if port == defaultPorts[scheme] {
		return ""
	}
	return port
}

var defaultPorts = map[string]string{"http": "80", "https": "443"}

// readOrigin reads the header of a request. Browsers send no path, and hosts as they
// resolve them.
func readOrigin(header string) (o origin, ok bool) {
	u, err := url.Parse(header)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return origin{}, false
	}
	return origin{u.Scheme, strings.ToLower(u.Hostname()), portBeside(u.Scheme, u.Port())}, true
}

// giveOrigin is what to do about an allowed origin that is none.
const giveOrigin = "give scheme and host, as in https://app.example.com, or * for all"

// parseOrigin reads an origin that an operator allows, as a browser would write it.
// It refuses what no browser sends, because that would match no page.
func parseOrigin(text string) (origin, error) {
	o, wrong, cure := browserOrigin(text)
	if wrong == "" {
		return o, nil
	}
	if cure == "" {
		cure = meantOrigin(text)
	}
	return origin{}, &protocol.Problem{ID: "allowed-origin", What: fmt.Sprintf("the allowed origin %q %s", text, wrong), Hint: cure}
}

// browserOrigin is an origin as a browser would write it, or what is wrong with it and
// what to do, if that can be told.
func browserOrigin(text string) (o origin, wrong, cure string) {
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

// pageSchemes are those of the pages that open sockets of a scheme.
var pageSchemes = map[string]string{"ws": "http", "wss": "https"}

// meantOrigin is what to do about an origin without a scheme, or with one that is
// spelt wrong.
func meantOrigin(text string) string {
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

// browserPort is a port as a browser writes it.
func browserPort(scheme, port string) (string, error) {
	if port == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("%s is no port", port)
	}
	return portBeside(scheme, strconv.FormatUint(n, 10)), nil
}

// domains maps names to ASCII as browsers do (URL Standard, section 3.3).
var domains = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
	idna.CheckHyphens(false), idna.StrictDomainName(false), idna.VerifyDNSLength(false),
)

// browserHost is a URL's host as a browser writes it.
func browserHost(u *url.URL) (string, error) {
	host := strings.ToLower(u.Hostname())
	if strings.HasPrefix(u.Host, "[") {
		return browserIPv6(host)
	}
	if !isASCII(host) || strings.Contains(host, "xn--") {
		ascii, err := domains.ToASCII(host)
		if err != nil || slices.Contains(strings.Split(host, "."), "xn--") {
			return "", fmt.Errorf("%q is no domain name", host)
		}
		host = ascii
	}
	if slices.Contains(strings.Split(strings.TrimSuffix(host, "."), "."), "") || strings.ContainsAny(host, "\x00\t\n\r #%/:<>?@[\\]^|\x7f") {
		return "", fmt.Errorf("%q is no domain name", host)
	}
	return host, numeric(host)
}

// numeric refuses a host that a browser takes for an IPv4 address, of which it reads
// many spellings (URL Standard, section 3.5.1), and that is not the one that it writes.
func numeric(host string) error {
	last := strings.TrimSuffix(host, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	hex, isHex := strings.CutPrefix(last, "0x")
	isHex = isHex && strings.Trim(hex, "0123456789abcdef") == ""
	if isNumber := last != "" && strings.Trim(last, "0123456789") == ""; !isNumber && !isHex {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.Is4() {
		return fmt.Errorf("%q is no IPv4 address of four numbers", host)
	}
	return nil
}

// browserIPv6 is an address as a browser writes it, which has no form for those that
// hold an IPv4 address.
func browserIPv6(text string) (string, error) {
	ip, err := netip.ParseAddr(text)
	if err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", fmt.Errorf("%q is no IPv6 address, or has a zone", text)
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

// origins are the pages that may open sockets.
type origins struct {
	all    bool
	listed map[origin]bool
}

// parseOrigins reads a list as an operator gives it: with blanks behind its commas.
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

// allow decides over a request by its Origin header (RFC 6455, section 10.2).
func (o origins) allow(r *http.Request) bool {
	header := r.Header.Get("Origin")
	if header == "" || o.all {
		return true
	}
	page, ok := readOrigin(header)
	return ok && (o.listed[page] || page.isOf(r.Host))
}
