package httpapi

import (
	"net/http"

	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/httpapi/ws"
	"github.com/tablewire/tablewire/protocol"
)

var (
	errUpgrade = &protocol.Error{
		Message: "WebSocket upgrade required",
		Detail:  `connect with a WebSocket client and send {"api_key":"..."} as the first message`,
	}
	errDraining = &protocol.Error{Message: "Server is restarting", Detail: "try again in a moment"}
	errOrigin   = &protocol.Error{Message: "Origin not allowed"}
)

// connect handles the route of an endpoint. It returns as soon as the connection is open,
// so that nothing of the request stays.
func (s *Server) connect(to newEndpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !ws.IsUpgrade(r):
			w.Header().Set("Upgrade", "websocket")
			refuse(w, http.StatusUpgradeRequired, errUpgrade)
		case s.transport.Draining():
			w.Header().Set("Retry-After", "1")
			refuse(w, http.StatusServiceUnavailable, errDraining)
		case !s.origins.allow(r): // before it costs its address anything
			s.limits.Count(limit.Origins)
			s.clientLog.refusedOrigin(r.Header.Get("Origin"), r.Host, s.limits.ClientIP(r))
			refuse(w, http.StatusForbidden, errOrigin)
		default:
			s.open(w, r, newSession(s, to(s, r)))
		}
	}
}

// open upgrades a request if the limits admit it. A connection that they don't admit is
// upgraded as well, to be rejected, because a page sees no HTTP status; when too many are
// being rejected already, a status must do.
func (s *Server) open(w http.ResponseWriter, r *http.Request, n *session) {
	rejection := s.limits.Admit(&n.client, s.limits.ClientIP(r))
	if rejection != nil {
		if !s.limits.AcquireRejection() {
			w.Header().Set("Retry-After", "10")
			refuse(w, http.StatusTooManyRequests, rejection)
			return
		}
		defer s.limits.ReleaseRejection()
	}
	upgraded := s.transport.Upgrade(w, r, &n.conn)
	switch {
	case rejection != nil && upgraded:
		n.conn.Reject(rejection)
	case rejection != nil:
	case !upgraded || !n.conn.Start():
		s.limits.Release(&n.client)
	}
}
