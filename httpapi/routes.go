package httpapi

import (
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/tablewire/tablewire/protocol"
)

// realtimeRoutes are all routes below /realtime/.
func (s *Server) realtimeRoutes() []route {
	return []route{
		{collectionsPath, []methodHandler{{http.MethodGet, s.connect(collectionOf)}}},
		{broadcastPath, []methodHandler{{http.MethodGet, s.connect(broadcastOf)}}},
		{roomsPath, []methodHandler{{http.MethodGet, s.connect(roomOf)}}},
		{roomListPath, []methodHandler{
			{http.MethodGet, s.cors(s.charged(s.listRooms))},
			{http.MethodOptions, s.cors(s.charged(s.preflight))},
		}},
	}
}

func (s *Server) healthRoutes() []route {
	live, ready := s.charged(s.livez), s.charged(s.readyz)
	return []route{
		{"/livez", []methodHandler{{http.MethodGet, live}, {http.MethodHead, live}}},
		{"/readyz", []methodHandler{{http.MethodGet, ready}, {http.MethodHead, ready}}},
	}
}

// Handler serves the whole public API: what Realtime serves, /livez and /readyz, and
// [Config.Root] at all other paths.
func (s *Server) Handler() http.Handler {
	return s.recovered(router{append(s.realtimeRoutes(), s.healthRoutes()...), s.charged(s.root)})
}

// Realtime serves the routes below /realtime/ alone, for a program that serves all other
// paths, such as /livez, by itself. A prefix before /realtime/ must be cut off, as
// [http.StripPrefix] does. An [http.ServeMux] in front redirects a path with "//" or a dot
// segment: a client must escape these in the name of a collection or a room.
func (s *Server) Realtime() http.Handler {
	return s.recovered(router{s.realtimeRoutes(), s.charged(notFound)})
}

// root serves the paths of Handler that no route has.
func (s *Server) root(w http.ResponseWriter, r *http.Request) {
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case s.cfg.Root != nil && !strings.HasPrefix(r.URL.Path, "/realtime/"):
		s.cfg.Root.ServeHTTP(w, r)
	case get && r.URL.Path == "/":
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, index) // as in writeJSON
	default:
		notFound(w, r)
	}
}

const index = `{"broadcast":"` + broadcastPath + `","collections":"` + collectionsPath + `{name}","name":"tablewire","rooms":"` + roomsPath + `{room_id}"}`

func notFound(w http.ResponseWriter, _ *http.Request) {
	refuse(w, http.StatusNotFound, errNoRoute)
}

var errNoRoute = &protocol.Error{Message: "Not found", Detail: "sockets are at " + collectionsPath + "{name}, " + broadcastPath + " and " + roomsPath + "{room_id}"}

// charged charges a plain request to its client address before next answers it.
func (s *Server) charged(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := s.limits.ChargeRequest(s.limits.ClientIP(r)); err != nil {
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusTooManyRequests, err)
			return
		}
		next(w, r)
	}
}

// recovered logs a handler's panic with its stack and answers 500. It lets a panic pass by
// which a handler gives up on its client, such as http.ErrAbortHandler of a reverse proxy:
// net/http then breaks the connection off, so that half an answer does not look complete.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && isAbort(err) {
				panic(http.ErrAbortHandler)
			}
			s.log.Error("a request handler panicked", "path", r.URL.Path, "panic", cause, "stack", string(debug.Stack()))
			w.WriteHeader(http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// isAbort reports whether a panic only says that a handler gave up on its client.
func isAbort(err error) bool {
	return errors.Is(err, http.ErrAbortHandler) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
