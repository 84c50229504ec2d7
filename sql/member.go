package sql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

// member is a table that the publication carries: a row of catalog/publication_tables.sql.
type member struct {
	OID                   uint32
	Named                 bool // and so can be dropped from it
	SomeRows, SomeColumns bool // it carries not all of them
	Mark                  string
	Generated             []string // stored generated columns that it leaves out
	// What makes the table's own UPDATE and DELETE fail: columns of its identity that
	// the list of columns does not have, those that are generated and left out, and
	// columns of the WHERE clause that are none of it.
	Unlisted, Ungenerated, Unidentified []string
	// What can be made UNLOGGED for a while, and the TOAST table of each.
	Tables, Toasts []int64
}

func (m *member) toasts() map[uint32]uint32 {
	toasts := make(map[uint32]uint32, len(m.Tables))
	for i, table := range m.Tables {
		toasts[uint32(table)] = uint32(m.Toasts[i])
	}
	return toasts
}

// members are the tables that the publication carries, by OID.
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

// breaks says why the table's own UPDATE and DELETE fail because of the publication,
// and what to do; empty when they don't.
func (d *Database) breaks(m member, t tableRow) string {
	pub, name := quote(d.cfg.Publication), quote(t.Schema, t.Name)
	fails := fmt.Sprintf("the UPDATE and DELETE of the application fail, because publication %q ", d.cfg.Publication)
	switch {
	case len(m.Unlisted) > 0:
		return fails + fmt.Sprintf("has a list of columns for it that does not cover its replica identity (%s): the publication's owner can run BEGIN; ALTER PUBLICATION %s DROP TABLE %s; ALTER PUBLICATION %[2]s ADD TABLE ONLY %[3]s; COMMIT", listed(m.Unlisted), pub, name)
	case len(m.Ungenerated) > 0:
		return fails + fmt.Sprintf("leaves out stored generated columns, and its replica identity has them (%s): the publication's owner can run ALTER PUBLICATION %s SET (publish_generated_columns = stored)", listed(m.Ungenerated), pub)
	case len(m.Unidentified) > 0:
		return fails + fmt.Sprintf("has a WHERE clause for it on columns that are not in its replica identity (%s): ALTER TABLE %s REPLICA IDENTITY FULL", listed(m.Unidentified), name)
	}
	return ""
}

// refuseBroken refuses the tables whose own statements fail because of somebody else's
// publication: nobody can change them before that is mended.
func (d *Database) refuseBroken(l *look) {
	for i := range l.found {
		if t := &l.found[i]; t.Refused == "" {
			t.Refused = d.breaks(l.members[t.OID], l.rows[t.OID])
		}
	}
}

// refuseMissing refuses the tables that somebody else's publication does not have.
func (d *Database) refuseMissing(l *look) {
	for i := range l.found {
		t := &l.found[i]
		switch {
		case t.Refused != "":
		case l.rows[t.OID].Partitioned && !l.pub.ViaRoot:
			t.Refused = fmt.Sprintf("publication %q sends the changes of its partitions as those of other tables: %s", d.cfg.Publication, d.setAll())
		case !l.members.have(t.OID):
			t.Refused = fmt.Sprintf("publication %q does not have it, and %s: %s", d.cfg.Publication, l.foreign, d.hintMissing(&l.pub, l.rows, l.rows[t.OID]))
		}
	}
}

// ownPublication is the hint for two servers that would keep one publication.
const ownPublication = `give this server a publication of its own with the setting "publication"`

// hintMissing is what PostgreSQL takes to have a table in a publication that is not ours.
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
	case p.foreign(d.cfg.Slot) == altered:
		return d.setAll()
	case p.kept(d.cfg.Slot):
		return `expose it there too, with the setting "tables", or ` + ownPublication
	case p.InRecovery:
		return fmt.Sprintf("its owner can run ALTER PUBLICATION %s ADD TABLE %s on the primary", name, only(t.Schema, t.Name))
	}
	return fmt.Sprintf("its owner can run ALTER PUBLICATION %s ADD TABLE %s", name, only(t.Schema, t.Name))
}

// exceptedWithout lists the excepted tables without one and those that it is a partition of.
func (p *publication) exceptedWithout(t tableRow, rows map[uint32]tableRow) []string {
	drop := []string{quote(t.Schema, t.Name)}
	for _, above := range t.Ancestors {
		if root, there := rows[uint32(above)]; there {
			drop = append(drop, quote(root.Schema, root.Name))
		}
	}
	return slices.DeleteFunc(slices.Clone(p.Excepted), func(name string) bool { return slices.Contains(drop, name) })
}

// setAllTables makes a publication FOR ALL TABLES EXCEPT some, and leaves the rest of it.
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

// limitations says what a publication holds back of the tables that it has: nothing
// that is lost may be lost in silence.
func (d *Database) limitations(l *look) []string {
	var warnings []string
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	if l.pub.kept(d.cfg.Slot) {
		warn("publication %q %s: this server uses it as it is and exposes no other tables than it has; %s, or drop the slot %q if that server is gone for good", d.cfg.Publication, l.foreign, ownPublication, l.pub.Slot)
	}
	if l.foreign != "" && len(l.pub.Missing) > 0 {
		warn("publication %q leaves out every %s, which clients will never see; %s", d.cfg.Publication, strings.Join(l.pub.Missing, ", "), d.setAll())
	}
	var generated []string
	for _, m := range l.members {
		t, there := l.rows[m.OID]
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
			generated = append(generated, fmt.Sprintf("%s (%s)", name, listed(m.Generated)))
		}
		if why := d.breaks(m, t); why != "" && l.foreign == "" { // else it is refused
			warn("table %q: %s", name, why)
		}
	}
	if len(generated) > 0 {
		warn("publication %q leaves out stored generated columns, which clients will never see, of %s; its owner can run ALTER PUBLICATION %s SET (publish_generated_columns = stored)", d.cfg.Publication, listed(generated), quote(d.cfg.Publication))
	}
	slices.Sort(warnings)
	return warnings
}

// listed joins names, so many that they can be read.
func listed(names []string) string {
	const most = 5
	slices.Sort(names)
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
