package demo

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/access"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// The backend changes rows for the demo's own page on the same machine, and refuses everybody else.
func TestBackendRefusesChanges(t *testing.T) {
	t.Parallel()
	var touched bool
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { touched = true })
	b := newBackend("postgres://127.0.0.1:1/nobody", "the key", slog.New(slog.DiscardHandler))
	h := b.handler(page)
	for _, c := range []struct {
		name, method, path, host, peer, body string
		header                               map[string]string
		status                               int
	}{
		{name: "a page of another origin", header: map[string]string{"Origin": "http://evil.example"}, status: 403},
		{name: "a page of another port", header: map[string]string{"Origin": "http://localhost:3000"}, status: 403},
		{name: "a page of another site that sends no origin", header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
		{name: "a name that was made to lead here", host: "evil.example:8080", header: map[string]string{"Origin": "http://evil.example:8080"}, status: 403},
		{name: "a name that begins like ours", host: "127.0.0.1.evil.example", status: 403},
		{name: "another machine", peer: "192.0.2.7:5000", status: 403},
		{name: "another machine that names this one", peer: "[2001:db8::1]:5000", host: "localhost:8080", status: 403},
		{name: "another machine, through a proxy", header: map[string]string{"X-Forwarded-For": "192.0.2.7"}, status: 403},
		{name: "another machine, through a proxy of RFC 7239", header: map[string]string{"Forwarded": "for=192.0.2.7"}, status: 403},
		{name: "no key", header: map[string]string{"X-API-Key": ""}, status: 401},
		{name: "a wrong key", header: map[string]string{"X-API-Key": "the kez"}, status: 401},
		{name: "no JSON", body: "orders", status: 400},
		{name: "a long body", body: `{"collection":"` + strings.Repeat("x", 2000) + `"}`, status: 400},
		{name: "another table", body: `{"collection":"pg_authid"}`, status: 400},
		{name: "a table that gets no rows", body: `{"collection":"products","insert":true}`, status: 400},
		{name: "SQL in the key", body: `{"collection":"orders","key":"1 OR true"}`, status: 400},
		{name: "a quote in the key", body: `{"collection":"products","key":"x'--"}`, status: 400},
		{name: "the rows without a key", method: "GET", path: "/demo/rows/orders", header: map[string]string{"X-API-Key": ""}, status: 401},
		{name: "GET in place of POST", method: "GET", path: "/demo/change", status: 200}, // goes to the page
	} {
		r := httptest.NewRequestWithContext(t.Context(), or(c.method, "POST"), or(c.path, "/demo/change"), strings.NewReader(or(c.body, `{"collection":"orders"}`)))
		r.Host, r.RemoteAddr = or(c.host, "127.0.0.1:8080"), or(c.peer, "127.0.0.1:5000")
		r.Header.Set("X-API-Key", "the key")
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		touched = false
		h.ServeHTTP(w, r)
		if w.Code != c.status || touched != (c.status == 200) {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
		if !touched && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: the response is not JSON: %s", c.name, w.Body)
		}
	}
}

// relation is a catalog with one collection, orders.
type relation struct{ *wal.Relation }

func (r relation) Resolve(_ context.Context, name string) (*wal.Relation, error) {
	if name != "orders" {
		return nil, protocol.ErrCollectionNotFound
	}
	return r.Relation, nil
}

// A request for rows that can't be answered gets a status that says whose mistake it is.
func TestBackendRefusesRows(t *testing.T) {
	t.Parallel()
	b := newBackend("postgres://127.0.0.1:1/nobody", "the key", slog.New(slog.DiscardHandler))
	var catalog access.Catalog = relation{&wal.Relation{Schema: "public", Name: "orders"}}
	b.catalog.Store(&catalog)
	for _, c := range []struct {
		collection, filters string
		status              int
	}{
		{"nonesuch", "{}", 404},
		{"orders", "{", 400},
		{"orders", `{"nonesuch":1}`, 400},
	} {
		_, err := b.rows(t.Context(), nil, c.collection, c.filters)
		w := httptest.NewRecorder()
		b.writeError(w, err)
		if w.Code != c.status {
			t.Errorf("%s, %s: %d, want %d: %s", c.collection, c.filters, w.Code, c.status, w.Body)
		}
	}
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// Every button's statement changes exactly one row, with a key and without.
func TestButtons(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t)
	conn := openDemo(t, pg)
	for table, s := range buttons {
		var key string
		if err := conn.QueryRow(t.Context(), `SELECT `+s.key+`::text FROM `+table+` LIMIT 1`).Scan(&key); err != nil {
			t.Fatal(err)
		}
		changes := []changeRequest{{Collection: table}, {Collection: table, Key: key}}
		if s.insert != nil {
			changes = append(changes, changeRequest{Collection: table, Insert: true})
		}
		for _, c := range changes {
			statement, err := c.statement()
			if err != nil {
				t.Fatal(err)
			}
			tag, err := conn.Exec(t.Context(), statement)
			if err != nil || tag.RowsAffected() != 1 {
				t.Errorf("%s: %s, %v", statement, tag, err)
			}
		}
	}
	if statement, _ := (changeRequest{Collection: "orders", Key: "1007"}).statement(); statement != `UPDATE orders SET total = total + 5 WHERE id = 1007` {
		t.Errorf("got %s", statement)
	}
}

// A button inserts rows until the table has maxInserted.
func TestButtonStopsAtFullTable(t *testing.T) {
	t.Parallel()
	conn := openDemo(t, pgtest.Start(t))
	insert := func() error {
		return changeRequest{Collection: "orders", Insert: true}.checkNotFull(t.Context(), conn)
	}
	if err := insert(); err != nil {
		t.Error(err)
	}
	execute(t, conn, `INSERT INTO orders (customer, city, total, items) SELECT 'Ada', 'Oslo', 1, '[]' FROM generate_series(1, 300)`)
	if err := insert(); err == nil || !strings.Contains(err.Error(), "the demo inserts no more") {
		t.Errorf("error %v", err)
	}
	if err := (changeRequest{Collection: "orders"}).checkNotFull(t.Context(), conn); err != nil {
		t.Errorf("an update: %v", err)
	}
}

// The backend opens few connections at a time. A request whose context ends stops waiting for one.
func TestBackendBoundsItsConnections(t *testing.T) {
	t.Parallel()
	b := newBackend(pgtest.Start(t).NewDatabase(t), "k", slog.New(slog.DiscardHandler))
	for range cap(b.connections) {
		b.connections <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.withConn(ctx, func(context.Context, *pgx.Conn) error { return nil }); err == nil {
		t.Error("withConn opened a connection too many")
	}
	<-b.connections
	if err := b.withConn(t.Context(), func(context.Context, *pgx.Conn) error { return nil }); err != nil {
		t.Error(err)
	}
	if len(b.connections) != cap(b.connections)-1 {
		t.Error("withConn did not give its place back")
	}
}
