package tablewire_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tablewire/tablewire"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
)

// An application's own function says whose a key is, and its registry has the metrics.
func TestAuthenticate(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewRegistry()
	server := run(t, tablewire.Config{
		Metrics: metrics,
		Authenticate: func(_ context.Context, key string) (string, error) {
			switch key {
			case "of Ada", "of Bob":
				return strings.TrimPrefix(key, "of "), nil
			case "down":
				return "", errors.New("the list of keys can't be read")
			}
			return "", protocol.ErrKeyInvalid
		},
	})
	front := httptest.NewServer(server.Handler())
	t.Cleanup(front.Close)
	broadcast := "ws" + strings.TrimPrefix(front.URL, "http") + "/realtime/broadcast"

	ada := follow(t, broadcast, `{"api_key":"of Ada","user_id":"a"}`)
	want(t, ada, `{"event":"connected","project_id":"Ada","user_id":"a"}`)
	bob := follow(t, broadcast, `{"api_key":"of Bob","user_id":"b"}`)
	want(t, bob, `{"event":"connected","project_id":"Bob","user_id":"b"}`)
	if err := ada.WriteMessage(websocket.TextMessage, []byte(`{"type":"message","data":1}`)); err != nil {
		t.Fatal(err)
	}
	if _, message, err := ada.ReadMessage(); err != nil || !strings.Contains(string(message), `"data":1`) {
		t.Errorf("Ada got %s, %v", message, err)
	}
	if err := bob.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	want(t, bob, `{"type":"pong"}`) // and not Ada's message

	other := follow(t, broadcast, `{"api_key":"of Eve"}`)
	want(t, other, `{"error":"Invalid API key","error_detail":"Project not found"}`)
	wantClose(t, other, 4401)
	wantClose(t, follow(t, broadcast, `{"api_key":"down"}`), 1012)

	families, err := metrics.Gather()
	if err != nil || len(families) == 0 {
		t.Errorf("the application's registry has %d metrics, %v", len(families), err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const url = "postgres://app@127.0.0.1/shop"
	taken := prometheus.NewRegistry()
	first, err := tablewire.New(tablewire.Config{DatabaseURL: url, APIKey: "k", Metrics: taken})
	if err != nil {
		t.Fatal(err)
	}
	defer end(t, first)
	for name, test := range map[string]struct {
		cfg tablewire.Config
		id  string
	}{
		"no database":   {tablewire.Config{APIKey: "k"}, "database-url-missing"},
		"no key":        {tablewire.Config{DatabaseURL: url}, "api-key-missing"},
		"key and func":  {tablewire.Config{DatabaseURL: url, APIKey: "k", Authenticate: func(context.Context, string) (string, error) { return "p", nil }}, "api-key-twice"},
		"a slot's name": {tablewire.Config{DatabaseURL: url, APIKey: "k", Slot: "With Blank"}, "slot-name"},
		"a pattern":     {tablewire.Config{DatabaseURL: url, APIKey: "k", Tables: []string{"["}}, "table-pattern"},
		"an origin":     {tablewire.Config{DatabaseURL: url, APIKey: "k", AllowedOrigins: []string{"example.com"}}, "allowed-origin"},
		"a proxy":       {tablewire.Config{DatabaseURL: url, APIKey: "k", TrustedProxies: []string{"nowhere"}}, "trusted-proxy"},
		"metrics":       {tablewire.Config{DatabaseURL: url, APIKey: "k", Metrics: taken}, "metrics-registered"},
		"a queue":       {tablewire.Config{DatabaseURL: url, APIKey: "k", Limits: tablewire.Limits{QueueBytes: -1}}, "limit-range"},
		"a row":         {tablewire.Config{DatabaseURL: url, APIKey: "k", Limits: tablewire.Limits{RowBytes: -1}}, "limit-range"},
		"a message":     {tablewire.Config{DatabaseURL: url, APIKey: "k", Limits: tablewire.Limits{MessageBytes: -1}}, "limit-range"},
		"a time":        {tablewire.Config{DatabaseURL: url, APIKey: "k", Limits: tablewire.Limits{PingInterval: -time.Second}}, "limit-range"},
		"no unit":       {tablewire.Config{DatabaseURL: url, APIKey: "k", Limits: tablewire.Limits{AuthTimeout: 10}}, "limit-range"},
		"a room's time": {tablewire.Config{DatabaseURL: url, APIKey: "k", Limits: tablewire.Limits{EmptyRoomTTL: -1}}, "limit-range"},
		"a burst":       {tablewire.Config{DatabaseURL: url, APIKey: "k", Limits: tablewire.Limits{MessageBurst: -1}}, "message-burst"},
	} {
		server, err := tablewire.New(test.cfg)
		problem, ok := errors.AsType[*protocol.Problem](err)
		if !ok || problem.ID != test.id || problem.Hint == "" || server != nil {
			t.Errorf("%s: got %v, %v, want the problem %s with a hint", name, server, err, test.id)
		}
	}
}

// Two servers may share a registry, with a label for each.
func TestTwoServersInOneRegistry(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	for _, name := range []string{"shop", "forum"} {
		server, err := tablewire.New(tablewire.Config{
			DatabaseURL: "postgres://app@127.0.0.1/" + name, APIKey: "k",
			Metrics: prometheus.WrapRegistererWith(prometheus.Labels{"database": name}, registry),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer end(t, server)
	}
	if families, err := registry.Gather(); err != nil || len(families) == 0 || len(families[0].GetMetric()) < 2 {
		t.Errorf("the registry has %v, %v", families, err)
	}
}

// end ends what New began. There may be no database, so Run may fail before it notices that it
// has to end.
func end(t *testing.T, server *tablewire.Server) {
	t.Helper()
	ended, end := context.WithCancel(context.WithoutCancel(t.Context()))
	end()
	_ = server.Run(ended)
}

// A server without its public listener, and one that New did not make, return an error.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	server, err := tablewire.New(tablewire.Config{DatabaseURL: "postgres://app@127.0.0.1/shop", APIKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	defer end(t, server)
	admin := listen(t)
	if err := server.Serve(t.Context(), nil, admin); err == nil {
		t.Error("a server ran without a listener")
	}
	if _, err := admin.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the other listener is still open: %v", err)
	}
	if err := new(tablewire.Server).Run(t.Context()); err == nil {
		t.Error("an empty server ran")
	}
}

// After Run has ended, Live says what Run returned, or that the server has ended.
func TestLiveAfterRun(t *testing.T) {
	t.Parallel()
	server, err := tablewire.New(tablewire.Config{DatabaseURL: "postgres://app@" + freeAddress(t) + "/shop?sslmode=disable", APIKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	failed := server.Run(t.Context())
	if live := server.Live(); failed == nil || live == nil || live.Error() != failed.Error() {
		t.Errorf("Run returned %v, and Live says %v", failed, live)
	}
	if _, ok := errors.AsType[*protocol.Problem](server.Live()); !ok {
		t.Errorf("Live says %v, want a Problem", server.Live())
	}
}

// The log warns if fewer than two of the longest rows may wait for a client.
func TestQueueWarning(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rowBytes, queueBytes int
		toDo                 string
	}{
		{0, 0, ""},
		{4 << 20, 0, ""},
		{4<<20 + 1, 0, "16777220"},
		{8 << 20, 1e9, ""},
		{0, 1 << 20, "8388608"},
		{8, 64 << 10, ""},
	} {
		var log bytes.Buffer
		server, err := tablewire.New(tablewire.Config{
			DatabaseURL: "postgres://app@127.0.0.1/shop", APIKey: "k", Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Limits: tablewire.Limits{RowBytes: test.rowBytes, QueueBytes: test.queueBytes},
		})
		if err != nil {
			t.Fatal(err)
		}
		warned := strings.Contains(log.String(), "is less than two rows")
		if warned != (test.toDo != "") || !strings.Contains(log.String(), test.toDo) {
			t.Errorf("%d bytes a row, %d in the queue: the log says %q, want %q", test.rowBytes, test.queueBytes, log.String(), test.toDo)
		}
		end(t, server)
	}
}

// The slot is free, and so the last position confirmed, before the other parts end. The
// server unregisters its metrics with these.
func TestStreamEndsFirst(t *testing.T) {
	t.Parallel()
	slot := "tablewire_teststreamendsfirst"
	conn := connect(t, pgtest.Start(t).NewDatabase(t))
	metrics := &registry{Registry: prometheus.NewRegistry()}
	metrics.unregister = func() {
		var active bool
		err := conn.QueryRow(context.WithoutCancel(t.Context()), `SELECT active FROM pg_replication_slots WHERE slot_name = $1`, slot).Scan(&active)
		if err != nil || active {
			t.Errorf("the other parts end, and the slot is in use: %v, %v", active, err)
		}
		metrics.unregistered = true
	}
	t.Cleanup(func() {
		if !metrics.unregistered {
			t.Error("the metrics are still registered")
		}
	})
	run(t, tablewire.Config{APIKey: "the key", Metrics: metrics})
}

// Both HTTP servers wait for their requests at the same time: one after the other, with all
// that comes before, they could take longer than a container engine waits.
func TestFrontsEndTogether(t *testing.T) {
	t.Parallel()
	silent := listen(t) // in place of PostgreSQL
	server, err := tablewire.New(tablewire.Config{
		DatabaseURL: "postgres://app@" + silent.Addr().String() + "/shop?sslmode=disable", APIKey: "k", Logger: slog.New(slog.DiscardHandler),
		Fallback: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	public, admin := listen(t), listen(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, public, admin) }()
	for path, l := range map[string]net.Listener{"/page": public, "/realtime/broadcast": admin} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", path)
		if line, err := bufio.NewReader(conn).ReadString('\n'); !strings.Contains(line, "100 Continue") { // now a handler waits for the body
			t.Fatalf("%s: %q, %v", path, line, err)
		}
	}
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3500*time.Millisecond {
		t.Errorf("the server takes %s to end, want hardly more than the 2 s of one of its HTTP servers", took)
	}
}

// registry calls unregister before it takes a collector out.
type registry struct {
	*prometheus.Registry
	unregister   func()
	unregistered bool
}

func (r *registry) Unregister(c prometheus.Collector) bool {
	r.unregister()
	return r.Registry.Unregister(c)
}

// A server runs once; after Drain it takes no more clients, and goes on until its context
// ends.
func TestRunOnceAndDrain(t *testing.T) {
	t.Parallel()
	server := run(t, tablewire.Config{APIKey: "the key"})
	if err := server.Run(t.Context()); err == nil {
		t.Error("a server ran twice")
	}
	front := httptest.NewServer(server.Handler())
	t.Cleanup(front.Close)
	client := follow(t, "ws"+strings.TrimPrefix(front.URL, "http")+"/realtime/broadcast", `{"api_key":"the key","user_id":"a"}`)
	want(t, client, `{"event":"connected","project_id":"default","user_id":"a"}`)
	if err := server.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	wantClose(t, client, 1012)
	if err := server.Live(); err != nil {
		t.Errorf("after Drain changes no longer flow: %v", err)
	}
}

// run runs a server on a database of its own until the test ends.
func run(t *testing.T, cfg tablewire.Config) *tablewire.Server {
	t.Helper()
	cfg.DatabaseURL = pgtest.Start(t).NewDatabase(t)
	cfg.Slot = "tablewire_" + strings.ToLower(t.Name())
	cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	server, err := tablewire.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if server.Live() == nil {
			t.Error("the server has ended, and Live says that changes flow")
		}
		dropSlot(t, cfg)
	})
	select {
	case <-server.Started():
	case err := <-ended:
		ended <- err
		t.Fatalf("the server did not start: %v", err)
	}
	return server
}

func dropSlot(t *testing.T, cfg tablewire.Config) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, cfg.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `SELECT pg_drop_replication_slot($1)`, cfg.Slot); err != nil {
		t.Error(err)
	}
}

func wantClose(t *testing.T, conn *websocket.Conn, code int) {
	t.Helper()
	for {
		_, _, err := conn.ReadMessage()
		if err == nil {
			continue
		}
		if !websocket.IsCloseError(err, code) {
			t.Errorf("the connection ended with %v, want close code %d", err, code)
		}
		return
	}
}
