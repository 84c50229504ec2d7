package pgerror

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// ServerError returns everything that the server said, except what may quote a row.
func ServerError(pg *pgconn.PgError) *protocol.ServerError {
	return protocol.NewServerError(pg.Code, pg.Message, pg.Detail, pg.Hint)
}

// namesParameter reports whether the server quotes a parameter that the URL sets, at the
// start of a connection. A key=value string whose password has a blank in it, and no
// quotes around it, sets such a parameter: a part of the password.
func namesParameter(pg *pgconn.PgError, cfg *pgconn.Config) bool {
	switch pg.Code {
	case UndefinedObject, InvalidParameter, CantChange, ProtocolViolation, Insufficient:
	default:
		return false
	}
	text := pg.Message + " " + pg.Detail + " " + pg.Hint
	for name, value := range cfg.RuntimeParams {
		if setByUs(name) || pg.Code == Insufficient && !strings.HasPrefix(pg.Routine, "set_config") {
			continue
		}
		if strings.Contains(text, name) || value != "" && strings.Contains(text, value) {
			return true
		}
	}
	return false
}

// setByUs reports whether a startup parameter is one that Tablewire's connections set,
// whatever the URL says.
func setByUs(name string) bool {
	return name == "replication" || name == "client_encoding" || name == "application_name"
}
