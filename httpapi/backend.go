package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// The routes by which a backend speaks. They stand on the internal listener: who
// reaches that is trusted, so a key is not needed, but a wrong one is refused.
// A web page in an operator's browser can reach it too, and is not.
func (s *Server) backend(mux *http.ServeMux) {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusForbidden, errOrigin)
	}))
	mux.Handle("POST /realtime/broadcast", guard.Handler(http.HandlerFunc(s.postBroadcast)))
	mux.Handle("POST "+roomsPath+"{room_id}/messages", guard.Handler(http.HandlerFunc(s.postRoom)))
}

var errOrigin = &protocol.Error{Message: "Origin not allowed"}

func (s *Server) postBroadcast(w http.ResponseWriter, r *http.Request) {
	body, ok := s.announcement(w, r)
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
	body, ok := s.announcement(w, r)
	if !ok {
		return
	}
	told, err := s.cfg.Publisher.ToRoom(id, body)
	switch {
	case err != nil:
		writeError(w, http.StatusBadRequest, protocol.ErrInvalidJSON(err.Error()))
	case told != nil:
		writeError(w, statusOf(told.Code), told)
	default:
		accepted(w)
	}
}

// announcement checks a request and reads its body. Where it reports false it has answered.
func (s *Server) announcement(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	if strings.TrimSpace(r.Header.Get(keyHeader)) != "" {
		p, status, told := s.authenticateRequest(r, peerOf(r.RemoteAddr))
		if told == nil && p.Project != s.cfg.Publisher.Project {
			status, told = http.StatusUnauthorized, protocol.ErrKeyInvalid
		}
		if told != nil {
			writeError(w, status, told)
			return nil, false
		}
	}
	limit := s.cfg.MaxMessageBytes
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		s.limits.count(limitMessageBytes, peerOf(r.RemoteAddr))
		writeError(w, http.StatusRequestEntityTooLarge, protocol.ErrInvalidJSON(fmt.Sprintf("the message is longer than %d bytes", limit)))
	case err != nil:
		writeError(w, http.StatusBadRequest, protocol.ErrInvalidJSON("the body broke off"))
	}
	return body, err == nil
}

func accepted(w http.ResponseWriter) {
	writeJSON(w, http.StatusAccepted, []byte(`{"status":"sent"}`))
}
