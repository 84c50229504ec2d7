package httpapi

import (
	"encoding/json"
	"net/http"
)

// health is the answer to a health check.
type health struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// livez answers that the process lives.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	writeHealth(w, http.StatusOK, health{Status: "ok"})
}

// readyz answers whether clients should be sent here.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if s.transport.Draining() {
		writeHealth(w, http.StatusServiceUnavailable, health{Status: "draining"})
		return
	}
	if err := s.cfg.Ready(); err != nil {
		writeHealth(w, http.StatusServiceUnavailable, health{Status: "starting", Reason: err.Error()})
		return
	}
	writeHealth(w, http.StatusOK, health{Status: "ready"})
}

func writeHealth(w http.ResponseWriter, status int, h health) {
	w.Header().Set("Cache-Control", "no-store")
	body, _ := json.Marshal(h) // two strings: never fails
	writeJSON(w, status, append(body, '\n'))
}
