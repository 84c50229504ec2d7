package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

// member is a table that the publication has: a row of catalog/publication_tables.sql.
type member struct {
	OID                   uint32
	Named                 bool     // the publication names it, so that it can be dropped from the publication
	SomeRows, SomeColumns bool     // the publication leaves some out
	Mark                  string   // changes when somebody alters what the publication has of it; see pgcatalog.Table.Mark
	Generated             []string // stored generated columns that the publication leaves out
	// These make the table's own UPDATE and DELETE fail: columns of its identity that the
	// column list does not have, generated ones that the publication leaves out, and columns
	// of the WHERE clause that its identity does not have.
	Unlisted, Ungenerated, Unidentified []string
	// The tables that can be made UNLOGGED for a while, and the TOAST table of each.
	Tables, Toasts []int64
}

func (m *member) toasts() map[uint32]uint32 {
	toasts := make(map[uint32]uint32, len(m.Tables))
	for i, table := range m.Tables {
		toasts[uint32(table)] = uint32(m.Toasts[i])
	}
	return toasts
}

// members are the tables that the publication has, by OID.
type members map[uint32]member

func (m members) have(oid uint32) bool {
	_, ok := m[oid]
	return ok
}

func (d *Database) members(ctx context.Context, conn querier) (members, error) {
	list, err := collect[member](ctx, conn, publicationTables, d.cfg.Publication)
	if err != nil {
		return nil, err
	}
	members := make(members, len(list))
	for _, m := range list {
		members[m.OID] = m
	}
	return members, nil
}

// breakage says why the table's own UPDATE and DELETE fail because of the publication, and
// what to do. It returns "" if they do not.
func (d *Database) breakage(m member, t tableRow) string {
	pub, name := quote(d.cfg.Publication), quote(t.Schema, t.Name)
	fails := fmt.Sprintf("the UPDATE and DELETE of the application fail, because publication %q ", d.cfg.Publication)
	switch {
	case len(m.Unlisted) > 0:
		return fails + fmt.Sprintf("has a list of columns for it that does not cover its replica identity (%s): the publication's owner can run BEGIN; ALTER PUBLICATION %s DROP TABLE %s; ALTER PUBLICATION %[2]s ADD TABLE ONLY %[3]s; COMMIT", joinNames(m.Unlisted), pub, name)
	case len(m.Ungenerated) > 0:
		return fails + fmt.Sprintf("leaves out stored generated columns, and its replica identity has them (%s): the publication's owner can run ALTER PUBLICATION %s SET (publish_generated_columns = stored)", joinNames(m.Ungenerated), pub)
	case len(m.Unidentified) > 0:
		return fails + fmt.Sprintf("has a WHERE clause for it on columns that are not in its replica identity (%s): ALTER TABLE %s REPLICA IDENTITY FULL", joinNames(m.Unidentified), name)
	}
	return ""
}

// refuseBroken refuses the tables whose own statements fail because of somebody else's
// publication.
func (d *Database) refuseBroken(s *syncState) {
	for i := range s.matching {
		if t := &s.matching[i]; t.Refused == "" {
			t.Refused = d.breakage(s.members[t.OID], s.rows[t.OID])
		}
	}
}

// refuseMissing refuses the tables that somebody else's publication does not have.
func (d *Database) refuseMissing(s *syncState) {
	for i := range s.matching {
		t := &s.matching[i]
		switch {
		case t.Refused != "":
		case s.rows[t.OID].Partitioned && !s.pub.ViaRoot:
			t.Refused = fmt.Sprintf("publication %q sends the changes of its partitions as those of other tables: %s", d.cfg.Publication, d.hintSetAll())
		case !s.members.have(t.OID):
			t.Refused = fmt.Sprintf("publication %q does not have it, and %s: %s", d.cfg.Publication, s.foreignReason, d.hintMissing(&s.pub, s.rows, s.rows[t.OID]))
		}
	}
}

// ownPublication is the hint for two servers that would keep one publication.
const ownPublication = `give this server a publication of its own with the setting "publication"`

// hintMissing says how to get a table into a publication that is not ours.
func (d *Database) hintMissing(p *publication, rows map[uint32]tableRow, t tableRow) string {
	name := quote(d.cfg.Publication)
	switch {
	case p.AllTables:
		if stay := p.exceptedWithout(t, rows); len(stay) < len(p.Excepted) {
			return fmt.Sprintf("its owner can run ALTER PUBLICATION %s %s", name, p.setAllTables(stay))
		}
		return ownPublication
	case p.AllSequences:
		return ownPublication
	case p.foreignTo(d.cfg.Slot) == altered:
		return d.hintSetAll()
	case p.keptByOther(d.cfg.Slot):
		return `expose it there too, with the setting "tables", or ` + ownPublication
	case p.InRecovery:
		return fmt.Sprintf("its owner can run ALTER PUBLICATION %s ADD TABLE %s on the primary", name, only(t.Schema, t.Name))
	}
	return fmt.Sprintf("its owner can run ALTER PUBLICATION %s ADD TABLE %s", name, only(t.Schema, t.Name))
}

// exceptedWithout lists the tables that a publication FOR ALL TABLES excepts, without one
// and those that it is a partition of.
func (p *publication) exceptedWithout(t tableRow, rows map[uint32]tableRow) []string {
	drop := []string{quote(t.Schema, t.Name)}
	for _, above := range t.Ancestors {
		if root, there := rows[uint32(above)]; there {
			drop = append(drop, quote(root.Schema, root.Name))
		}
	}
	return slices.DeleteFunc(slices.Clone(p.Excepted), func(name string) bool { return slices.Contains(drop, name) })
}

// setAllTables is the clause that makes a publication FOR ALL TABLES EXCEPT some, and keeps
// the rest of it.
func (p *publication) setAllTables(excepted []string) string {
	s := "SET ALL TABLES"
	if len(excepted) > 0 {
		s += " EXCEPT (TABLE " + strings.Join(excepted, ", TABLE ") + ")"
	}
	if p.AllSequences {
		s += ", ALL SEQUENCES"
	}
	return s
}

// limitations warns of what the publication leaves out of the tables that it has:
// nothing may be lost silently.
func (d *Database) limitations(s *syncState) []string {
	var warnings []string
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	if s.pub.keptByOther(d.cfg.Slot) {
		warn("publication %q %s: this server uses it as it is and exposes no other tables than it has; %s, or drop the slot %q if that server is gone for good", d.cfg.Publication, s.foreignReason, ownPublication, s.pub.Slot)
	}
	if s.foreignReason != "" && len(s.pub.Missing) > 0 {
		warn("publication %q leaves out every %s, which clients will never see; %s", d.cfg.Publication, strings.Join(s.pub.Missing, ", "), d.hintSetAll())
	}
	var generated []string
	for _, m := range s.members {
		t, there := s.rows[m.OID]
		if !there || !d.cfg.Tables.Match(t.Schema, t.Name) {
			continue
		}
		name := wal.TableName{Schema: t.Schema, Table: t.Name}
		if m.SomeRows {
			warn("publication %q has a WHERE clause for table %q: clients see no other rows", d.cfg.Publication, name)
		}
		if m.SomeColumns {
			warn("publication %q has a list of columns for table %q: clients see no others", d.cfg.Publication, name)
		}
		if len(m.Generated) > 0 {
			generated = append(generated, fmt.Sprintf("%s (%s)", name, joinNames(m.Generated)))
		}
		if why := d.breakage(m, t); why != "" && s.foreignReason == "" { // else refuseBroken refuses it
			warn("table %q: %s", name, why)
		}
	}
	if len(generated) > 0 {
		warn("publication %q leaves out stored generated columns, which clients will never see, of %s; its owner can run ALTER PUBLICATION %s SET (publish_generated_columns = stored)", d.cfg.Publication, joinNames(generated), quote(d.cfg.Publication))
	}
	slices.Sort(warnings)
	return warnings
}

// joinNames joins the first few names, in order, and says how many more there are.
func joinNames(names []string) string {
	const most = 5
	slices.Sort(names)
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
