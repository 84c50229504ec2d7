package pgerror

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// hintPooler is the hint for a pooler that can't do replication, or that drops settings.
const hintPooler = "a connection pooler is in between, which can't do replication: give the server's own address and port (Supabase, Neon and others call it the direct connection), or a pooler that passes replication on, such as PgBouncer 1.26"

// poolerCondition returns the problem for a message that a pooler sent in the server's
// place, or nil if the message is no known condition. message is in lower case.
func poolerCondition(message string) *protocol.Problem {
	switch {
	case message == "query timeout": // PgBouncer says so to a connection that streams
		return &protocol.Problem{ID: "pooler-query-timeout", Hint: "PgBouncer ends every query after its query_timeout, and a replication stream is one: set query_timeout to a large number for this role in the section [users] of pgbouncer.ini (0 there means the general setting), or give the server's own address and port"}
	case strings.Contains(message, "startup parameter"), strings.Contains(message, "replication"):
		return poolerProblem()
	}
	return nil
}

// poolerProblem returns the problem of a pooler that can't pass on a replication connection.
func poolerProblem() *protocol.Problem {
	return &protocol.Problem{ID: "pooler-without-replication", Hint: hintPooler}
}

// NotReplicating explains that a connection which asked for replication is an ordinary
// one: a pooler has left that parameter out, and PostgreSQL does not understand the
// first replication command.
func NotReplicating(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pg.Code != Syntax {
		return err
	}
	problem := poolerProblem()
	problem.What, problem.Err = "the connection is an ordinary one, though replication was asked for", ServerError(pg)
	return problem
}

// SettingIgnored explains that a setting of the replication connection has another value
// than the one that it was just set to.
func SettingIgnored(name, got, want string) error {
	return &protocol.Problem{
		ID:   "session-setting-ignored",
		What: fmt.Sprintf("%s is %q on the replication connection, after it was set to %q", name, got, want),
		Hint: hintPooler,
	}
}
