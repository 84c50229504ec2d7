package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// keyHeader carries the key of a request that is no socket.
const keyHeader = "X-Api-Key"

var errNoProject = errors.New("the authenticator returned a principal without a project")

// errCannotAuthenticate is told where the authenticator can't tell.
var errCannotAuthenticate = &protocol.Error{Message: "Authentication is not available", Detail: "try again in a moment"}

// authenticate returns whose a key is. An error of type [*protocol.Error] has a close
// code and is told to the client; any other means that it can't be told now, which is
// logged once an outage.
func (s *Server) authenticate(ctx context.Context, key string) (auth.Principal, error) {
	p, err := s.cfg.Authenticate(ctx, key)
	if err == nil && p.Project == "" {
		err = errNoProject
	}
	told, ok := asProtocolError(err)
	switch {
	case err == nil || ok:
		if s.noAuth.end() {
			s.log.Info("clients can be authenticated again")
		}
	case s.life.Err() != nil: // the server is ending
	case s.noAuth.begin():
		s.log.Error("clients can't be authenticated: they are asked to come back", "error", err)
	}
	if ok && told.Code == 0 { // which would leave the connection open
		closing := *told
		closing.Code = protocol.CloseUnauthorized
		return auth.Principal{}, &closing
	}
	return p, err
}

// authenticateRequest returns whose a plain request's key is, or what the client is told
// and with which status.
func (s *Server) authenticateRequest(r *http.Request, from netip.Addr) (p auth.Principal, status int, told *protocol.Error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.times.resolve)
	defer cancel()
	p, err := s.authenticate(ctx, strings.TrimSpace(r.Header.Get(keyHeader)))
	if err == nil {
		return p, 0, nil
	}
	told, ok := asProtocolError(err)
	if !ok {
		return p, http.StatusServiceUnavailable, errCannotAuthenticate
	}
	s.notices.refused(r.Context(), told, r.URL.Path, from, nil)
	return p, statusOf(told.Code), told
}
