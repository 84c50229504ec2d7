package httpapi

import (
	"net/http"
	"strconv"

	"github.com/tablewire/tablewire/protocol"
)

// writeJSON answers a request with a JSON document. It ignores errors of writing, which
// mean that the client has gone.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body))) // net/http sets it only for short bodies
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// writeError answers a request with an error as the API shows it.
func writeError(w http.ResponseWriter, status int, err *protocol.Error) {
	writeJSON(w, status, err.AppendJSON(nil))
}

// refuse answers a request with an error and ends the connection, so that a client has to
// connect again, which is limited, for each further error.
func refuse(w http.ResponseWriter, status int, err *protocol.Error) {
	w.Header().Set("Connection", "close")
	writeError(w, status, err)
}

// statusOf returns the HTTP status that means the same as a close code.
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
