package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/tablewire/tablewire/cdc"
	"github.com/tablewire/tablewire/cdc/internal/pgerror"
	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// The limits that findings are about.
const (
	// shortSenderTimeout is below what a loaded client answers in for certain.
	shortSenderTimeout = 10 * time.Second
	// oldPrepared is when a prepared transaction counts as forgotten.
	oldPrepared = 5 * time.Minute
)

// judgeServer is about the server, the way to it, and its transactions.
func (e *examination) judgeServer() {
	if e.instance.ReadOnly && !e.info.PublicationExists {
		e.blocks(e.withNames(pgerror.ReadOnlyServer(fmt.Sprintf("transactions of the role %q are read-only in the database %q", e.info.User, e.info.Database))))
	}
	if e.info.SlotExists && e.info.SlotSynced && e.info.InRecovery {
		e.warns(cdc.NotPromoted(e.cfg.Slot))
	}
	e.judgeWay()
	e.judgeSenderTimeout()
	e.judgeStandby()
	e.judgeTransactions()
	e.judgeWriters()
	if e.host != nil {
		e.notes(&protocol.Problem{
			ID:   "hosted-database",
			What: "the database looks like one of " + e.host.name,
			Hint: "as its documentation had it: " + e.host.advice,
		})
	}
}

func (e *examination) judgeWay() {
	if e.instance.Pooled && !e.has("pooler-without-replication") {
		e.notes(&protocol.Problem{
			ID:   "pooler-in-between",
			What: "a connection pooler is between this machine and PostgreSQL, and it passes replication connections on",
			Hint: "nothing if it ends no long query (PgBouncer: query_timeout); else give the server's own address",
		})
	}
	if one, two := e.instance.Address, e.probed.Address; one != "" && two != "" && one != two {
		e.warns(&protocol.Problem{
			ID:   "several-servers",
			What: fmt.Sprintf("two connections reached two servers, %s and %s: the address of the database URL is balanced over several", one, two),
			Hint: "give the address of one server, the primary: a slot is of one server (Aurora: the writer's endpoint)",
		})
	}
}

func (e *examination) judgeSenderTimeout() {
	timeout := time.Duration(e.info.WALSenderTimeoutMS) * time.Millisecond
	if timeout >= shortSenderTimeout {
		return
	}
	p := &protocol.Problem{
		ID:   "wal-sender-timeout",
		What: "wal_sender_timeout is 0: PostgreSQL never gives up a connection whose client has vanished, and the slot stays taken",
		Hint: e.setting("wal_sender_timeout", "60s"),
		SQL:  e.settingSQL("wal_sender_timeout", "60s"),
	}
	if timeout > 0 {
		p.What = fmt.Sprintf("wal_sender_timeout is %s: PostgreSQL ends the stream when Tablewire, or the network, is slow for so long", timeout)
	}
	e.warns(p)
}

// setting says how a setting of the server is changed without a restart.
func (e *examination) setting(name, value string) string {
	if e.host != nil {
		return fmt.Sprintf("set %s = %s in the parameters of %s", name, value, e.host.name)
	}
	return "as a superuser:"
}

func (e *examination) settingSQL(name, value string) []string {
	if e.host != nil {
		return nil
	}
	return []string{fmt.Sprintf("ALTER SYSTEM SET %s = %s", name, quote.Literal(value)), "SELECT pg_reload_conf()"}
}

// judgeStandby is about a standby that would be followed.
func (e *examination) judgeStandby() {
	if !e.info.InRecovery || e.has("standby-version", "standby-not-promoted") {
		return
	}
	var lacks, statements []string
	if !e.instance.StandbyFeedback {
		lacks = append(lacks, "hot_standby_feedback is off")
		statements = append(statements, e.settingSQL("hot_standby_feedback", "on")...)
	}
	if e.instance.PrimarySlotName == "" {
		lacks = append(lacks, "primary_slot_name is not set, or this role may not see it")
	}
	if len(lacks) == 0 {
		return
	}
	e.warns(&protocol.Problem{
		ID:   "standby-feedback",
		What: "the server is a standby on which " + strings.Join(lacks, ", and ") + ": the primary can remove rows of its catalog that the slot needs, and the slot is lost then",
		Hint: "give the standby hot_standby_feedback = on, and in primary_slot_name a physical slot of the primary",
		SQL:  statements,
	})
}

// judgeTransactions is about transactions that keep a slot from being created.
func (e *examination) judgeTransactions() {
	var old []pgcatalog.PreparedTransaction
	for _, t := range e.prepared {
		if e.waits || time.Duration(t.Seconds)*time.Second >= oldPrepared {
			old = append(old, t)
		}
	}
	if len(old) > 0 {
		e.warns(&protocol.Problem{
			ID:   "prepared-transaction",
			What: fmt.Sprintf("prepared transactions wait for COMMIT PREPARED (%d; the oldest, %q, for %s): until they end, PostgreSQL creates no slot, and keeps the log that they need", len(old), old[0].GID, since(old[0].Seconds)),
			Hint: fmt.Sprintf("ask whose they are; then COMMIT PREPARED, or, in the database that each is in (%s):", databases(old)),
			SQL: few(old, func(t pgcatalog.PreparedTransaction) string {
				return "ROLLBACK PREPARED " + quote.Literal(t.GID)
			}),
		})
	}
	if e.waits {
		e.slotWaits()
	}
}

func (e *examination) slotWaits() {
	p := &protocol.Problem{
		ID:   "slot-creation-waits",
		What: fmt.Sprintf("a replication slot could not be created within %s", slotTimeout),
		Hint: "end what PostgreSQL waits for, if it may be ended:",
	}
	switch {
	case e.info.InRecovery:
		p.What += ": the server is a standby, and waits until its primary logs which transactions run there"
		p.Hint = "run this on the primary, which may be idle:"
		p.SQL = []string{"SELECT pg_log_standby_snapshot()"}
	case len(e.open) > 0:
		p.What += ": PostgreSQL waits for the transactions that are open, of the processes " + joinFew(e.open, describe)
		p.SQL = few(e.open, func(t pgcatalog.OpenTransaction) string { return terminate(t.PID) })
	case len(e.prepared) > 0:
		p.What += ": PostgreSQL waits for the transactions that are prepared"
		p.Hint = "see prepared-transaction"
	}
	if e.info.SlotExists {
		e.notes(p) // a server creates none
		return
	}
	e.warns(p)
}

func describe(t pgcatalog.OpenTransaction) string {
	s := fmt.Sprint(t.PID)
	if t.Role != "" {
		s += fmt.Sprintf(" (role %q, open for %s)", t.Role, since(t.Seconds))
	}
	return s
}

func databases(list []pgcatalog.PreparedTransaction) string {
	names := map[string]bool{}
	for _, t := range list {
		names[t.Database] = true
	}
	return sorted(names)
}

func (e *examination) judgeWriters() {
	if len(e.writers) == 0 {
		return
	}
	var statements []string
	for _, w := range e.writers {
		statements = append(statements, strings.Split(w.Reset, "; ")...)
	}
	e.notes(&protocol.Problem{
		ID:   "writers-asynchronous",
		What: "synchronous_commit is off for " + joinFew(e.writers, func(w pgcatalog.AsynchronousWriter) string { return w.Place }) + ": the changes of its transactions come up to three times wal_writer_delay later (0.6 s by default)",
		Hint: "nothing, or, where events must come at once:",
		SQL:  statements,
	})
}
