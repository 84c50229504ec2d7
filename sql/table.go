package sql

import (
	"fmt"
	"strings"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// tableRow is a row of catalog/tables.sql. The strings from Unlogged on each have the quoted
// name of one table that holds rows, the table itself or a partition, or are empty.
type tableRow struct {
	OID             uint32
	Schema, Name    string
	Identity        string // the replica identity that holds for all rows
	Partitioned     bool
	Owned           bool
	Owner           string
	SuperuserOwned  bool
	Ancestors       []int64 // OIDs of the tables that it is a partition of, at any depth
	Temporary       bool
	Unlogged        string
	IdentityNothing string
	IndexMissing    string   // its identity is USING INDEX, and the index does not exist
	KeyMissing      string   // its identity is DEFAULT, and it has no primary key
	RowHidden       string   // its identity is FULL, and logical replication does not carry a column
	KeyHidden       string   // logical replication does not carry a column of its identity
	OtherKey        string   // a partition whose identity lacks a column that identifies the table's rows
	NotFull         []string // the partitions that are not FULL, if the table or another partition is
	storage
}

// refusal says why a table's changes can't be published: the table's own UPDATE and DELETE
// would fail, or its changes would not arrive, or would not say which row they are of. It
// returns "" if they can.
func (t tableRow) refusal() string {
	reason, remedy := t.refusalParts()
	return reason + remedy
}

// refusalParts returns what is wrong with the table, and what to do about it.
func (t tableRow) refusalParts() (reason, remedy string) {
	const fail = ": published, its own UPDATE and DELETE would fail"
	full := func(table string) string { return "ALTER TABLE " + table + " REPLICA IDENTITY FULL" }
	switch {
	case t.Unlogged != "":
		return t.subject(t.Unlogged) + " is UNLOGGED: its changes are not in the write-ahead log", ""
	case t.Temporary:
		return "it is TEMPORARY: its changes are not in the write-ahead log", ""
	case t.IdentityNothing != "":
		return t.subject(t.IdentityNothing) + " has replica identity NOTHING" + fail, "; ALTER TABLE " + t.IdentityNothing + " REPLICA IDENTITY DEFAULT, or FULL"
	case t.IndexMissing != "":
		return t.subject(t.IndexMissing) + " has lost the index of its replica identity" + fail, "; " + full(t.IndexMissing) + ", or DEFAULT, or USING INDEX"
	case t.KeyMissing != "":
		return t.subject(t.KeyMissing) + " has no primary key that is checked at once (a DEFERRABLE one is not)" + fail, "; add one, or " + full(t.KeyMissing)
	case t.RowHidden != "":
		return t.subject(t.RowHidden) + " has a virtual generated column and replica identity FULL" + fail, "; ALTER TABLE " + t.RowHidden + " REPLICA IDENTITY DEFAULT, or USING INDEX"
	case t.KeyHidden != "":
		return t.subject(t.KeyHidden) + " has a generated column in its key, which logical replication does not carry before PostgreSQL 18", ": " + full(t.KeyHidden) + ", or USING INDEX"
	case t.OtherKey != "":
		return "the replica identity of partition " + t.OtherKey + " lacks columns that identify the table's rows, so that its updates and deletes would not say which row they are of", ": " + full(t.OtherKey)
	}
	return "", ""
}

// subject is the subject of a refusal: a table that holds rows, "it" or a partition.
func (t tableRow) subject(table string) string {
	if t.Partitioned {
		return "partition " + table
	}
	return "it"
}

// fewPartitions is how many partitions have a warning each.
const fewPartitions = 3

// partialIdentities warns of partitions that do not log whole old rows although the table or
// another partition does, and says how to mend that: neither PostgreSQL nor pg_partman
// gives a new partition the replica identity of its table.
func partialIdentities(found []pgcatalog.Table, rows map[uint32]tableRow) (warnings []string) {
	for i := range found {
		leaves := rows[found[i].OID].NotFull
		if found[i].Refused != "" || len(leaves) == 0 {
			continue
		}
		name := found[i].TableName()
		if len(leaves) > fewPartitions {
			warnings = append(warnings, fmt.Sprintf("%d partitions of %q don't have replica identity FULL as it or others of them have: of their old rows only the key is known; of each, %s among them, run ALTER TABLE %s REPLICA IDENTITY FULL",
				len(leaves), name, strings.Join(leaves[:fewPartitions], ", "), leaves[0]))
			continue
		}
		for _, leaf := range leaves {
			warnings = append(warnings, fmt.Sprintf("partition %s of %q does not have replica identity FULL as it or others of its partitions have: of its old rows only the key is known; ALTER TABLE %s REPLICA IDENTITY FULL",
				leaf, name, leaf))
		}
	}
	return warnings
}

// ownerHint says why the role that Tablewire connects as can't add a table to the
// publication.
func (t tableRow) ownerHint(publication string) string {
	byHand := fmt.Sprintf("let a superuser run ALTER PUBLICATION %s ADD TABLE ONLY %s", quote(publication), quote(t.Schema, t.Name))
	if t.SuperuserOwned {
		return "only its owner, who is a superuser, can publish it: " + byHand + ", or give the table to another owner"
	}
	return fmt.Sprintf("only its owner can publish it: GRANT %s TO the role that Tablewire connects as, or %s", quote(t.Owner), byHand)
}

// refusePartitions refuses the partitions whose changes arrive as changes of a table above
// them, because that table is exposed and the publication carries it as a whole.
func refusePartitions(found []pgcatalog.Table, rows map[uint32]tableRow, carried func(root uint32) bool) {
	exposed := map[int64]*pgcatalog.Table{}
	for i := range found {
		if found[i].Refused == "" && carried(found[i].OID) {
			exposed[int64(found[i].OID)] = &found[i]
		}
	}
	for i := range found {
		for _, above := range rows[found[i].OID].Ancestors {
			if root := exposed[above]; root != nil && found[i].Refused == "" {
				found[i].Refused = fmt.Sprintf(`it is a partition of %q, and its changes come as changes of that table: to have the partition as a collection of its own, leave the table out of the setting "tables" with '!%[1]s'`, root.TableName())
			}
		}
	}
}

// refuseStillCarried refuses the partitions of a table that could not be taken out of the
// publication yet: their changes still arrive as changes of that table.
func refuseStillCarried(found []pgcatalog.Table, rows map[uint32]tableRow, members members) {
	for i := range found {
		for _, above := range rows[found[i].OID].Ancestors {
			if found[i].Refused == "" && members.have(uint32(above)) {
				found[i].Refused = "it is a partition, and its changes come as changes of its table, which is locked and could not be taken out of the publication yet"
			}
		}
	}
}
