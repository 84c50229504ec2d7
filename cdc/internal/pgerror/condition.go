package pgerror

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// Condition returns the condition that a server's error is, or nil if it is no known one.
func Condition(pg *pgconn.PgError) *protocol.Problem {
	problem := condition(pg, strings.ToLower(pg.Message))
	if problem == nil {
		return nil
	}
	said := Server(pg)
	problem.What, problem.Err = said.Message, said
	return problem
}

// condition returns the problem without What and Err, which are what the server said.
// Messages are in the server's language; its codes and the names of its functions are
// not. message is in lower case.
func condition(pg *pgconn.PgError, message string) *protocol.Problem {
	switch pg.Code {
	case InvalidPassword, InvalidAuthorization:
		if strings.Contains(message, "pg_hba.conf") {
			return &protocol.Problem{Cure: "let the role in by a line in the server's pg_hba.conf (replication=database needs no line of its own: it is a connection to the database), or check sslmode in the database URL"}
		}
		return &protocol.Problem{Cure: "check the user and the password in the database URL; " + escapes}
	case NoDatabase:
		return &protocol.Problem{Cure: "check the database's name at the end of the database URL"}
	case Insufficient:
		if refusesPlugin(pg) {
			return pluginProblem("")
		}
		if strings.Contains(message, "replication") || strings.Contains(message, "walsender") || strings.Contains(message, "wal sender") {
			return &protocol.Problem{Cure: "ALTER ROLE ... REPLICATION for the role in the database URL (on RDS: GRANT rds_replication TO ...)"}
		}
		return &protocol.Problem{Cure: "grant the role in the database URL what is missing, or let the tables' owner run what \"tablewire setup-sql\" prints"}
	case ObjectInUse:
		return &protocol.Problem{Cure: "another Tablewire reads this slot: stop it, or give this one a name of its own with --slot (and --publication)"}
	case NotInState:
		if strings.Contains(message, "wal_level") {
			return &protocol.Problem{Cure: "run ALTER SYSTEM SET wal_level = 'logical' and restart PostgreSQL; for a standby, on its primary too"}
		}
		if pg.Routine == "CheckMyDatabase" {
			return &protocol.Problem{Cure: "ALTER DATABASE ... ALLOW_CONNECTIONS true, or check the database's name at the end of the database URL"}
		}
	case UndefinedObject:
		if strings.Contains(message, "publication") {
			return &protocol.Problem{Cure: "the publication was dropped; it is made anew at the next attempt, and the slot with it"}
		}
	case TooManyConnections:
		return &protocol.Problem{Cure: "the server has no connection or WAL sender left: raise max_connections or max_wal_senders and restart PostgreSQL"}
	case LimitExceeded:
		return &protocol.Problem{Cure: "drop a replication slot that nobody uses, or raise max_replication_slots and restart PostgreSQL"}
	case ReadOnly:
		return &protocol.Problem{Cure: "connect to the primary if this is a standby; else the role or the database has default_transaction_read_only: ALTER ROLE ... SET default_transaction_read_only = off"}
	case CannotConnectNow:
		return &protocol.Problem{Cure: "PostgreSQL is starting or stopping: try again in a moment"}
	case ProtocolViolation:
		return poolerCondition(message)
	}
	return unsendableCondition(pg, message)
}

// unsendableCondition is for a change that PostgreSQL can't decode, now or later.
func unsendableCondition(pg *pgconn.PgError, message string) *protocol.Problem {
	const hint = "PostgreSQL can't send this change, and the stream can't pass it: to go on without what the slot holds, " +
		"SELECT pg_drop_replication_slot(...), and it is made anew; leave a table of such rows out with --tables '!...'"
	switch {
	case pg.Code == Untranslatable, pg.Code == ProgramLimit,
		pg.Code == Internal && strings.Contains(message, "memory alloc request size"): // a change of more than 1 GB
		return &protocol.Problem{Cure: hint}
	case Server(pg).QuotesRows() && strings.HasPrefix(pg.Code, "22"):
		return &protocol.Problem{Cure: hint + "; or, if the publication has a WHERE clause that fails for a row, mend that and drop the slot"}
	}
	return nil
}
