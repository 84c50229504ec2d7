package protocol

import "strings"

// ServerError is everything that a PostgreSQL server says when it refuses something. The
// driver's text leaves out the DETAIL and the HINT, which often name the setting that is to
// blame. Make it with NewServerError.
type ServerError struct {
	Message            string
	Code, Detail, Hint string
}

// NewServerError makes a ServerError of what the server said, without what may quote a row.
func NewServerError(code, message, detail, hint string) *ServerError {
	s := &ServerError{Message: message, Code: code, Detail: oneLine(detail), Hint: oneLine(hint)}
	if s.QuotesRows() {
		s.Message = "PostgreSQL refuses a row's values; its own log has the message, which may quote them"
		s.Detail = ""
		if strings.HasPrefix(code, "P0") {
			s.Hint = "" // RAISE writes it too
		}
	}
	if code == "22P05" { // untranslatable character
		s.Message = "a row has a character that UTF-8 lacks"
	}
	return s
}

// Error returns the SQLSTATE, the DETAIL and the HINT, but not the message.
func (s *ServerError) Error() string {
	text := "SQLSTATE " + s.Code
	if s.Detail != "" {
		text += "; DETAIL: " + s.Detail
	}
	if s.Hint != "" {
		text += "; HINT: " + s.Hint
	}
	return text
}

// QuotesRows reports whether the error is of a class whose message and DETAIL may quote
// values that PostgreSQL was given: 22 (data exception: "invalid input
// syntax ...: value"), 23 (integrity constraint violation: "Key (id)=(value) already
// exists"), 44 (WITH CHECK OPTION violation: "Failing row contains ..."), P0 (PL/pgSQL:
// RAISE says what the function's author wants, often a value). Rows get there where a
// publication has a WHERE clause, or where a user's event trigger writes some.
// All other classes name objects, settings, roles and processes. 22023 (invalid
// parameter value) is of class 22 and names a setting.
func (s *ServerError) QuotesRows() bool {
	if len(s.Code) != 5 || s.Code == "22023" {
		return false
	}
	switch s.Code[:2] {
	case "22", "23", "44", "P0":
		return true
	}
	return false
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
