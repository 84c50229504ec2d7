package demo

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/internal/access"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/wal"
)

// backend is the application behind the demo's page, as a page of yours has one:
// it gives the rows that exist, and changes some when a button asks for it. Only the
// demo has it, on the private database that it has made.
type backend struct {
	url, key string
	log      *slog.Logger
	catalog  atomic.Pointer[access.Catalog] // nil until the server streams
	turns    chan struct{}                  // one for each connection that may be open
	pace     *rate.Limiter                  // of changes
}

const (
	backendPath = "/demo/"

	backendConnections = 4
	backendTimeout     = 5 * time.Second
	changesPerSecond   = 5
	changesAtOnce      = 10
)

func newBackend(url, key string, logger *slog.Logger) *backend {
	return &backend{
		url: url, key: key, log: logger,
		turns: make(chan struct{}, backendConnections), pace: rate.NewLimiter(changesPerSecond, changesAtOnce),
	}
}

// setCatalog lets the backend read rows: it finds the collections in c.
func (b *backend) setCatalog(c access.Catalog) { b.catalog.Store(&c) }

// handler serves the backend below /demo/, and the page everywhere else.
func (b *backend) handler(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+backendPath+"rows/{collection}", b.getRows)
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusForbidden, answerError{"only the demo's own page may change its rows"})
	}))
	mux.Handle("POST "+backendPath+"change", guard.Handler(http.HandlerFunc(b.postChange)))
	mux.Handle("/", page)
	return mux
}

// answerError is what the page shows beside its buttons.
type answerError struct {
	Error string `json:"error"`
}

// getRows answers with the rows of a collection that match a filter now, each as the
// event that would have made it.
func (b *backend) getRows(w http.ResponseWriter, r *http.Request) {
	if !b.allowed(w, r) {
		return
	}
	var events []byte
	err := b.withConn(r.Context(), func(ctx context.Context, conn *pgx.Conn) (err error) {
		events, err = b.rows(ctx, conn, r.PathValue("collection"), r.URL.Query().Get("filters"))
		return err
	})
	if err != nil {
		b.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(events) // the page has gone: nobody to tell
}

// rows reads a collection's rows and makes a JSON array of those that match.
func (b *backend) rows(ctx context.Context, conn *pgx.Conn, collection, filters string) ([]byte, error) {
	catalog := b.catalog.Load()
	if catalog == nil {
		return nil, errors.New("the server has not started yet")
	}
	rel, err := (*catalog).Resolve(ctx, collection)
	if err != nil {
		return nil, err
	}
	f, err := filter.Compile([]byte(filters), rel)
	if err != nil {
		return nil, filterError{err}
	}
	result := conn.PgConn().ExecParams(ctx, selectRows(rel), nil, nil, nil, nil)
	change := wal.Change{Op: wal.Create, Relation: rel, New: make([]wal.Value, len(rel.Columns))}
	label, err := json.Marshal(collection)
	if err != nil {
		return nil, err
	}
	events := []byte{'['}
	for result.NextRow() {
		for i, text := range result.Values() {
			change.New[i] = wal.Value{State: wal.Null}
			if text != nil {
				change.New[i] = wal.Value{State: wal.Text, Text: text}
			}
		}
		if f.Match(change.New) != filter.Yes {
			continue
		}
		if len(events) > 1 {
			events = append(events, ',')
		}
		events = protocol.AppendEvent(events, protocol.Projection{CollectionJSON: string(label)}, protocol.Outcome{Op: change.Op}, &change)
	}
	_, err = result.Close()
	return append(events, ']'), err
}

// mostRows is how many rows of a table the page begins with.
const mostRows = "1000"

// selectRows is the statement for a collection's rows, in the order of their key.
func selectRows(rel *wal.Relation) string {
	var columns, key []string
	for _, c := range rel.Columns {
		name := pgx.Identifier{c.Name}.Sanitize()
		columns = append(columns, name)
		if c.Key {
			key = append(key, name)
		}
	}
	statement := "SELECT " + strings.Join(columns, ", ") + " FROM " + pgx.Identifier{rel.Schema, rel.Name}.Sanitize()
	if len(key) > 0 {
		statement += " ORDER BY " + strings.Join(key, ", ")
	}
	return statement + " LIMIT " + mostRows
}

// changeRequest is what a button asks for.
type changeRequest struct {
	Collection string `json:"collection"`
	Insert     bool   `json:"insert"`
	Key        string `json:"key"` // of the row to update; nothing means the newest
}

// postChange makes or changes a row and answers with the statement that did it. The
// page names one of the demo's statements; it can't bring its own.
func (b *backend) postChange(w http.ResponseWriter, r *http.Request) {
	if !isLocal(r) {
		answer(w, http.StatusForbidden, answerError{"rows can be changed from this machine only"})
		return
	}
	if !b.allowed(w, r) {
		return
	}
	var change changeRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&change); err != nil {
		answer(w, http.StatusBadRequest, answerError{"the request is not understood"})
		return
	}
	statement, err := change.statement()
	if err != nil {
		answer(w, http.StatusBadRequest, answerError{err.Error()})
		return
	}
	if !b.pace.Allow() {
		answer(w, http.StatusTooManyRequests, answerError{"a little slower, please"})
		return
	}
	done := struct {
		Statement string `json:"statement"`
		Rows      int64  `json:"rows"`
	}{Statement: statement}
	err = b.withConn(r.Context(), func(ctx context.Context, conn *pgx.Conn) error {
		if err := change.room(ctx, conn); err != nil {
			return err
		}
		tag, err := conn.Exec(ctx, statement)
		done.Rows = tag.RowsAffected()
		return err
	})
	if err != nil {
		b.fail(w, err)
		return
	}
	answer(w, http.StatusOK, done)
}

// manyMade is how many rows a table may have for a button to make one more.
const manyMade = 300

// room fails where a table has got many rows by its button.
func (c changeRequest) room(ctx context.Context, conn *pgx.Conn) error {
	if !c.Insert {
		return nil
	}
	var n int
	err := conn.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{c.Collection}.Sanitize()).Scan(&n)
	if err == nil && n >= manyMade {
		err = fmt.Errorf("%s has %d rows, which are enough", c.Collection, n)
	}
	return err
}

// allowed reports whether a request has the key, and answers it if not. The key
// stands in a header that a page of another origin can't send.
func (b *backend) allowed(w http.ResponseWriter, r *http.Request) bool {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-API-Key")), []byte(b.key)) == 1 {
		return true
	}
	answer(w, http.StatusUnauthorized, answerError{"the key is missing or wrong"})
	return false
}

// isLocal reports whether a request was made on this machine, to a name of this
// machine: a name of somebody else's may have been made to lead here. A request that a
// proxy passes on may come from anywhere.
func isLocal(r *http.Request) bool {
	if r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != "" {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host != "localhost" && !isLoopback(strings.Trim(host, "[]")) {
		return false
	}
	peer, _, err := net.SplitHostPort(r.RemoteAddr)
	return err == nil && isLoopback(peer)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// withConn gives a connection to the demo's database, once there is a turn.
func (b *backend) withConn(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, backendTimeout)
	defer cancel()
	select {
	case b.turns <- struct{}{}:
		defer func() { <-b.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	cfg, err := pgx.ParseConfig(b.url)
	if err != nil {
		return err
	}
	cfg.RuntimeParams["application_name"] = "tablewire demo page"
	cfg.RuntimeParams["TimeZone"] = "UTC" // as in events
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return do(ctx, conn)
}

// filterError is what is wrong with the filters that a request brings.
type filterError struct{ error }

func (b *backend) fail(w http.ResponseWriter, err error) {
	b.log.Debug("a request of the demo's page failed", "error", err)
	status := http.StatusInternalServerError
	var invalid filterError
	switch {
	case errors.As(err, &invalid):
		status = http.StatusBadRequest
	case errors.Is(err, protocol.ErrCollectionNotFound):
		status = http.StatusNotFound
	}
	answer(w, status, answerError{err.Error()})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the page has gone: nobody to tell
}
