package pgerror

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// Condition returns the problem for a server's error, or nil if the error is no known
// condition.
func Condition(pg *pgconn.PgError) *protocol.Problem {
	problem := condition(pg, strings.ToLower(pg.Message))
	if problem == nil {
		return nil
	}
	said := ServerError(pg)
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
			return &protocol.Problem{ID: "pg-hba", Hint: "let the role in by a line in the server's pg_hba.conf (replication=database needs no line of its own: it is a connection to the database), or check sslmode in the database URL"}
		}
		return &protocol.Problem{ID: "login-refused", Hint: "check the user and the password in the database URL; " + hintEscapes}
	case NoDatabase:
		return &protocol.Problem{ID: "database-missing", Hint: "check the database's name at the end of the database URL"}
	case Insufficient:
		if refusesPlugin(pg) {
			return pluginProblem("")
		}
		if strings.Contains(message, "replication") || strings.Contains(message, "walsender") || strings.Contains(message, "wal sender") {
			return &protocol.Problem{ID: "role-not-replication", Hint: "ALTER ROLE ... REPLICATION for the role in the database URL (on RDS: GRANT rds_replication TO ...)"}
		}
		return &protocol.Problem{ID: "role-lacks-privilege", Hint: "grant the role in the database URL what is missing, such as the role that owns the tables; or let that owner run the first statement that \"tablewire setup-sql\" prints"}
	case ObjectInUse:
		return SlotInUse("")
	case NotInState:
		if strings.Contains(message, "wal_level") {
			return WALLevel("", "run ALTER SYSTEM SET wal_level = 'logical' and restart PostgreSQL; for a standby, on its primary too")
		}
		if pg.Routine == "CheckMyDatabase" {
			return &protocol.Problem{ID: "database-closed", Hint: "ALTER DATABASE ... ALLOW_CONNECTIONS true, or check the database's name at the end of the database URL"}
		}
	case UndefinedObject:
		if strings.Contains(message, "publication") {
			return &protocol.Problem{ID: "publication-dropped", Hint: "the publication was dropped: the next attempt creates it again, and the slot with it"}
		}
	case TooManyConnections:
		return &protocol.Problem{ID: "no-free-connection", Hint: "the server has no connection or WAL sender left: raise max_connections or max_wal_senders and restart PostgreSQL"}
	case LimitExceeded:
		return NoFreeSlot("")
	case ReadOnly:
		return ReadOnlyServer("")
	case CannotConnectNow:
		return &protocol.Problem{ID: "server-not-ready", Hint: "PostgreSQL is starting or stopping: try again in a moment"}
	case ProtocolViolation:
		return poolerCondition(message)
	}
	return unsendableCondition(pg, message)
}

// WALLevel is the condition that the server writes too little into its log for logical
// decoding.
func WALLevel(what, hint string, statements ...string) *protocol.Problem {
	return &protocol.Problem{ID: "wal-level", What: what, Hint: hint, SQL: statements}
}

// SlotInUse is the condition that another process reads the slot.
func SlotInUse(what string) *protocol.Problem {
	return &protocol.Problem{
		ID:   "slot-in-use",
		What: what,
		Hint: `another Tablewire reads this slot: stop it, or give this one a slot of its own with the setting "slot" (and the setting "publication")`,
	}
}

// ReadOnlyServer is the condition that nothing can be written.
func ReadOnlyServer(what string) *protocol.Problem {
	return &protocol.Problem{
		ID:   "read-only",
		What: what,
		Hint: "connect to the primary if this is a standby; else the role or the database has default_transaction_read_only: ALTER ROLE ... SET default_transaction_read_only = off",
	}
}

// NoFreeSlot is the condition that the server has no replication slot left.
func NoFreeSlot(what string) *protocol.Problem {
	return &protocol.Problem{
		ID:   "no-free-slot",
		What: what,
		Hint: "drop one that nobody uses (SELECT * FROM pg_replication_slots; SELECT pg_drop_replication_slot(...)), or raise max_replication_slots and restart PostgreSQL",
	}
}

// unsendableCondition is for a change that PostgreSQL can't decode, now or later.
func unsendableCondition(pg *pgconn.PgError, message string) *protocol.Problem {
	const hint = "PostgreSQL can't send this change, and the stream can't pass it: to go on without what the slot holds, " +
		"SELECT pg_drop_replication_slot(...), and Tablewire creates it again; leave a table with such rows out of " + `the setting "tables" with '!...'`
	switch {
	case pg.Code == Untranslatable, pg.Code == ProgramLimit,
		pg.Code == Internal && strings.Contains(message, "memory alloc request size"): // a change of more than 1 GB
		return &protocol.Problem{ID: "change-not-decodable", Hint: hint}
	case ServerError(pg).QuotesRows() && strings.HasPrefix(pg.Code, "22"):
		return &protocol.Problem{ID: "row-value-refused", Hint: hint + "; or, if the publication has a WHERE clause that fails for a row, mend that and drop the slot"}
	}
	return nil
}
