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

// PostgreSQL's error codes that are told apart (manual: appendix A).
const (
	codeInvalidPassword      = "28P01"
	codeInvalidAuthorization = "28000"
	codeNoDatabase           = "3D000"
	codeInsufficient         = "42501"
	codeObjectInUse          = "55006"
	codeNotInState           = "55000"
	codeUndefinedObject      = "42704"
	codeTooManyConnections   = "53300"
	codeLimitExceeded        = "53400"
	codeProtocolViolation    = "08P01"
	codeReadOnly             = "25006"
	codeCannotConnectNow     = "57P03"
	codeUntranslatable       = "22P05"
	codeProgramLimit         = "54000"
	codeInternal             = "XX000"
)

const (
	// minVersion is the oldest server that is supported.
	minVersion = 140000
	// standbyVersion is the first one that decodes on a standby.
	standbyVersion = 160000
	// onDemandVersion is the first one that needs no wal_level = logical: while there
	// is a logical slot it writes what decoding needs, and so do its standbys.
	onDemandVersion = 190000
)

// check tells the conditions under which a stream can't start, before anything is
// created.
func (s *Stream) check(info protocol.ServerInfo) error {
	switch {
	case info.VersionNum < minVersion:
		return &protocol.Problem{
			What: fmt.Sprintf("the server is PostgreSQL %d.%d", info.VersionNum/10000, info.VersionNum%10000),
			Cure: "Tablewire needs PostgreSQL 14 or later",
		}
	case info.InRecovery && info.VersionNum < standbyVersion:
		return &protocol.Problem{
			What: fmt.Sprintf("the server is a standby of PostgreSQL %d, which can't be followed", info.VersionNum/10000),
			Cure: "connect to the primary: standbys can be followed from PostgreSQL 16 on",
		}
	case tooLittleWAL(info):
		return walLevelProblem(info)
	case info.SlotExists && info.SlotPlugin == "":
		return &protocol.Problem{
			What: fmt.Sprintf("the replication slot %q is a physical one, of a standby", s.cfg.Slot),
			Cure: "choose another name with --slot",
		}
	case info.SlotExists && info.SlotPlugin != "pgoutput":
		return &protocol.Problem{
			What: fmt.Sprintf("the replication slot %q is one of the plugin %q, not of pgoutput", s.cfg.Slot, info.SlotPlugin),
			Cure: "choose another name with --slot",
		}
	case info.SlotExists && info.SlotDatabase != info.Database:
		return &protocol.Problem{
			What: fmt.Sprintf("the replication slot %q belongs to the database %q, not to %q", s.cfg.Slot, info.SlotDatabase, info.Database),
			Cure: "choose another name with --slot: slots are shared by all databases of a server",
		}
	case !info.SlotExists && info.SlotsFree <= 0:
		return &protocol.Problem{
			What: "all replication slots of the server are taken",
			Cure: "drop one that nobody uses (SELECT * FROM pg_replication_slots; SELECT pg_drop_replication_slot(...)), or raise max_replication_slots and restart PostgreSQL",
		}
	case !info.PublicationExists && info.InRecovery:
		return &protocol.Problem{
			What: fmt.Sprintf("the server is a standby, where the publication %q can't be created", s.cfg.Publication),
			Cure: "connect to the primary, or create the publication there",
		}
	case !info.PublicationExists && !info.MayCreate:
		return &protocol.Problem{
			What: fmt.Sprintf("the role %q may not create the publication %q in the database %q", info.User, s.cfg.Publication, info.Database),
			Cure: fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s, or let the tables' owner run what \"tablewire setup-sql\" prints", quoteIdentifier(info.Database), quoteIdentifier(info.User)),
		}
	}
	return nil
}

func isSlotActive(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == codeObjectInUse
}

// lostError ends a session whose slot must be made anew.
type lostError string

func (e lostError) Error() string { return string(e) }

// startError is the refusal of START_REPLICATION.
type startError struct {
	slot string
	err  error
}

func (e *startError) Error() string {
	return fmt.Sprintf("start replication on slot %q: %v", e.slot, e.err)
}

func (e *startError) Unwrap() error { return e.err }

// lostBy tells by a session's error that its slot will never work again, and why.
// PostgreSQL's messages are in the server's language; its codes and the names of
// its functions are not.
func lostBy(err error) string {
	if lost, ok := errors.AsType[lostError](err); ok {
		return string(lost)
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	_, starting := errors.AsType[*startError](err)
	switch {
	case pg.Code == codeUndefinedObject && pg.Routine == "get_publication_oid":
		return "the publication was dropped: the slot can't decode what came before it was made anew"
	case pg.Code == codeNotInState && starting:
		return "the server has invalidated the slot: " + pg.Message
	}
	return ""
}

// Explain gives an error that the stream or its database met as a problem with a
// cure, when it is one of the known conditions; else the error as it is. Nothing
// in it tells a password.
func Explain(err error) error {
	var problem *protocol.Problem
	if err == nil || errors.As(err, &problem) {
		return err
	}
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		// The error quotes the URL, and a broken one may hide its password anywhere.
		return &protocol.Problem{
			What: "the database URL can't be understood",
			Cure: "it looks like postgres://user:password@host:5432/database?sslmode=require; characters such as @ : / in the password are written %40 %3A %2F",
		}
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if cure := cureOf(pg); cure != "" {
			return &protocol.Problem{What: pg.Message, Cure: cure, Err: fmt.Errorf("SQLSTATE %s", pg.Code)}
		}
		return err
	}
	return explainConnect(err)
}

// cureOf says what to do about PostgreSQL's error; empty when that is not known.
func cureOf(e *pgconn.PgError) string {
	message := strings.ToLower(e.Message)
	switch e.Code {
	case codeInvalidPassword, codeInvalidAuthorization:
		if strings.Contains(message, "pg_hba.conf") {
			return "let the role in by a line in the server's pg_hba.conf, or check sslmode in the database URL"
		}
		return "check the user and the password in the database URL"
	case codeNoDatabase:
		return "check the database's name at the end of the database URL"
	case codeInsufficient:
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
		if strings.Contains(message, "startup parameter") || strings.Contains(message, "replication") {
			return "a connection pooler is in between, which can't do replication: give the server's own address and port"
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
	return ""
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
