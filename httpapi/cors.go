package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// cors lets the pages that may open sockets read a route's answers too (Fetch
// Standard, section 3.2, CORS protocol). It comes before the route's own handler.
func (s *Server) cors(c *gin.Context) {
	c.Header("Vary", "Origin")
	origin := c.GetHeader("Origin")
	if origin == "" || !s.origins.allow(c.Request) {
		return
	}
	c.Header("Access-Control-Allow-Origin", origin)
}

// preflight answers a browser that asks whether a page may send its key.
func (s *Server) preflight(c *gin.Context) {
	c.Header("Access-Control-Allow-Methods", http.MethodGet)
	c.Header("Access-Control-Allow-Headers", keyHeader)
	c.Header("Access-Control-Max-Age", "600")
	c.Status(http.StatusNoContent)
}
