package tablewire

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Handler serves the API at /realtime/, the health checks at /livez and /readyz, and
// Config.Fallback everywhere else. An application that mounts it at /realtime/ keeps all
// other paths. http.StripPrefix may stand before it. Until Run begins, a client can connect,
// and waits for its answer. An http.ServeMux redirects paths with "//" or ".." in them, so a table
// with such a name can be followed only where the mux is not in between.
func (s *Server) Handler() http.Handler { return s.api.Handler() }

// Routes adds the routes of the API, all below /realtime/, to a Gin application or a
// gin.RouterGroup.
func (s *Server) Routes(r gin.IRouter) { s.api.Routes(r) }

// Admin serves what the public must not reach: metrics at /metrics, profiles at
// /debug/pprof/, the health checks, and the routes by which a backend sends messages to
// the broadcast and to rooms.
func (s *Server) Admin() http.Handler { return s.api.Admin() }

// ConnState belongs into the field of that name of an http.Server that serves
// [Server.Handler]: it bounds how many connections may wait for their first request. Where
// two servers share an http.Server, its ConnState calls both.
func (s *Server) ConnState(conn net.Conn, state http.ConnState) { s.api.ConnState(conn, state) }

// shutdownTime is how long requests that are no sockets may take when a server ends.
const shutdownTime = 2 * time.Second

// front is an HTTP server with its listener.
type front struct {
	http     *http.Server
	listener net.Listener
}

func (s *Server) publicFront(l net.Listener) *front {
	return &front{listener: l, http: &http.Server{
		Handler: s.Handler(), ConnState: s.ConnState,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: s.httpLog(),
	}}
}

// adminFront sets no WriteTimeout: a profile takes as long as it is asked to.
func (s *Server) adminFront(l net.Listener) *front {
	return &front{listener: l, http: &http.Server{Handler: s.Admin(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: s.httpLog()}}
}

// httpLog keeps what net/http says of clients' mistakes out of the operator's sight.
func (s *Server) httpLog() *log.Logger {
	return slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug)
}

func (f *front) serve() error {
	if err := f.http.Serve(f.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("accept connections on %s: %w", f.listener.Addr(), err)
	}
	return nil
}

func (f *front) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if f.http.Shutdown(ctx) != nil {
		_ = f.http.Close() // it cuts off who still waits
	}
}
