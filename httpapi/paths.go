package httpapi

import (
	"net/http"
	"strings"
)

// The paths of the realtime API. Those that end with a slash are followed by a name or
// an id: by the whole rest of the path, because a table's name may hold a slash.
const (
	collectionsPath = "/realtime/collections/"
	broadcastPath   = "/realtime/broadcast"
	roomsPath       = "/realtime/rooms/"
	roomListPath    = "/realtime/rooms"
)

// restOfPath returns what follows in a request's path, exactly as net/http has decoded it:
// Gin's own decoding, where an application has switched that on, takes a plus for a space.
func restOfPath(r *http.Request, after string) string {
	_, rest, _ := strings.Cut(r.URL.Path, after)
	return strings.Clone(rest) // does not keep the request's memory alive
}
