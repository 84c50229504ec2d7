package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/answers.txt again")

// answerSite is a server in some state, with the requests that it is sent.
type answerSite struct {
	name    string
	change  func(*Config)
	after   func(*testing.T, *site)
	methods []string
	paths   []string
	headers []string
}

const upgradeHeader = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

var answerSites = []answerSite{
	{
		name:    "plain",
		methods: []string{"GET", "HEAD", "POST", "OPTIONS", "DELETE"},
		paths: []string{
			"/", "/livez", "/livez/", "/readyz", "/readyz?x=1", "/realtime", "/realtime/", "/realtime/rooms", "/realtime/rooms/", "/realtime/rooms/a/b",
			"/realtime/collections", "/realtime/collections/", "/realtime/collections/users", "/realtime/collections/a//b/../c",
			"/realtime/broadcast", "/realtime/broadcast/", "/realtime/nowhere", "/nowhere", "//realtime/rooms", "/realtime//rooms", "/x/../livez", "/livez%2f", "/live%7a",
		},
		headers: []string{""},
	},
	{
		name: "pages", change: func(c *Config) { c.AllowedOrigins = []string{"https://app.example.com"} },
		methods: []string{"GET", "OPTIONS", "POST"},
		paths:   []string{"/realtime/rooms", "/realtime/broadcast", "/livez"},
		headers: []string{
			"X-Api-Key: " + testKey + "\r\n", "X-Api-Key:  " + testKey + " \r\nOrigin: https://app.example.com\r\n", "X-Api-Key: wrong\r\n",
			"X-Api-Key: wrong\r\nOrigin: https://evil.example\r\n", "X-Api-Key: " + testKey + "\r\nOrigin: https://evil.example\r\n",
		},
	},
	{
		name: "sockets", methods: []string{"GET", "HEAD", "POST"},
		paths: []string{"/realtime/broadcast", "/realtime/collections/users", "/realtime/rooms/x"},
		headers: []string{
			upgradeHeader + "Sec-WebSocket-Version: 12\r\n", upgradeHeader,
			upgradeHeader + "Sec-WebSocket-Version: 13\r\nOrigin: https://evil.example\r\n",
			"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n",
			upgradeHeader + "Sec-WebSocket-Version: 13\r\n",
			"Connection: Upgrade\r\nUpgrade: h2c\r\n",
		},
	},
	{
		name: "root",
		change: func(c *Config) {
			c.Root = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/nothing":
				case "/panic":
					panic("a page")
				case "/begun":
					_, _ = io.WriteString(w, "begun")
					panic("a page")
				case "/missing":
					http.NotFound(w, r)
				default:
					_, _ = io.WriteString(w, r.Method+" "+r.URL.Path)
				}
			})
			c.Ready = func() error { return context.DeadlineExceeded }
		},
		methods: []string{"GET", "HEAD", "POST", "OPTIONS"},
		paths:   []string{"/", "/nothing", "/panic", "/begun", "/missing", "/a/b", "/livez", "/readyz", "/realtime", "/realtime/", "/realtime/nowhere", "//realtime/rooms", "/realtime/rooms"},
		headers: []string{""},
	},
	{
		name: "limited", change: func(c *Config) { c.AddressConnectionRate, c.MaxConnections = hopeless, 0 },
		after:   func(t *testing.T, w *site) { w.get(t, "/livez") },
		methods: []string{"GET", "HEAD", "OPTIONS", "POST"},
		paths:   []string{"/", "/livez", "/readyz", "/realtime/rooms", "/realtime/broadcast", "/nowhere"},
		headers: []string{"", "Origin: https://evil.example\r\n"},
	},
	{
		name:    "draining",
		after:   func(t *testing.T, w *site) { w.Drain(t.Context()) },
		methods: []string{"GET", "HEAD"},
		paths:   []string{"/livez", "/readyz", "/realtime/rooms", "/realtime/broadcast"},
		headers: []string{"", upgradeHeader + "Sec-WebSocket-Version: 13\r\n", upgradeHeader + "Sec-WebSocket-Version: 13\r\nOrigin: https://evil.example\r\n"},
	},
}

// askAll sends all requests of a site, and groups them by their answers.
func (s answerSite) askAll(t *testing.T, addr string) map[string][]string {
	answers := map[string][]string{}
	for _, method := range s.methods {
		for _, path := range s.paths {
			for _, header := range s.headers {
				got := ask(t, addr, method, path, header)
				request := fmt.Sprintf("%s %s %q", method, path, header)
				answers[got] = append(answers[got], request)
			}
		}
	}
	return answers
}

// ask sends a request on a connection of its own, and shows the answer but for its date.
func ask(t *testing.T, addr, method, path, header string) string {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patient))
	_, _ = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n", method, path, header)
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	defer answer.Body.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nclose: %v, length: %d, encoding: %v\n", answer.Status, answer.Close, answer.ContentLength, answer.TransferEncoding)
	answer.Header.Del("Date")
	for _, name := range slices.Sorted(maps.Keys(answer.Header)) {
		fmt.Fprintf(&b, "%s: %q\n", name, answer.Header[name])
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		body, err := io.ReadAll(answer.Body)
		fmt.Fprintf(&b, "%q %v\n", body, err)
	}
	return b.String()
}

func show(name string, answers map[string][]string) string {
	var b strings.Builder
	var groups []string
	for answer, requests := range answers {
		groups = append(groups, strings.Join(requests, "\n")+"\n"+answer+"\n")
	}
	slices.Sort(groups)
	fmt.Fprintf(&b, "=== %s\n\n%s", name, strings.Join(groups, ""))
	return b.String()
}

// TestAnswers compares the answers to requests with those of testdata/answers.txt:
// status, headers, framing and body.
func TestAnswers(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, s := range answerSites {
		change := s.change
		if change == nil {
			change = func(*Config) {}
		}
		w := setup(t, change)
		if s.after != nil {
			s.after(t, w)
		}
		got.WriteString(show(s.name, s.askAll(t, w.http.Listener.Addr().String())))
	}
	file := filepath.Join("testdata", "answers.txt")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}

// TestAnswersMounted compares what Routes in a Gin application and Realtime answer with
// what Handler does, wherever a realtime route has the path and the method.
func TestAnswersMounted(t *testing.T) {
	t.Parallel()
	for _, s := range answerSites {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			change := s.change
			if change == nil {
				change = func(*Config) {}
			}
			w := setup(t, change)
			if s.after != nil {
				s.after(t, w)
			}
			engine := gin.New()
			w.Routes(engine)
			mounted := map[string]string{"Handler": w.http.Listener.Addr().String()}
			for name, handler := range map[string]http.Handler{"Gin": engine, "Realtime": w.Realtime()} {
				server := httptest.NewServer(handler)
				t.Cleanup(server.Close)
				mounted[name] = server.Listener.Addr().String()
			}
			compared := 0
			for _, method := range s.methods {
				for _, path := range s.paths {
					for _, header := range s.headers {
						if !w.routed(method, path) {
							continue
						}
						compared++
						want := ask(t, mounted["Handler"], method, path, header)
						for name, addr := range mounted {
							if got := ask(t, addr, method, path, header); got != want {
								t.Errorf("%s: %s %s %q is answered\n%swant\n%s", name, method, path, header, got, want)
							}
						}
					}
				}
			}
			if compared == 0 {
				t.Error("no request was compared")
			}
		})
	}
}

// routed reports whether a realtime route has a path and a method.
func (w *site) routed(method, path string) bool {
	for _, route := range w.realtimeRoutes() {
		if route.has(path) {
			return slices.ContainsFunc(route.handlers, func(h methodHandler) bool { return h.method == method })
		}
	}
	return false
}

// TestRoutesMountNothingElse: an application has its own /livez, and its own mode.
func TestRoutesMountNothingElse(t *testing.T) {
	t.Parallel()
	w := setup(t)
	engine := gin.New()
	engine.GET("/livez", func(c *gin.Context) { c.String(http.StatusOK, "the application's") })
	w.Routes(engine)
	for _, route := range engine.Routes() {
		if route.Path != "/livez" && !strings.HasPrefix(route.Path, "/realtime/") {
			t.Errorf("%s %s is mounted", route.Method, route.Path)
		}
	}
	w.Handler()
	if gin.Mode() != gin.TestMode {
		t.Errorf("Gin's mode has become %s", gin.Mode())
	}
}
