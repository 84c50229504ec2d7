package pgerror

import (
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// hintEscapes says how to write a password into a URL.
const hintEscapes = "in a URL, write these characters of a password as: @ %40, : %3A, / %2F, ? %3F, # %23, % %25, blank %20 " +
	"(in a key=value string: password='...' in quotes)"

// badURL returns the problem database-url, for a URL that must not be used. The problem must not quote it, because nobody
// knows where in it the password is.
func badURL(what string) error {
	return &protocol.Problem{
		ID:   "database-url",
		What: what,
		Hint: "it looks like postgres://user:password@host:5432/database?sslmode=require; " + hintEscapes,
	}
}

// noScheme says that a URL is another server's, or none.
const noScheme = ": it does not begin with postgres://"

// hasOtherScheme reports whether url begins with a scheme that is not PostgreSQL's. The value of a key=value string
// may have :// in it.
func hasOtherScheme(url string) bool {
	scheme, _, ok := strings.Cut(url, "://")
	_, ours := cutScheme(url)
	return ok && !ours && !strings.ContainsAny(scheme, " =")
}

// unreadablePart says which part of a URL can't be read, in words that quote none of it; "" if that is not certain.
func unreadablePart(err *pgconn.ParseConfigError) string {
	url, text := err.ConnString, err.Error()
	_, ours := cutScheme(url)
	switch {
	case !ours && (hasOtherScheme(url) || !strings.Contains(url, "=")):
		return noScheme
	case strings.Contains(text, "sslmode is invalid"):
		return ": its sslmode is none of disable, allow, prefer, require, verify-ca and verify-full"
	case strings.Contains(text, "invalid port"):
		return ": its port is not a number from 1 to 65535, or its password has a / or a ? in it"
	case strings.Contains(text, "invalid percent-encoded token"):
		return ": it has a % that does not begin an escape such as %25"
	}
	return ""
}

// parameterName matches what PostgreSQL takes as the name of a setting.
var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_$.]*$`)

// CheckURL returns a problem if a database URL can't be read, or can be read in two ways, so
// that a part of the password could be taken for a host, a database or a parameter. That
// part would be looked up in the DNS, sent to a server and written into messages.
func CheckURL(url string) error {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return Explain(err)
	}
	if rest, ok := cutScheme(url); ok {
		authority := rest
		if end := strings.IndexAny(rest, "/?#"); end >= 0 {
			authority = rest[:end]
		}
		switch {
		case strings.Contains(rest, "#"):
			return badURL("the database URL has a # in it, and nothing after that would be read")
		case strings.Count(rest, "@") > 1:
			return badURL("the database URL has more than one @, so that nobody knows where the password ends")
		case strings.Contains(rest[len(authority):], "@"):
			return badURL("the database URL has an @ after a / or a ?, so that nobody knows where the password ends")
		}
	}
	for name := range cfg.RuntimeParams {
		if !parameterName.MatchString(name) && hasOtherScheme(url) {
			return badURL("the database URL can't be understood" + noScheme)
		}
		if !parameterName.MatchString(name) {
			return badURL("the database URL sets something that can't be a parameter")
		}
	}
	return nil
}

func cutScheme(url string) (rest string, ok bool) {
	for _, scheme := range []string{"postgres://", "postgresql://"} {
		if rest, ok = strings.CutPrefix(url, scheme); ok {
			return rest, true
		}
	}
	return "", false
}
