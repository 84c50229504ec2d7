package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/protocol"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	listed := setup(t, func(c *Config) {
		c.AllowedOrigins = []string{"https://App.example.com/", " http://localhost:3000", " https://bücher.example:443", ""}
	})
	all := setup(t, func(c *Config) { c.AllowedOrigins = []string{"*"} })
	none := setup(t)
	for _, tt := range []struct {
		name, origin string
		site         *site
		allowed      bool
	}{
		{"NoBrowser", "", none, true},
		{"OwnHost", none.http.URL, none, true},
		{"Other", "https://app.example.com", none, false},
		{"Null", "null", none, false},
		{"Listed", "https://app.example.com", listed, true},
		{"ListedWithPort", "http://localhost:3000", listed, true},
		{"ListedWithDefaultPort", "https://app.example.com:443", listed, true},
		{"ListedWithoutDefaultPort", "https://xn--bcher-kva.example", listed, true},
		{"OtherPort", "http://localhost:3001", listed, false},
		{"OtherScheme", "http://app.example.com", listed, false},
		{"Longer", "https://app.example.com.evil.org", listed, false},
		{"All", "https://anything.example", all, true},
		{"AllNull", "null", all, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			if tt.origin != "" {
				h.Set("Origin", tt.origin)
			}
			conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), tt.site.url("/realtime/collections/users"), h)
			if err == nil {
				defer conn.Close()
			} else if answer == nil || answer.StatusCode != http.StatusForbidden {
				t.Fatalf("refused with %v", err)
			}
			defer answer.Body.Close()
			if (err == nil) != tt.allowed {
				t.Errorf("allowed: %v, want %v", err == nil, tt.allowed)
			}
		})
	}
}

// An allowed origin is read as a browser would write it.
func TestParseOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://example.com":              "https://example.com",
		"https://example.com/":             "https://example.com",
		"https://example.com:443":          "https://example.com",
		"http://example.com:80":            "http://example.com",
		"http://example.com:443":           "http://example.com:443",
		"https://example.com:0443":         "https://example.com",
		"https://example.com:":             "https://example.com",
		"HTTPS://Example.COM:8443":         "https://example.com:8443",
		"https://example.com.":             "https://example.com.",
		"http://my_app.local":              "http://my_app.local",
		"https://bücher.example":           "https://xn--bcher-kva.example",
		"https://BÜCHER.example":           "https://xn--bcher-kva.example",
		"https://faß.de":                   "https://xn--fa-hia.de",
		"https://пример.рф":                "https://xn--e1afmkfd.xn--p1ai",
		"http://127.0.0.1:3000":            "http://127.0.0.1:3000",
		"http://[::1]:3000":                "http://[::1]:3000",
		"http://[0:0:0:0:0:0:0:1]:80":      "http://[::1]",
		"https://[2001:DB8::A]":            "https://[2001:db8::a]",
		"http://[::ffff:1.2.3.4]":          "http://[::ffff:102:304]",
		"capacitor://localhost":            "capacitor://localhost",
		"chrome-extension://abcdefghijklm": "chrome-extension://abcdefghijklm",
	} {
		if o, err := parseOrigin(text); err != nil || o.String() != want {
			t.Errorf("%s is %s, %v; want %s", text, o, err, want)
		}
	}
}

// An origin that no browser sends is refused, with a hint.
func TestParseOriginRefuses(t *testing.T) {
	t.Parallel()
	const all = "* for all"
	for text, cure := range map[string]string{
		"example.com":                    "give https://example.com",
		"Example.com:443":                "give https://example.com",
		"example.com/app":                "give https://example.com",
		"//example.com":                  "give https://example.com",
		"https:/example.com":             "give https://example.com",
		"http:example.com":               "give http://example.com",
		"localhost":                      "give http://localhost",
		"localhost:3000":                 "give http://localhost:3000",
		"127.0.0.1:3000":                 "give http://127.0.0.1:3000",
		"[::1]:3000":                     "give http://[::1]:3000",
		"https://example.com/app":        "give https://example.com",
		"https://example.com:443/app":    "give https://example.com",
		"https://example.com/?":          "give https://example.com",
		"https://example.com?a=1":        "give https://example.com",
		"https://example.com#a":          "give https://example.com",
		"https://user:pw@example.com":    "give https://example.com",
		"wss://example.com":              "give https://example.com",
		"ws://localhost:80":              "give http://localhost",
		"https://*.example.com":          "list each origin",
		"*.example.com":                  "list each origin",
		"http://localhost:*":             "list each origin",
		"https://*":                      "list each origin",
		"null":                           all,
		"file:///home/me/index.html":     all,
		"https://":                       all,
		"https://example.com:65536":      all,
		"https://example.com:0":          all,
		"https://example.com:x":          all,
		"https://a.example https://b.ex": all,
		"'https://example.com'":          all,
		"http://::1:3000":                all,
		"http://[fe80::1%25eth0]":        all,
		"http://[1.2.3.4]":               all,
		"http://127.1":                   all,
		"http://0x7f.1":                  all,
		"http://1.2.3.256":               all,
		"http://a.b.0x":                  all,
		"https://ex<a>mple.com":          all,
		"https://xn--a.example":          all,
		"https://a\u200db.example":       all,
	} {
		o, err := parseOrigin(text)
		var problem *protocol.Problem
		switch {
		case !errors.As(err, &problem):
			t.Errorf("%q is taken as %s", text, o)
		case !strings.Contains(problem.Hint, cure) || !strings.Contains(problem.What, "the allowed origin "):
			t.Errorf("%q: %s; to do: %s, want %s", text, problem.What, problem.Hint, cure)
		}
	}
}

// A page of the server's own host may connect, whatever spelling its port has.
func TestOwnHost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		origin, host string
		want         bool
	}{
		{"https://app.example.com", "app.example.com", true},
		{"https://app.example.com", "APP.example.com:443", true},
		{"https://app.example.com:443", "app.example.com", true},
		{"http://app.example.com", "app.example.com:80", true},
		{"http://app.example.com", "app.example.com", true},
		{"http://app.example.com", "app.example.com:443", false},
		{"https://app.example.com", "app.example.com:80", false},
		{"http://localhost:3000", "localhost:3000", true},
		{"http://localhost:3000", "localhost", false},
		{"http://localhost", "localhost:3000", false},
		{"http://[::1]:3000", "[::1]:3000", true},
		{"http://[::1]", "[::1]", true},
		{"http://[::1]", "[::1]:80", true},
		{"http://[::1]", "[::2]", false},
		{"https://app.example.com.evil.org", "app.example.com", false},
		{"https://user@app.example.com", "app.example.com", false},
		{"https://app.example.com/path", "app.example.com", false},
		{"null", "null", false},
		{"", "", true}, // no browser
		{"https://", "", false},
		{"app.example.com", "app.example.com", false},
		{"//app.example.com", "app.example.com", false},
	} {
		r := &http.Request{Host: tt.host, Header: http.Header{}}
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		if got := (origins{}).allow(r); got != tt.want {
			t.Errorf("a page of %q at %q: allowed %v, want %v", tt.origin, tt.host, got, tt.want)
		}
	}
}

// drawOrigin draws a text that somebody may give as an origin.
func drawOrigin(t *rapid.T) string {
	label := rapid.SampledFrom([]string{"example", "EXAMPLE", "a", "xn--bcher-kva", "bücher", "faß", "日本", "my_app", "-a-", "7", "127", "0x7f", "ab\u200d", "☕", "I\u0307", "xn--", "%41", "a b", ""})
	parts := []string{
		rapid.SampledFrom([]string{"http", "https", "HTTP"}).Draw(t, "scheme"), "://",
		rapid.SampledFrom([]string{"", "", "", "user@"}).Draw(t, "user"),
		rapid.OneOf(
			rapid.Map(rapid.SliceOfN(label, 1, 4), func(l []string) string { return strings.Join(l, ".") }),
			rapid.SampledFrom([]string{"127.0.0.1", "1.2.3.4.", "127.1", "010.0.0.1", "[::1]", "[0:0::1]", "[::FFFF:1.2.3.4]", "[1:2:3:4:5:6:7:0]", "[fe80::1%25e]", "[::1"}),
		).Draw(t, "host"),
		rapid.SampledFrom([]string{"", "", ":", ":80", ":443", ":0443", ":8080", ":65535", ":65536", ":x"}).Draw(t, "port"),
		rapid.SampledFrom([]string{"", "", "/", "/a", "?", "#"}).Draw(t, "rest"),
	}
	return strings.Join(parts, "")
}

// Node reads URLs as browsers do. So an origin that is accepted must be equal to Node's,
// and one that Node refuses must be refused.
func TestOriginsAsBrowsersHaveThem(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		unavailable := t.Skip
		if os.Getenv("CI") != "" {
			unavailable = t.Fatal
		}
		unavailable("no Node found: apt-get install nodejs")
	}
	texts := make([]string, 2000)
	for i := range texts {
		texts[i] = rapid.Custom(drawOrigin).Example(i)
	}
	cmd := exec.CommandContext(t.Context(), node, "-e", `
		const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
		console.log(JSON.stringify(texts.map((t) => { try { return new URL(t).origin } catch { return '' } })));`)
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var browser []string
	if err := json.Unmarshal(out, &browser); err != nil {
		t.Fatal(err)
	}
	taken := 0
	for i, text := range texts {
		o, err := parseOrigin(text)
		if err != nil {
			continue
		}
		taken++
		if o.String() != browser[i] {
			t.Errorf("%q is taken as %s, a browser has %q", text, o, browser[i])
		}
		if page, ok := readOrigin(browser[i]); !ok || page != o {
			t.Errorf("%q is taken as %s, and a page's header as %s", text, o, page)
		}
	}
	if taken < len(texts)/10 {
		t.Errorf("%d of %d are taken", taken, len(texts))
	}
}
