package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/tablewire/tablewire/httpapi/limit"
	"github.com/tablewire/tablewire/protocol"
)

// backendRoutes adds the routes by which a backend sends messages. They are on the admin
// handler, and whoever reaches that is trusted: so a request needs no key, but a wrong one
// is refused. A web page in an operator's browser can reach it as well, and is refused.
func (s *Server) backendRoutes(mux *http.ServeMux) {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusForbidden, errOrigin)
	}))
	mux.Handle("POST /realtime/broadcast", guard.Handler(http.HandlerFunc(s.postBroadcast)))
	mux.Handle("POST "+roomsPath+"{room_id}/messages", guard.Handler(http.HandlerFunc(s.postRoom)))
}

func (s *Server) postBroadcast(w http.ResponseWriter, r *http.Request) {
	body, ok := s.backendMessage(w, r)
	if !ok {
		return
	}
	if err := s.cfg.Publisher.ToBroadcast(body); err != nil {
		writeError(w, http.StatusBadRequest, protocol.ErrInvalidJSON(err.Error()))
		return
	}
	accepted(w)
}

func (s *Server) postRoom(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("room_id")
	if err := checkRoomID(id); err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	body, ok := s.backendMessage(w, r)
	if !ok {
		return
	}
	clientErr, err := s.cfg.Publisher.ToRoom(id, body)
	switch {
	case err != nil:
		writeError(w, http.StatusBadRequest, protocol.ErrInvalidJSON(err.Error()))
	case clientErr != nil:
		writeError(w, statusOf(clientErr.Code), clientErr)
	default:
		accepted(w)
	}
}

// backendMessage checks a request and returns its body. If it returns false, it has
// answered the request.
func (s *Server) backendMessage(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	if strings.TrimSpace(r.Header.Get(keyHeader)) != "" {
		p, status, clientErr := s.authenticateRequest(r, limit.PeerIP(r.RemoteAddr))
		if clientErr == nil && p.Project != s.cfg.Publisher.Project {
			status, clientErr = http.StatusUnauthorized, protocol.ErrKeyInvalid
		}
		if clientErr != nil {
			writeError(w, status, clientErr)
			return nil, false
		}
	}
	maxBytes := s.cfg.MaxMessageBytes
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		s.limits.Hit(limit.MessageBytes, limit.PeerIP(r.RemoteAddr))
		writeError(w, http.StatusRequestEntityTooLarge, errLongerThan(maxBytes))
	case err != nil:
		writeError(w, http.StatusBadRequest, protocol.ErrInvalidJSON("the body broke off"))
	}
	return body, err == nil
}

func accepted(w http.ResponseWriter) {
	writeJSON(w, http.StatusAccepted, []byte(`{"status":"sent"}`))
}
