package cdc

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// said is what a server's error says beside its message: pgconn's text leaves the
// DETAIL and the HINT out, which often name the setting that is to blame.
type said struct {
	message            string
	code, detail, hint string
}

func (s *said) Error() string {
	text := "SQLSTATE " + s.code
	if s.detail != "" {
		text += "; DETAIL: " + s.detail
	}
	if s.hint != "" {
		text += "; HINT: " + s.hint
	}
	return text
}

// heard reads a server's error. What may quote a row is left out.
func heard(pg *pgconn.PgError) *said {
	s := &said{message: pg.Message, code: pg.Code, detail: oneLine(pg.Detail), hint: oneLine(pg.Hint)}
	if quotesRows(pg.Code) {
		s.message = "PostgreSQL refuses a row's values; its own log has the message, which may quote them"
		s.detail = ""
	}
	if pg.Code == codeUntranslatable {
		s.message = "a row has a character that UTF-8 lacks"
	}
	return s
}

// quotesRows tells the classes of error whose message and DETAIL PostgreSQL makes of
// values that it was given: 22 (data exception: "invalid input syntax ...: value"),
// 23 (integrity constraint violation: "Key (id)=(value) already exists"), 44 (WITH
// CHECK OPTION violation: "Failing row contains ..."). Rows get there where a
// publication has a WHERE clause, or where a user's event trigger writes some. All
// other classes name objects, settings, roles and processes. 22023 (invalid
// parameter value) is of class 22 and names a setting.
func quotesRows(code string) bool {
	if len(code) != 5 || code == codeInvalidParameter {
		return false
	}
	switch code[:2] {
	case "22", "23", "44":
		return true
	}
	return false
}

// explained is an error whose text says what the server said.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }

// Unwrap gives the error as it came.
func (e *explained) Unwrap() error { return e.err }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

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
