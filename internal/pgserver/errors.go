package pgserver

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInUse is in the error of [Start] when a live server has the data directory.
var ErrInUse = errors.New("a running server uses it")

// NoBinariesError says that PostgreSQL was neither found nor could be fetched.
type NoBinariesError struct {
	// Tried has what went wrong, one error a way that was tried.
	Tried []error
}

func (e *NoBinariesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no PostgreSQL binaries (initdb and postgres, version %d or later)", MinMajor)
	for _, err := range e.Tried {
		fmt.Fprintf(&b, "\n  %v", err)
	}
	b.WriteString("\n")
	b.WriteString(e.Hint())
	return b.String()
}

func (e *NoBinariesError) Unwrap() []error { return e.Tried }

// Hint is what an operator can do about it.
func (*NoBinariesError) Hint() string {
	return `Install PostgreSQL, and try again:
  Debian, Ubuntu    sudo apt-get install postgresql
  Fedora            sudo dnf install postgresql-server
  macOS             brew install postgresql@17
  Windows           the installer from https://www.postgresql.org/download/windows/
Or run it in Docker and point Tablewire at it:
  docker run -d --name tablewire-postgres -p 127.0.0.1:5432:5432 -e POSTGRES_PASSWORD=postgres postgres:17 -c wal_level=logical
  tablewire serve --database-url postgres://postgres:postgres@127.0.0.1:5432/postgres`
}

// StartError says that the server did not come up, with the last lines of its log.
type StartError struct {
	Op  string // what was run: "initdb" or "postgres"
	Log string
	Err error
}

func (e *StartError) Error() string {
	if e.Log == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s: %v; it said:\n%s", e.Op, e.Err, e.Log)
}

func (e *StartError) Unwrap() error { return e.Err }
