package sql

import (
	"fmt"

	"github.com/tablewire/tablewire/protocol"
)

// tableRow is a row of catalog/tables.sql.
type tableRow struct {
	OID             uint32
	Schema, Name    string
	Identity        string
	Partitioned     bool
	Owned           bool
	Owner           string
	SuperuserOwned  bool
	Ancestors       []int64 // OIDs of the tables of which it is a partition, however deep
	Unlogged        bool
	Temporary       bool
	IdentityNothing bool // of the table, or of a partition
	IdentityMissing bool // likewise: there is no index for it
	IdentityHidden  bool // likewise: a column of it does not travel
	IdentityMixed   bool // it is FULL in the root and not in a partition, or the other way round, or of other columns
}

// refusal says why a table's changes can't be published: the table's own UPDATE and
// DELETE would fail then, or its changes would not come.
func (t tableRow) refusal() string {
	whose := "its"
	if t.Partitioned {
		whose = "a partition's"
	}
	switch {
	case t.Unlogged && t.Partitioned:
		return "a partition is UNLOGGED: its changes are not in the write-ahead log"
	case t.Unlogged:
		return "it is UNLOGGED: its changes are not in the write-ahead log"
	case t.Temporary:
		return "it is TEMPORARY: its changes are not in the write-ahead log"
	case t.IdentityNothing:
		return whose + " replica identity is NOTHING: published, its own UPDATE and DELETE would fail; ALTER TABLE ... REPLICA IDENTITY DEFAULT or FULL"
	case t.IdentityMissing && t.Identity == string(protocol.IdentityIndex):
		return "the index of " + whose + " replica identity is gone: published, its own UPDATE and DELETE would fail; ALTER TABLE ... REPLICA IDENTITY DEFAULT, FULL or USING INDEX"
	case t.IdentityMissing && t.Partitioned:
		return "a partition has no primary key that is checked at once: published, its own UPDATE and DELETE would fail; add one, or ALTER TABLE ... REPLICA IDENTITY FULL on the root and on each partition"
	case t.IdentityMissing:
		return "it has no primary key that is checked at once (a DEFERRABLE one is not): published, its own UPDATE and DELETE would fail; add one, or ALTER TABLE ... REPLICA IDENTITY FULL"
	case t.IdentityMixed:
		return "its partitions have another replica identity than it has itself, so that old rows can't be told: ALTER TABLE ... REPLICA IDENTITY on the root and on each partition"
	case t.IdentityHidden && t.Identity == string(protocol.IdentityFull):
		return "it has a virtual generated column and replica identity FULL: published, its own UPDATE and DELETE would fail; ALTER TABLE ... REPLICA IDENTITY DEFAULT or USING INDEX"
	case t.IdentityHidden:
		return "its key has a generated column, which does not travel before PostgreSQL 18: ALTER TABLE ... REPLICA IDENTITY FULL or USING INDEX"
	}
	return ""
}

// unowned says why a table can't be added to the publication by the role that
// Tablewire connects as.
func (t tableRow) unowned(publication string) string {
	byHand := fmt.Sprintf("let a superuser run ALTER PUBLICATION %s ADD TABLE ONLY %s", quote(publication), quote(t.Schema, t.Name))
	if t.SuperuserOwned {
		return "only its owner, who is a superuser, can publish it: " + byHand + ", or give the table to another owner"
	}
	return fmt.Sprintf("only its owner can publish it: GRANT %s TO the role that Tablewire connects as, or %s", quote(t.Owner), byHand)
}

// refusePartitions refuses the partitions whose changes come as those of a table above
// them, which is exposed and carried as a whole.
func refusePartitions(found []protocol.Table, rows map[uint32]tableRow, carried func(root uint32) bool) {
	exposed := map[int64]*protocol.Table{}
	for i := range found {
		if found[i].Refused == "" && carried(found[i].OID) {
			exposed[int64(found[i].OID)] = &found[i]
		}
	}
	for i := range found {
		for _, above := range rows[found[i].OID].Ancestors {
			if root := exposed[above]; root != nil && found[i].Refused == "" {
				found[i].Refused = fmt.Sprintf("its changes come as those of %q, of which it is a partition: take that out with --tables '!%s' to have the partition as a collection of its own", root.TableName(), root.TableName())
			}
		}
	}
}

// refuseHidden refuses the partitions of a table that could not be taken out of the
// publication yet, and which still is what their changes come as.
func refuseHidden(found []protocol.Table, rows map[uint32]tableRow, members members) {
	for i := range found {
		for _, above := range rows[found[i].OID].Ancestors {
			if found[i].Refused == "" && members.have(uint32(above)) {
				found[i].Refused = "its changes come as those of the table that it is a partition of, which is locked and could not be taken out of the publication yet"
			}
		}
	}
}
