package pgserver

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInUse is in the error of [Start] when a running server uses the data directory.
var ErrInUse = errors.New("a running server uses it")

// NoBinariesError says that [Start] neither found PostgreSQL's programs nor could download
// them.
type NoBinariesError struct {
	// Tried has an error for the search, and one for each source of downloads.
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

// Hint says what an operator can do: commands that install PostgreSQL, or run it in Docker.
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

// StartError says that initdb or postgres failed, or that the server ended by itself.
type StartError struct {
	Op  string // path of the program: initdb or postgres
	Log string // last lines of the program's output; empty if there was no output
	Err error
}

func (e *StartError) Error() string {
	if e.Log == "" {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return fmt.Sprintf("%s: %v; its last output:\n%s", e.Op, e.Err, e.Log)
}

func (e *StartError) Unwrap() error { return e.Err }
