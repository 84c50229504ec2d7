package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol"
	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// judgePublication is about a publication that exists.
func (e *examination) judgePublication() {
	p := e.seen.Publication
	if !p.Exists {
		return
	}
	if problem, ok := errors.AsType[*protocol.Problem](p.Altered); ok {
		e.blocks(problem)
	}
	if p.KeptFor != "" {
		e.warns(&protocol.Problem{
			ID:   "publication-shared",
			What: fmt.Sprintf("the publication %q is kept by the Tablewire of the slot %q: this server would expose no other tables than that one's", e.cfg.Publication, p.KeptFor),
			Hint: fmt.Sprintf(`give this server a publication of its own with the setting "publication"; or drop the slot %q if that server is gone for good`, p.KeptFor),
		})
	}
	if p.Altered == nil && len(p.Missing) > 0 {
		e.warns(&protocol.Problem{
			ID:   "publication-lacks-operation",
			What: fmt.Sprintf("the publication %q leaves out every %s, which clients will never see", e.cfg.Publication, strings.Join(p.Missing, ", ")),
			Hint: "let the publication's owner run, unless that is meant:",
			SQL:  []string{fmt.Sprintf("ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate')", quote.Identifier(e.cfg.Publication))},
		})
	}
	e.judgeFilters()
}

// judgeFilters is about what a publication holds back of the tables that it has.
func (e *examination) judgeFilters() {
	var rows, columns, generated []pgcatalog.InspectedTable
	for _, t := range e.seen.Tables {
		if t.SomeRows {
			rows = append(rows, t)
		}
		if t.SomeColumns {
			columns = append(columns, t)
		}
		if len(t.Generated) > 0 {
			generated = append(generated, t)
		}
	}
	var holds, statements []string
	add := func(what string, list []pgcatalog.InspectedTable) {
		if len(list) > 0 {
			holds = append(holds, what+" "+joinFew(list, tableName))
		}
	}
	add("a WHERE clause for", rows)
	add("a list of columns for", columns)
	add("none of the stored generated columns of", generated)
	if len(holds) == 0 {
		return
	}
	publication := quote.Identifier(e.cfg.Publication)
	for _, t := range slices.Concat(rows, columns) {
		mend := []string{fmt.Sprintf("ALTER PUBLICATION %s DROP TABLE %s", publication, t.Quoted), fmt.Sprintf("ALTER PUBLICATION %s ADD TABLE ONLY %s", publication, t.Quoted)}
		if !slices.Contains(statements, mend[0]) && len(statements) < maxStatements {
			statements = append(statements, mend...)
		}
	}
	if len(generated) > 0 {
		statements = append(statements, fmt.Sprintf("ALTER PUBLICATION %s SET (publish_generated_columns = stored)", publication))
	}
	e.warns(&protocol.Problem{
		ID:   "publication-filtered",
		What: fmt.Sprintf("the publication %q has %s: clients see no others", e.cfg.Publication, strings.Join(holds, "; ")),
		Hint: "nothing if that is meant; else let the publication's owner run, in one transaction:",
		SQL:  statements,
	})
}

func tableName(t pgcatalog.InspectedTable) string { return fmt.Sprintf("%q", t.Name) }

// judgeTables is about the tables that match.
func (e *examination) judgeTables() {
	if e.has("server-version") {
		return
	}
	if len(e.seen.Unmatched) > 0 {
		e.warns(&protocol.Problem{
			ID:   "table-unmatched",
			What: "no table matches " + joinFew(e.seen.Unmatched, func(p string) string { return fmt.Sprintf("%q", p) }) + ` of the setting "tables"`,
			Hint: "a name is schema.table, or a table of the schema public, with upper and lower case as in the database; a view has no changes of its own; nothing if the tables are yet to be created",
		})
	}
	e.judgeRefused()
	var exposed []pgcatalog.InspectedTable
	for _, t := range e.seen.Tables {
		if t.Trouble == pgcatalog.TroubleNone {
			exposed = append(exposed, t)
		}
	}
	e.judgeAccess(exposed)
	e.judgeInheritance(exposed)
	e.judgeOldValues(exposed)
}

// refused are the tables that have one trouble, and the statements that end it.
func (e *examination) refused(trouble pgcatalog.TableTrouble) (what string, statements []string) {
	var list []pgcatalog.InspectedTable
	for _, t := range e.seen.Tables {
		if t.Trouble == trouble {
			list = append(list, t)
		}
	}
	return e.describeRefused(list)
}

func (e *examination) describeRefused(list []pgcatalog.InspectedTable) (what string, statements []string) {
	switch {
	case len(list) == 0:
		return "", nil
	case len(list) == 1:
		what = fmt.Sprintf("serve will not expose the table %q: %s", list[0].Name, list[0].Why)
	default:
		what = fmt.Sprintf("serve will not expose %d tables: %s; the first, because %s", len(list), joinFew(list, tableName), list[0].Why)
	}
	for _, t := range list {
		for _, s := range t.SQL {
			s = strings.ReplaceAll(s, "{role}", quote.Identifier(e.info.User))
			if !slices.Contains(statements, s) && len(statements) < maxStatements {
				statements = append(statements, s)
			}
		}
	}
	return what, statements
}

func (e *examination) judgeRefused() {
	e.judgeBroken()
	if what, statements := e.refused(pgcatalog.TroubleIdentity); what != "" && !e.has("publication-breaks-updates") {
		e.warns(&protocol.Problem{
			ID:   "table-without-identity",
			What: what,
			Hint: "add a primary key, which costs least; or, which makes every UPDATE and DELETE log the whole old row:",
			SQL:  statements,
		})
	}
	if what, statements := e.refused(pgcatalog.TroubleUnlogged); what != "" {
		e.warns(&protocol.Problem{
			ID:   "table-unlogged",
			What: what,
			Hint: "nothing if that is meant; else, which writes the whole table into the log:",
			SQL:  statements,
		})
	}
	if what, statements := e.refused(pgcatalog.TroubleUnowned); what != "" {
		e.warns(&protocol.Problem{
			ID:   "table-not-owned",
			What: what,
			Hint: e.hintUnowned(statements),
			SQL:  statements,
		})
	}
	if what, statements := e.refused(pgcatalog.TroubleMissing); what != "" {
		e.warns(&protocol.Problem{
			ID:   "table-not-published",
			What: what,
			Hint: `let the publication's owner add the tables, or leave them out of the setting "tables":`,
			SQL:  statements,
		})
	}
	if what, statements := e.refused(pgcatalog.TroublePartition); what != "" {
		e.warns(&protocol.Problem{
			ID:   "publication-partitions",
			What: what,
			Hint: "let the publication's owner run this, or name the partitions in the setting \"tables\":",
			SQL:  statements,
		})
	}
}

// hintUnowned names the two ways: a role that is the owner's, or a publication by hand.
func (e *examination) hintUnowned(statements []string) string {
	if e.seen.Publication.Exists {
		return "let the owner, or a superuser, run:"
	}
	var names []string
	for _, t := range e.seen.Tables {
		if (t.Trouble == pgcatalog.TroubleNone || t.Trouble == pgcatalog.TroubleUnowned) && len(names) < maxStatements {
			names = append(names, shellWord(t.Name.String()))
		}
	}
	command := "tablewire setup-sql " + strings.Join(names, " ")
	if e.cfg.Slot != "tablewire" || e.cfg.Publication != e.cfg.Slot {
		command = fmt.Sprintf("TABLEWIRE_SLOT=%s TABLEWIRE_PUBLICATION=%s %s", e.cfg.Slot, shellWord(e.cfg.Publication), command)
	}
	hint := "let a superuser run what this prints: " + command
	if len(statements) > 0 {
		hint += "; or, with which serve creates the publication itself:"
	}
	return hint
}

// judgeBroken is about a publication that makes statements of the application fail.
func (e *examination) judgeBroken() {
	foreign := e.seen.Publication.Foreign != ""
	var list []pgcatalog.InspectedTable
	for _, t := range e.seen.Tables {
		if t.Trouble == pgcatalog.TroubleBreaks || t.Trouble == pgcatalog.TroubleIdentity && t.Member && foreign {
			list = append(list, t)
		}
	}
	if what, statements := e.describeRefused(list); what != "" {
		e.blocks(&protocol.Problem{
			ID:   "publication-breaks-updates",
			What: fmt.Sprintf("the publication %q makes the application's own UPDATE and DELETE fail: %s", e.cfg.Publication, what),
			Hint: "let the owner of the tables or of the publication run:",
			SQL:  statements,
		})
	}
}

// judgeAccess is about row level security, privileges and locks.
func (e *examination) judgeAccess(exposed []pgcatalog.InspectedTable) {
	var secured, unreadable, locked []pgcatalog.InspectedTable
	for _, t := range exposed {
		if t.RowSecurity {
			secured = append(secured, t)
		}
		if !t.MayRead {
			unreadable = append(unreadable, t)
		}
		if t.Locked {
			locked = append(locked, t)
		}
	}
	if len(secured) > 0 {
		e.warns(&protocol.Problem{
			ID:   "table-row-security",
			What: fmt.Sprintf("row level security does not hold for events: every client can follow all rows of %s", joinFew(secured, tableName)),
			Hint: fmt.Sprintf(`nothing if every client may see them; else leave the tables out of the setting "tables", as in '!%s'`, secured[0].Name),
		})
	}
	if len(unreadable) > 0 {
		e.notes(&protocol.Problem{
			ID:   "table-unreadable",
			What: fmt.Sprintf("the role %q may not read %s: events come all the same, because replication needs no such privilege", e.info.User, joinFew(unreadable, tableName)),
			Hint: "nothing; or, for a role that shall read the rows, too:",
			SQL:  e.grants(unreadable),
		})
	}
	if len(locked) > 0 {
		e.judgeLocked(locked)
	}
}

func (e *examination) grants(list []pgcatalog.InspectedTable) []string {
	role := quote.Identifier(e.info.User)
	var statements []string
	for _, t := range list {
		usage := fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s", quote.Identifier(t.Name.Schema), role)
		if !t.MayEnter && !slices.Contains(statements, usage) {
			statements = append(statements, usage)
		}
	}
	return append(statements, few(list, func(t pgcatalog.InspectedTable) string {
		return fmt.Sprintf("GRANT SELECT ON %s TO %s", t.Quoted, role)
	})...)
}

func (e *examination) judgeLocked(locked []pgcatalog.InspectedTable) {
	var pids []int32
	for _, t := range locked {
		pids = append(pids, t.Lockers...)
	}
	slices.Sort(pids)
	pids = slices.Compact(pids)
	p := &protocol.Problem{
		ID:   "table-locked",
		What: "tables are locked, so that nobody can read them or add them to a publication at the moment: " + joinFew(locked, tableName),
		Hint: "wait for the end of what holds the lock, mostly an ALTER TABLE or a VACUUM FULL",
	}
	if len(pids) > 0 {
		p.What += " (by the processes " + joinFew(pids, func(pid int32) string { return fmt.Sprint(pid) }) + ")"
		p.Hint = "wait for the end of the transaction that holds the lock, or end it:"
		p.SQL = few(pids, terminate)
	}
	e.warns(p)
}

// judgeInheritance is about tables whose rows are in other tables.
func (e *examination) judgeInheritance(exposed []pgcatalog.InspectedTable) {
	var parents, hypertables, partial []pgcatalog.InspectedTable
	var leaves []string
	for _, t := range exposed {
		switch {
		case t.Inherited != "" && t.Hypertable:
			hypertables = append(hypertables, t)
		case t.Inherited != "":
			parents = append(parents, t)
		}
		if len(t.NotFull) > 0 {
			partial = append(partial, t)
			leaves = append(leaves, t.NotFull...)
		}
	}
	if len(parents) > 0 {
		e.warns(&protocol.Problem{
			ID:   "table-inherited",
			What: parents[0].Inherited + others(len(parents)),
			Hint: `name the children in the setting "tables", and leave a parent without rows of its own out`,
		})
	}
	if len(hypertables) > 0 {
		e.warns(&protocol.Problem{
			ID:   "table-hypertable",
			What: hypertables[0].Inherited + others(len(hypertables)),
			Hint: `leave hypertables out of the setting "tables"`,
		})
	}
	if len(partial) > 0 {
		e.warns(&protocol.Problem{
			ID:   "partition-identity",
			What: fmt.Sprintf("partitions of %s (%d) are not FULL, as the table or another partition is: only the key of their old rows is known", joinFew(partial, tableName), len(leaves)),
			Hint: "run this for each partition, and for each new one: PostgreSQL does not hand the identity down",
			SQL:  few(leaves, func(leaf string) string { return "ALTER TABLE " + leaf + " REPLICA IDENTITY FULL" }),
		})
	}
}

func others(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf(" (and so for %d more)", n-1)
}

// judgeOldValues is about what an event lacks of the row before.
func (e *examination) judgeOldValues(exposed []pgcatalog.InspectedTable) {
	var partly, long []pgcatalog.InspectedTable
	for _, t := range exposed {
		if t.Identity == wal.IdentityFull {
			continue
		}
		partly = append(partly, t)
		if t.LongValues {
			long = append(long, t)
		}
	}
	const cost = "; it makes every UPDATE and DELETE log the whole old row"
	if len(long) > 0 {
		e.notes(&protocol.Problem{
			ID:   "table-long-values",
			What: fmt.Sprintf("rows of %s have long values, stored apart: an UPDATE that leaves one alone sends its event without that value", joinFew(long, tableName)),
			Hint: "nothing if clients keep what they have; else, where clients need every value" + cost + ":",
			SQL:  few(long[:1], fullIdentity),
		})
	}
	if len(partly) > 0 {
		e.notes(&protocol.Problem{
			ID:   "table-old-values",
			What: fmt.Sprintf("only the key of an old row is known for tables whose replica identity is not FULL (%d): %s", len(partly), joinFew(partly, tableName)),
			Hint: "nothing if clients filter by columns that do not change; else, for each table whose old_data or transitions must be whole" + cost + ":",
			SQL:  few(partly[:1], fullIdentity),
		})
	}
}

func fullIdentity(t pgcatalog.InspectedTable) string {
	return "ALTER TABLE " + t.Quoted + " REPLICA IDENTITY FULL"
}
