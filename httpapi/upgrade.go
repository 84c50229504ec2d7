package httpapi

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tablewire/tablewire/protocol"
)

const (
	// readBuffer is held by every socket. A longer message passes it by.
	readBuffer = 256

	// handshakeTimeout bounds the writing of the handshake's answer, which waits where a
	// client has not taken answers to what it asked before. The http.Server's own
	// deadlines have ended by then.
	handshakeTimeout = 10 * time.Second
)

func newUpgrader() websocket.Upgrader {
	return websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   readBuffer,
		WriteBufferPool:  &sync.Pool{},                             // we don't write through it: no socket shall hold a buffer
		CheckOrigin:      func(*http.Request) bool { return true }, // it has been looked at
		Error: func(w http.ResponseWriter, _ *http.Request, status int, reason error) {
			told := &protocol.Error{Message: "WebSocket handshake failed", Detail: strings.TrimPrefix(reason.Error(), "websocket: ")}
			w.Header().Set("Sec-Websocket-Version", "13")
			refuse(w, status, told)
		},
	}
}

// socket handles a socket's route. It returns as soon as the socket is open, so
// that nothing of the request stays.
func (s *Server) socket(kindOf func(*Server, *http.Request) kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !websocket.IsWebSocketUpgrade(r) {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Connection", "Upgrade")
			refuse(w, http.StatusUpgradeRequired, errUpgrade)
			return
		}
		if s.registry.isShut() {
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusServiceUnavailable, errDraining)
			return
		}
		if !s.origins.allow(r) { // before it costs its address anything
			ip := s.addressOf(r)
			s.limits.met[limitOrigins].Add(1)
			s.notices.refusedOrigin(r.Header.Get("Origin"), r.Host, ip)
			refuse(w, http.StatusForbidden, errOrigin)
			return
		}
		s.open(w, r, newSession(s, kindOf(s, r)))
	}
}

// open makes a socket of a request if the limits admit it. A socket that is one
// too many is opened all the same to be told so, because a page sees no HTTP status;
// where too many of those are open already, a status must do.
func (s *Server) open(w http.ResponseWriter, r *http.Request, n *session) {
	told := s.limits.admit(&n.socket, s.addressOf(r))
	if told != nil {
		if !s.limits.farewell() {
			w.Header().Set("Retry-After", "10")
			refuse(w, http.StatusTooManyRequests, told)
			return
		}
		defer s.limits.farewells.Add(-1)
	}
	ws, err := s.upgrader.Upgrade(&hijacker{w, &n.socket}, r, nil)
	switch {
	case err != nil: // the upgrader has answered
		if told == nil {
			s.limits.release(&n.socket)
		}
	case told != nil:
		n.sendAway(ws, told)
	default:
		n.start(ws)
	}
}

// hijacker makes the upgrader work on our socket in place of the connection.
type hijacker struct {
	http.ResponseWriter
	socket *socket
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.socket.attach(conn)
	return h.socket, rw, nil
}
