package demo

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"

	"github.com/tablewire/tablewire/internal/access"
	"github.com/tablewire/tablewire/protocol"
)

// backend is the application behind the demo's page. Users write such a backend themselves: it
// returns the rows that exist, and changes some of them at the press of a button. Its methods
// are safe for concurrent use.
//
// It has two routes. Both need the API key in the header X-API-Key; an error has the form of
// errorResponse.
//
//	GET  /demo/rows/{collection}?filters={json}  the rows that match, see getRows
//	POST /demo/change                            make or change a row, see postChange
type backend struct {
	url, key    string
	log         *slog.Logger
	catalog     atomic.Pointer[access.Catalog] // nil until the server streams changes
	connections chan struct{}                  // holds an item for each open connection
	changeRate  *rate.Limiter
}

// backendPath is the path that the routes are below.
const backendPath = "/demo/"

// What the page may cost.
const (
	backendConnections = 4
	backendTimeout     = 5 * time.Second
	changesPerSecond   = 5
	changesInBurst     = 10
)

// newBackend returns a backend for the database at url, whose requests must send key.
func newBackend(url, key string, logger *slog.Logger) *backend {
	return &backend{
		url: url, key: key, log: logger,
		connections: make(chan struct{}, backendConnections), changeRate: rate.NewLimiter(changesPerSecond, changesInBurst),
	}
}

// setCatalog sets the catalog in which the backend finds collections. Before that, getRows fails.
func (b *backend) setCatalog(c access.Catalog) { b.catalog.Store(&c) }

// handler serves the backend's routes, and the page on every other path.
func (b *backend) handler(page http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+backendPath+"rows/{collection}", b.getRows)
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusForbidden, errorResponse{"only the demo's own page may change its rows"})
	}))
	mux.Handle("POST "+backendPath+"change", guard.Handler(http.HandlerFunc(b.postChange)))
	mux.Handle("/", page)
	return mux
}

// errorResponse is the body of a response to a request that failed. The page shows it.
type errorResponse struct {
	Error string `json:"error"`
}

// authorised reports whether a request has the API key. If not, it writes the response. A page
// of another origin can't send the header.
func (b *backend) authorised(w http.ResponseWriter, r *http.Request) bool {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-API-Key")), []byte(b.key)) == 1 {
		return true
	}
	writeJSON(w, http.StatusUnauthorized, errorResponse{"the key is missing or wrong"})
	return false
}

// isLocal reports whether a request comes from this machine, and names this machine in its
// header Host. Another name may be one that an attacker has pointed here (DNS rebinding). A
// request that a proxy passes on may come from anywhere.
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

// isLoopback reports whether host is an address of the loopback interface.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// withConn calls do with a connection of its own to the demo's database. It waits while
// backendConnections are open, and gives up after backendTimeout.
func (b *backend) withConn(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, backendTimeout)
	defer cancel()
	select {
	case b.connections <- struct{}{}:
		defer func() { <-b.connections }()
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

// filterError is an error in the filters of a request.
type filterError struct{ error }

// writeError writes the response to a request that failed.
func (b *backend) writeError(w http.ResponseWriter, err error) {
	b.log.Debug("a request of the demo's page failed", "error", err)
	status := http.StatusInternalServerError
	var invalid filterError
	switch {
	case errors.As(err, &invalid):
		status = http.StatusBadRequest
	case errors.Is(err, protocol.ErrCollectionNotFound):
		status = http.StatusNotFound
	}
	writeJSON(w, status, errorResponse{err.Error()})
}

// writeJSON writes a response with a body in JSON.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // an error means that the page has closed the connection
}
