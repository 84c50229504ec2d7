package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/fanout"
	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/jsonstring"
	"github.com/tablewire/tablewire/protocol/wal"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{Hub: fanout.New(fanout.Config{}), Collections: resolveFunc(onlyUsers), APIKey: "k"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"Hub":         func(c *Config) { c.Hub = nil },
		"Collections": func(c *Config) { c.Collections = nil },
		"APIKey":      func(c *Config) { c.APIKey = "" },
		"TwoKeys":     func(c *Config) { c.Authenticate = auth.StaticKey("k") },
		"Timeout":     func(c *Config) { c.AuthTimeout = -1 },
		"Size":        func(c *Config) { c.QueueBytes = -1 },
		"Publisher": func(c *Config) {
			c.Publisher = &fanout.ServerPublisher{Broadcast: new(fanout.Broadcast), Rooms: fanout.NewRooms(fanout.RoomsConfig{})}
			c.Broadcast = new(fanout.Broadcast)
		},
		"Burst":      func(c *Config) { c.MessageBurst = -1 },
		"Proxy":      func(c *Config) { c.TrustedProxies = []string{"proxy.example.com"} },
		"Origin":     func(c *Config) { c.AllowedOrigins = []string{"example.com"} },
		"OriginPath": func(c *Config) { c.AllowedOrigins = []string{"https://example.com/app"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := good
			spoil(&c)
			if _, err := New(c); err == nil {
				t.Errorf("got %v, want an error", err)
			}
		})
	}
}

func TestCollectionNames(t *testing.T) { //nolint:tparallel // the subtests share a channel
	t.Parallel()
	asked := make(chan string, 1)
	collections := func(c *Config) {
		c.Collections = resolveFunc(func(_ context.Context, name string) (*wal.Relation, error) {
			asked <- name
			return users, nil
		})
	}
	names := []string{"users", "app.users", "a/b", "a//b", "/", "..", "a b", "a+b", "naïve", "用户", `q"uote`, "100%", "a?b#c", "realtime/collections/x", "x/"}
	try := func(t *testing.T, w *site, base string) {
		for _, name := range names {
			for _, escaped := range []string{url.PathEscape(name), escapeAll(name)} {
				c := w.dial(t, base+"/realtime/collections/"+escaped)
				c.send(`{"api_key":"` + testKey + `"}`)
				if got := <-asked; got != name {
					t.Errorf("%s asks for %q, want %q", escaped, got, name)
				}
				label := string(jsonstring.Append(nil, name))
				c.want(`{"event":"connected","collection_id":` + label + `,"filters":{}}`)
			}
		}
	}
	t.Run("Handler", func(t *testing.T) { try(t, setup(t, collections), "") })
	t.Run("MountedWithRawPaths", func(t *testing.T) {
		w := setup(t, collections)
		e := gin.New()
		e.UseRawPath = true
		w.Routes(e.Group("/api/:tenant"))
		w.http.Config.Handler = e
		try(t, w, "/api/acme")
	})
}

// escapeAll escapes every byte.
func escapeAll(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		b.WriteString(string([]byte{'%', hex[name[i]>>4], hex[name[i]&15]}))
	}
	return b.String()
}

func TestPlainRequests(t *testing.T) {
	t.Parallel()
	starting := errors.New("the slot is being created")
	plain := setup(t)
	full := setup(t, func(c *Config) {
		c.Ready = func() error { return starting }
		c.Root = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("page " + r.URL.Path)) })
	})
	const upgrade = `{"error":"WebSocket upgrade required","error_detail":"connect with a WebSocket client and send {\"api_key\":\"...\"} as the first message"}`
	for _, tt := range []struct {
		name   string
		site   *site
		path   string
		header []string
		status int
		body   string
	}{
		{"NoUpgrade", plain, "/realtime/collections/users", nil, 426, upgrade},
		{
			"OldVersion", plain, "/realtime/collections/users",
			[]string{"Connection", "upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "8"},
			400,
			`{"error":"WebSocket handshake failed","error_detail":"unsupported version: 13 not found in 'Sec-Websocket-Version' header"}`,
		},
		{"Nowhere", plain, "/realtime/nowhere", nil, 404, `{"error":"Not found","error_detail":"sockets are at /realtime/collections/{name}, /realtime/broadcast and /realtime/rooms/{room_id}"}`},
		{"Root", plain, "/", nil, 200, `{"broadcast":"/realtime/broadcast","collections":"/realtime/collections/{name}","name":"tablewire","rooms":"/realtime/rooms/{room_id}"}`},
		{"Live", plain, "/livez", nil, 200, "{\"status\":\"ok\"}\n"},
		{"Ready", plain, "/readyz", nil, 200, "{\"status\":\"ready\"}\n"},
		{"Starting", full, "/readyz", nil, 503, "{\"status\":\"starting\",\"reason\":\"the slot is being created\"}\n"},
		{"LiveWhileStarting", full, "/livez", nil, 200, "{\"status\":\"ok\"}\n"},
		{"Page", full, "/", nil, 200, "page /"},
		{"PagePart", full, "/app/main.js", nil, 200, "page /app/main.js"},
		{"NowhereWithPage", full, "/realtime/nowhere", nil, 404, `{"error":"Not found","error_detail":"sockets are at /realtime/collections/{name}, /realtime/broadcast and /realtime/rooms/{room_id}"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, body := tt.site.get(t, tt.path, tt.header...)
			if status != tt.status || body != tt.body {
				t.Errorf("got %d %s\nwant %d %s", status, body, tt.status, tt.body)
			}
			if !json.Valid([]byte(body)) && !strings.HasPrefix(body, "page") {
				t.Error("no JSON")
			}
		})
	}
	t.Run("Method", func(t *testing.T) {
		t.Parallel()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, plain.http.URL+"/realtime/collections/users", http.NoBody)
		if status, body := do(t, plain.http.Client(), r); status != 405 || body != `{"error":"Method not allowed"}` {
			t.Errorf("got %d %s", status, body)
		}
	})
}

func TestPinger(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) { c.PingInterval = 100 * time.Millisecond })
	vanished, alive := w.watch(t), w.watch(t)
	pings := make(chan struct{}, 100)
	answer := alive.PingHandler()
	alive.SetPingHandler(func(payload string) error {
		select {
		case pings <- struct{}{}:
		default:
		}
		return answer(payload)
	})
	var reading sync.WaitGroup
	reading.Go(func() { alive.want(createdJSON(1, "still here")) })
	vanished.wantGone() // it never answers the pings
	w.awaitOpen(t, 1)
	for range 3 {
		<-pings
	}
	w.publish(t, created(1, "still here"))
	reading.Wait()
	if n := w.counters.of(protocol.CloseAbnormal).Load(); n != 1 {
		t.Errorf("%d abnormal ends counted, want 1", n)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	t.Run("Flushes", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		c, silent := w.watch(t), w.dial(t, "/realtime/collections/users")
		w.publish(t, created(1, "last"))
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			w.Drain(t.Context())
		}()
		c.want(createdJSON(1, "last"))
		c.wantClose(protocol.CloseRestart)
		silent.wantClose(protocol.CloseRestart)
		<-drained
		if status, body := w.get(t, "/readyz"); status != 503 || body != "{\"status\":\"draining\"}\n" {
			t.Errorf("readyz says %d %s", status, body)
		}
		_, answer, err := websocket.DefaultDialer.DialContext(t.Context(), w.url("/realtime/collections/users"), nil)
		if err == nil || answer == nil || answer.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a new socket gets %v", err)
		}
		if answer != nil {
			_ = answer.Body.Close()
		}
		w.Drain(t.Context()) // again does no harm
	})
	t.Run("CutsWhatStays", func(t *testing.T) {
		t.Parallel()
		waiting := make(chan struct{})
		w := setup(t, func(c *Config) {
			c.Collections = resolveFunc(func(ctx context.Context, name string) (*wal.Relation, error) {
				if name == "slow" {
					close(waiting)
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return onlyUsers(ctx, name)
			})
		})
		w.watch(t) // never answers the close frame
		looking := w.dial(t, "/realtime/collections/slow")
		looking.send(`{"api_key":"` + testKey + `"}`)
		<-waiting
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w.Drain(ctx)
		if n := w.transport.Stats().Open; n != 0 {
			t.Errorf("%d sockets are left", n)
		}
	})
	t.Run("PeerThatNeverCloses", func(t *testing.T) {
		t.Parallel()
		timeouts := ws.DefaultTimeouts
		timeouts.CloseAnswer = 10 * time.Millisecond
		w := setupTimes(t, timeouts)
		w.watch(t)
		w.Drain(t.Context())
	})
	t.Run("StoppedWithoutDraining", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		c := w.watch(t)
		w.stop()
		c.wantGone()
		if n := w.hub.Stats().Subscribers; n != 0 {
			t.Errorf("%d subscribers are left", n)
		}
	})
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *Config) {
		c.Stream = func() StreamStats {
			return StreamStats{
				Changes: [4]uint64{1, 2, 3, 4}, Transactions: 5, Reconnects: 6,
				ConfirmedLSN: 100, ReceivedLSN: 150, ServerLSN: 200, Live: true, Sent: 7, Rejected: 8,
			}
		}
	})
	c := w.watch(t)
	w.publish(t, created(1, "x"))
	c.want(createdJSON(1, "x"))
	w.awaitWritten(t)
	admin := httptest.NewServer(w.Admin())
	t.Cleanup(admin.Close)
	get := func(path string) string {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, admin.URL+path, http.NoBody)
		status, body := do(t, admin.Client(), r)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, body)
		}
		return body
	}
	got := map[string]bool{}
	var names []string
	for line := range strings.Lines(get("/metrics")) {
		line = strings.TrimSpace(line)
		got[line] = true
		if name, ok := strings.CutPrefix(line, "# TYPE tablewire_"); ok {
			names = append(names, name)
		}
	}
	for _, want := range []string{
		`tablewire_changes_total{kind="create"} 1`,
		`tablewire_changes_total{kind="truncate"} 4`,
		`tablewire_deliveries_total 1`,
		`tablewire_encodes_total 1`,
		`tablewire_connections 1`,
		`tablewire_connections_total 1`,
		`tablewire_subscribers 1`,
		`tablewire_filters 1`,
		`tablewire_filters_scanned 0`,
		`tablewire_writes_total 2`,
		`tablewire_disconnects_total{code="4008"} 0`,
		`tablewire_disconnects_total{code="other"} 0`,
		`tablewire_slow_consumers_total 0`,
		`tablewire_replication_lag_bytes 100`,
		`tablewire_replication_live 1`,
		`tablewire_transactions_total 5`,
		`tablewire_reconnects_total 6`,
		`tablewire_sql_messages_total{result="sent"} 7`,
		`tablewire_sql_messages_total{result="rejected"} 8`,
		`tablewire_limited_total{limit="participants"} 0`,
		`tablewire_messages_total{kind="room"} 0`,
		`tablewire_rooms 0`,
	} {
		if !got[want] {
			t.Errorf("no line %s", want)
		}
	}
	want := []string{
		"changes_total counter", "connections gauge", "connections_total counter", "deliveries_total counter",
		"disconnects_total counter", "encodes_total counter", "filter_evaluations_total counter", "filters gauge", "filters_scanned gauge",
		"frames_written_bytes_total counter", "limited_total counter", "message_deliveries_total counter", "messages_total counter", "omitted_values_total counter", "reconnects_total counter", "replication_lag_bytes gauge",
		"replication_live gauge", "rooms gauge",
		"slot_retained_bytes gauge", "slow_consumers_total counter", "sql_messages_total counter", "subscribers gauge", "transactions_total counter",
		"writes_total counter",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	get("/livez")
	get("/readyz")
	get("/debug/pprof/goroutine?debug=1")
}
