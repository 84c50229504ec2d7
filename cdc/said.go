package cdc

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// heard reads a server's error. What may quote a row is left out.
func heard(pg *pgconn.PgError) *protocol.ServerError {
	return protocol.NewServerError(pg.Code, pg.Message, pg.Detail, pg.Hint)
}

// explained is an error whose text says what the server said.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }

// Unwrap gives the error as it came.
func (e *explained) Unwrap() error { return e.err }

// namesParameter reports that the server quotes a parameter that the URL sets, at
// the start of a connection. A key=value string whose password has a blank in it, and
// no quotes around it, sets such a parameter: a part of the password.
func namesParameter(pg *pgconn.PgError, cfg *pgconn.Config) bool {
	switch pg.Code {
	case codeUndefinedObject, codeInvalidParameter, codeCantChange, codeProtocolViolation, codeInsufficient:
	default:
		return false
	}
	ours := requested(cfg.RuntimeParams["application_name"])
	text := pg.Message + " " + pg.Detail + " " + pg.Hint
	for name, value := range cfg.RuntimeParams {
		if _, is := ours[name]; is || pg.Code == codeInsufficient && !strings.HasPrefix(pg.Routine, "set_config") {
			continue
		}
		if strings.Contains(text, name) || value != "" && strings.Contains(text, value) {
			return true
		}
	}
	return false
}
