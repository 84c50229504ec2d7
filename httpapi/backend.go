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
		answer(w, http.StatusForbidden, errOrigin)
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
		answer(w, http.StatusBadRequest, protocol.ErrInvalidJSON(err.Error()))
		return
	}
	accepted(w)
}

func (s *Server) postRoom(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("room_id")
	if err := checkRoomID(id); err != nil {
		answer(w, http.StatusBadRequest, err)
		return
	}
	body, ok := s.announcement(w, r)
	if !ok {
		return
	}
	told, err := s.cfg.Publisher.ToRoom(id, body)
	switch {
	case err != nil:
		answer(w, http.StatusBadRequest, protocol.ErrInvalidJSON(err.Error()))
	case told != nil:
		answer(w, statusOf(told.Code), told)
	default:
		accepted(w)
	}
}

// announcement checks a request and reads its body. Where it reports false it has answered.
func (s *Server) announcement(w http.ResponseWriter, r *http.Request) (body []byte, ok bool) {
	if key := strings.TrimSpace(r.Header.Get(keyHeader)); key != "" {
		if _, err := s.keys.project(key); err != nil {
			s.notices.refused(r.Context(), err, r.URL.Path, peerOf(r.RemoteAddr), nil)
			answer(w, http.StatusUnauthorized, err)
			return nil, false
		}
	}
	limit := s.cfg.MaxMessageBytes
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		s.limits.count(limitMessageBytes, peerOf(r.RemoteAddr))
		answer(w, http.StatusRequestEntityTooLarge, protocol.ErrInvalidJSON(fmt.Sprintf("the message is longer than %d bytes", limit)))
	case err != nil:
		answer(w, http.StatusBadRequest, protocol.ErrInvalidJSON("the body broke off"))
	}
	return body, err == nil
}

// statusOf is the HTTP status that says what a close code says.
func statusOf(code protocol.CloseCode) int {
	switch code {
	case protocol.CloseUnauthorized:
		return http.StatusUnauthorized
	case protocol.CloseForbidden:
		return http.StatusForbidden
	case protocol.CloseNotFound:
		return http.StatusNotFound
	case protocol.CloseRateLimit:
		return http.StatusTooManyRequests
	default:
		return http.StatusBadRequest
	}
}

func accepted(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"sent"}`) // the client has gone: nobody to tell
}

func answer(w http.ResponseWriter, status int, err *protocol.Error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(err.AppendJSON(nil)) // as above
}
