package httpapi

import (
	"net/http"
	"strings"

	"github.com/tablewire/tablewire/protocol"
)

// route is a path of the public API with its handlers.
type route struct {
	path     string // one that ends with a slash also has all paths below it
	handlers []methodHandler
}

type methodHandler struct {
	method string
	serve  http.HandlerFunc
}

// has reports whether a request's path is the route's.
func (r route) has(path string) bool {
	if strings.HasSuffix(r.path, "/") {
		return strings.HasPrefix(path, r.path)
	}
	return path == r.path
}

// router finds the route of a request by its path as net/http has decoded it. It is no
// http.ServeMux, because that redirects a path with "//" or ".." in it, which are good
// names of collections and rooms.
type router struct {
	routes []route
	other  http.HandlerFunc // answers where no route has the path
}

func (rt router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, route := range rt.routes {
		if route.has(r.URL.Path) {
			route.serve(w, r)
			return
		}
	}
	rt.other(w, r)
}

var errMethod = &protocol.Error{Message: "Method not allowed"}

func (r route) serve(w http.ResponseWriter, req *http.Request) {
	allowed := make([]string, len(r.handlers))
	for i, h := range r.handlers {
		if h.method == req.Method {
			h.serve(w, req)
			return
		}
		allowed[i] = h.method
	}
	w.Header().Set("Allow", strings.Join(allowed, ", ")) // RFC 9110, section 15.5.6
	refuse(w, http.StatusMethodNotAllowed, errMethod)
}
