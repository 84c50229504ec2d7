package httpapi

import (
	"strings"

	"github.com/gin-gonic/gin"
)

// Routes mounts the routes below /realtime/ into a Gin application or one of its
// groups. Other paths and other methods are the application's to answer.
func (s *Server) Routes(r gin.IRouter) {
	for _, route := range s.realtimeRoutes() {
		path := route.path
		if strings.HasSuffix(path, "/") {
			path += "*rest"
		}
		for _, h := range route.handlers {
			r.Handle(h.method, path, gin.WrapF(h.serve))
		}
	}
}
