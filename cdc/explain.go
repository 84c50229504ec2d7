package cdc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/protocol"
)

// Explain gives an error that the stream or its database met as a problem with a
// cure, when it is one of the known conditions; else the error as it is, with the
// DETAIL and HINT of the server. Nothing in it tells a password or a row's values.
func Explain(err error) error {
	var problem *protocol.Problem
	if err == nil || errors.As(err, &problem) {
		return err
	}
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		// The error quotes the URL, and a broken one may hide its password anywhere.
		return badURL("the database URL can't be understood")
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return explainServer(err, pg)
	}
	return explainConnect(err)
}

// explainServer explains what the server has refused.
func explainServer(err error, pg *pgconn.PgError) error {
	if connect, ok := errors.AsType[*pgconn.ConnectError](err); ok && namesParameter(pg, connect.Config) {
		return &protocol.Problem{
			What: "the server refuses a parameter that the database URL sets",
			Cure: "check what the URL sets after its ?; " + escapes,
			Err:  fmt.Errorf("SQLSTATE %s", pg.Code),
		}
	}
	said := heard(pg)
	if cure := cureOf(pg); cure != "" {
		return &protocol.Problem{What: said.Message, Cure: cure, Err: said}
	}
	return &explained{strings.Replace(err.Error(), pg.Error(), said.Message+": "+said.Error(), 1), err}
}

// cureOf says what to do about PostgreSQL's error; empty when that is not known.
func cureOf(e *pgconn.PgError) string {
	message := strings.ToLower(e.Message)
	switch e.Code {
	case codeInvalidPassword, codeInvalidAuthorization:
		if strings.Contains(message, "pg_hba.conf") {
			return "let the role in by a line in the server's pg_hba.conf (replication=database needs no line of its own: it is a connection to the database), or check sslmode in the database URL"
		}
		return "check the user and the password in the database URL; " + escapes
	case codeNoDatabase:
		return "check the database's name at the end of the database URL"
	case codeInsufficient:
		if refusesPlugin(e) {
			return curePlugin("")
		}
		if strings.Contains(message, "replication") || strings.Contains(message, "walsender") || strings.Contains(message, "wal sender") {
			return "ALTER ROLE ... REPLICATION for the role in the database URL (on RDS: GRANT rds_replication TO ...)"
		}
		return "grant the role in the database URL what is missing, or let the tables' owner run what \"tablewire setup-sql\" prints"
	case codeObjectInUse:
		return "another Tablewire reads this slot: stop it, or give this one a name of its own with --slot (and --publication)"
	case codeNotInState:
		if strings.Contains(message, "wal_level") {
			return "run ALTER SYSTEM SET wal_level = 'logical' and restart PostgreSQL; for a standby, on its primary too"
		}
		if e.Routine == "CheckMyDatabase" {
			return "ALTER DATABASE ... ALLOW_CONNECTIONS true, or check the database's name at the end of the database URL"
		}
	case codeUndefinedObject:
		if strings.Contains(message, "publication") {
			return "the publication was dropped; it is made anew at the next attempt, and the slot with it"
		}
	case codeTooManyConnections:
		return "the server has no connection or WAL sender left: raise max_connections or max_wal_senders and restart PostgreSQL"
	case codeLimitExceeded:
		return "drop a replication slot that nobody uses, or raise max_replication_slots and restart PostgreSQL"
	case codeProtocolViolation:
		if message == "query timeout" { // PgBouncer's words, of a connection that streams
			return cureQueryTimeout
		}
		if strings.Contains(message, "startup parameter") || strings.Contains(message, "replication") {
			return curePooler
		}
	case codeUntranslatable, codeProgramLimit:
		return cureUnsendable
	case codeInternal:
		if strings.Contains(message, "memory alloc request size") { // a change of more than 1 GB
			return cureUnsendable
		}
	case codeReadOnly:
		return "connect to the primary if this is a standby; else the role or the database has default_transaction_read_only: ALTER ROLE ... SET default_transaction_read_only = off"
	case codeCannotConnectNow:
		return "PostgreSQL is starting or stopping: try again in a moment"
	}
	if heard(e).QuotesRows() && strings.HasPrefix(e.Code, "22") {
		return cureUnsendable + "; or, if the publication has a WHERE clause that fails for a row, mend that and drop the slot"
	}
	return ""
}

// curePooler is for a pooler that does not do replication, or does not say all.
const curePooler = "a connection pooler is in between, which can't do replication: give the server's own address and port (Supabase, Neon and others call it the direct connection), or a pooler that passes replication on, such as PgBouncer 1.26"

// cureQueryTimeout is for PgBouncer, to which a stream is one long query.
const cureQueryTimeout = "PgBouncer ends every query after its query_timeout, and a replication stream is one: set query_timeout to a large number for this role in the section [users] of pgbouncer.ini (0 there means the general setting), or give the server's own address and port"

// swallowed explains that a connection which asked for replication is none: a pooler
// has left that parameter out, and PostgreSQL does not understand the first command.
func swallowed(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pg.Code != codeSyntax {
		return err
	}
	return &protocol.Problem{What: "the connection is an ordinary one, though replication was asked for", Cure: curePooler, Err: heard(pg)}
}

// cureUnsendable is for a change that PostgreSQL can't decode, now or later.
const cureUnsendable = "PostgreSQL can't send this change, and the stream can't pass it: to go on without what the slot holds, " +
	"SELECT pg_drop_replication_slot(...), and it is made anew; leave a table of such rows out with --tables '!...'"

// explainConnect explains why a server could not be reached.
func explainConnect(err error) error {
	var dns *net.DNSError
	var connect *pgconn.ConnectError
	switch {
	case !errors.As(err, &connect):
		return err
	case errors.As(err, &dns):
		return &protocol.Problem{
			What: fmt.Sprintf("the database's host %q has no address", dns.Name),
			Cure: "check the host in the database URL",
		}
	}
	where := net.JoinHostPort(connect.Config.Host, fmt.Sprint(connect.Config.Port))
	if connect.Config.TLSConfig != nil && strings.Contains(err.Error(), "server refused TLS connection") {
		return &protocol.Problem{
			What: "PostgreSQL at " + where + " offers no TLS, which the database URL asks for",
			Cure: "put sslmode=disable into the database URL where the network is trusted, or set ssl = on in the server's configuration",
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &protocol.Problem{
			What: "PostgreSQL at " + where + " does not answer",
			Cure: "check the host and the port in the database URL, and the firewalls in between",
		}
	}
	return &protocol.Problem{
		What: "PostgreSQL at " + where + " can't be reached",
		Cure: "check the host and the port in the database URL, and that the server runs",
		Err:  whyNot(connect),
	}
}

// whyNot is the cause alone: pgconn's error repeats the address, for each attempt.
func whyNot(err *pgconn.ConnectError) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return errors.Unwrap(err)
}
