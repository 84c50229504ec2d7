package httpapi

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/tablewire/tablewire/protocol"
)

// collectionsPath is followed by the collection's name: the whole rest of the
// path, because a table's name may hold a slash.
const collectionsPath = "/realtime/collections/"

// roomsPath is followed by the room's id, likewise.
const roomsPath = "/realtime/rooms/"

const broadcastPath = "/realtime/broadcast"

// Routes mounts the API into a Gin application.
func (s *Server) Routes(r gin.IRouter) {
	r.GET(collectionsPath+"*name", s.socket(watchOf))
	r.GET(broadcastPath, s.socket(broadcastOf))
	r.GET(roomsPath+"*id", s.socket(roomOf))
	r.GET("/realtime/rooms", s.cors, s.asked, s.listRooms)
	r.OPTIONS("/realtime/rooms", s.cors, s.asked, s.preflight)

	r.GET("/livez", s.asked, gin.WrapF(s.livez))
	r.HEAD("/livez", s.asked, gin.WrapF(s.livez))
	r.GET("/readyz", s.asked, gin.WrapF(s.readyz))
	r.HEAD("/readyz", s.asked, gin.WrapF(s.readyz))
}

// roots serves what no route takes, in an engine of our own.
func (s *Server) roots(e *gin.Engine) {
	e.NoMethod(func(c *gin.Context) { refuse(c, http.StatusMethodNotAllowed, errMethod) })
	e.NoRoute(s.asked, func(c *gin.Context) {
		path := c.Request.URL.Path
		get := c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead
		switch {
		case s.cfg.Root != nil && !strings.HasPrefix(path, "/realtime/"):
			c.Status(http.StatusOK) // in place of gin's 404, for a handler that sets none
			s.cfg.Root.ServeHTTP(c.Writer, c.Request)
		case get && path == "/":
			c.JSON(http.StatusOK, gin.H{"name": "tablewire", "collections": collectionsPath + "{name}", "broadcast": "/realtime/broadcast", "rooms": roomsPath + "{room_id}"})
		default:
			refuse(c, http.StatusNotFound, errNoRoute)
		}
	})
}

var (
	errMethod   = &protocol.Error{Message: "Method not allowed"}
	errNoRoute  = &protocol.Error{Message: "Not found", Detail: "sockets are at " + collectionsPath + "{name}, /realtime/broadcast and " + roomsPath + "{room_id}"}
	errDraining = &protocol.Error{Message: "Server is restarting", Detail: "try again in a moment"}
	errUpgrade  = &protocol.Error{
		Message: "WebSocket upgrade required",
		Detail:  `connect with a WebSocket client and send {"api_key":"..."} as the first message`,
	}
)

// asked charges a request that is no socket to its address. It comes before the route's
// own handler.
func (s *Server) asked(c *gin.Context) {
	if err := s.limits.request(s.addressOf(c.Request)); err != nil {
		c.Header("Retry-After", "1")
		refuse(c, http.StatusTooManyRequests, err)
	}
}

// refuse answers a request with an error as the API shows it, and ends the connection:
// so nobody can send request after request that is answered with nothing but errors.
func refuse(c *gin.Context, status int, err *protocol.Error) {
	c.Abort()
	c.Header("Connection", "close")
	c.Data(status, "application/json", err.AppendJSON(nil))
}

// restOfPath gives what follows in a request's path, exactly as decoded by
// net/http: Gin's own decoding, where an application has that switched on, would
// take a plus for a space.
func restOfPath(r *http.Request, after string) string {
	_, rest, _ := strings.Cut(r.URL.Path, after)
	return strings.Clone(rest) // not to keep the request's memory
}
