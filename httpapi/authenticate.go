package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/tablewire/tablewire/httpapi/auth"
	"github.com/tablewire/tablewire/protocol"
)

// keyHeader is the header with the key of a plain request.
const keyHeader = "X-Api-Key"

// errCannotAuthenticate is for a request whose key nobody can check at the moment.
var errCannotAuthenticate = &protocol.Error{Message: "Authentication is not available", Detail: "try again in a moment"}

// authenticate returns whose a key is. An error of type [*protocol.Error] has a text and a
// close code, and goes to the client. Any other error means that nobody can tell at the
// moment, which is logged once an outage.
func (s *Server) authenticate(ctx context.Context, key string) (auth.Principal, error) {
	if key == "" {
		return auth.Principal{}, protocol.ErrKeyRequired
	}
	p, err := s.cfg.Authenticate(ctx, key)
	if err == nil && p.Project == "" {
		if s.noProject.begin() {
			s.log.Error("Authenticate returned an empty project and no error: the client is refused",
				"to_do", "return the name of the client's project, or protocol.ErrKeyInvalid; this line is logged once")
		}
		err = protocol.ErrKeyInvalid
	}
	clientErr, ok := asProtocolError(err)
	switch {
	case err == nil || ok:
		if s.noAuthentication.end() {
			s.log.Info("clients can be authenticated again")
		}
	case s.transport.Context().Err() != nil: // the server is ending
	case s.noAuthentication.begin():
		s.log.Error("clients can't be authenticated: they are asked to come back", "error", err)
	}
	if ok && (clientErr.Code == 0 || clientErr.Message == "") { // no code would leave the connection open
		closing := *clientErr
		closing.Code = cmp.Or(closing.Code, protocol.CloseUnauthorized)
		closing.Message = cmp.Or(closing.Message, protocol.ErrKeyInvalid.Message)
		return auth.Principal{}, &closing
	}
	return p, err
}

// authenticateRequest returns whose a plain request's key is, or the error for the client
// with its status. It logs the error.
func (s *Server) authenticateRequest(r *http.Request, from netip.Addr) (p auth.Principal, status int, clientErr *protocol.Error) {
	ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
	defer cancel()
	p, err := s.authenticate(ctx, strings.TrimSpace(r.Header.Get(keyHeader)))
	if err == nil {
		return p, 0, nil
	}
	clientErr, ok := asProtocolError(err)
	if !ok {
		return p, http.StatusServiceUnavailable, errCannotAuthenticate
	}
	s.clientLog.rejected(r.Context(), clientErr, r.URL.Path, from, nil)
	return p, statusOf(clientErr.Code), clientErr
}
