package pgerror

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// Explain turns a known error of the stream or the database into a [protocol.Problem] with
// a hint. It returns any other error of a server with the server's DETAIL and HINT in its
// text, and any other error unchanged.
func Explain(err error) error {
	var problem *protocol.Problem
	if err == nil || errors.As(err, &problem) {
		return err
	}
	if parse, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		// The error quotes the URL, and a broken one may hide its password anywhere.
		return badURL("the database URL can't be understood" + unreadablePart(parse))
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return explainServer(err, pg)
	}
	return explainConnect(err)
}

// explainServer explains what the server has refused.
func explainServer(err error, pg *pgconn.PgError) error {
	if connect, ok := errors.AsType[*pgconn.ConnectError](err); ok && namesParameter(pg, connect.Config) {
		return &protocol.Problem{
			ID:   "database-url-parameter",
			What: "the server refuses a parameter that the database URL sets",
			Hint: "check what the URL sets after its ?; " + hintEscapes,
			Err:  fmt.Errorf("SQLSTATE %s", pg.Code),
		}
	}
	if problem := Condition(pg); problem != nil {
		return problem
	}
	said := ServerError(pg)
	return &explained{strings.Replace(err.Error(), pg.Error(), said.Message+": "+said.Error(), 1), err}
}

// explainConnect explains why a server could not be reached.
func explainConnect(err error) error {
	var dns *net.DNSError
	var connect *pgconn.ConnectError
	switch {
	case !errors.As(err, &connect):
		return err
	case errors.As(err, &dns):
		return &protocol.Problem{
			ID:   "host-unknown",
			What: fmt.Sprintf("the database's host %q has no address", dns.Name),
			Hint: "check the host in the database URL",
		}
	}
	where := net.JoinHostPort(connect.Config.Host, fmt.Sprint(connect.Config.Port))
	if connect.Config.TLSConfig != nil && strings.Contains(err.Error(), "server refused TLS connection") {
		return &protocol.Problem{
			ID:   "tls-not-offered",
			What: "PostgreSQL at " + where + " offers no TLS, which the database URL asks for",
			Hint: "put sslmode=disable into the database URL where the network is trusted, or set ssl = on in the server's configuration",
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &protocol.Problem{
			ID:   "server-silent",
			What: "PostgreSQL at " + where + " does not answer",
			Hint: "check the host and the port in the database URL, and the firewalls in between",
		}
	}
	return &protocol.Problem{
		ID:   "server-unreachable",
		What: "PostgreSQL at " + where + " can't be reached",
		Hint: "check the host and the port in the database URL, and that the server runs",
		Err:  whyNot(connect),
	}
}

// whyNot is the cause alone: pgconn's error repeats the address, for each attempt.
func whyNot(err *pgconn.ConnectError) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return errors.Unwrap(err)
}

// explained is an error whose text has the server's DETAIL and HINT.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }

// Unwrap gives the error as it came.
func (e *explained) Unwrap() error { return e.err }
