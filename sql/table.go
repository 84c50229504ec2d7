package sql

import (
	"fmt"
	"strings"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
)

// tableRow is a row of catalog/tables.sql. What is said of the tables that hold the
// rows names one of them, ready for a statement, or is empty.
type tableRow struct {
	OID             uint32
	Schema, Name    string
	Identity        string // what is certain of old rows
	Partitioned     bool
	Owned           bool
	Owner           string
	SuperuserOwned  bool
	Ancestors       []int64 // OIDs of the tables of which it is a partition, however deep
	Temporary       bool
	Unlogged        string
	IdentityNothing string
	IndexMissing    string   // there is no index for its identity, which is USING INDEX
	KeyMissing      string   // there is no primary key for its identity, which is DEFAULT
	RowHidden       string   // it is FULL, and a column does not travel
	KeyHidden       string   // a column of its identity does not travel
	OtherKey        string   // a partition whose identity lacks a column by which the table's rows are known
	NotFull         []string // the partitions that are not FULL where the table or another partition is
	storage
}

// refusal says why a table's changes can't be published: the table's own UPDATE and
// DELETE would fail then, or its changes would not come, or not tell of which row.
func (t tableRow) refusal() string {
	const fail = ": published, its own UPDATE and DELETE would fail; "
	full := func(table string) string { return "ALTER TABLE " + table + " REPLICA IDENTITY FULL" }
	switch {
	case t.Unlogged != "":
		return t.holder(t.Unlogged) + " is UNLOGGED: its changes are not in the write-ahead log"
	case t.Temporary:
		return "it is TEMPORARY: its changes are not in the write-ahead log"
	case t.IdentityNothing != "":
		return t.holder(t.IdentityNothing) + " has replica identity NOTHING" + fail + "ALTER TABLE " + t.IdentityNothing + " REPLICA IDENTITY DEFAULT, or FULL"
	case t.IndexMissing != "":
		return t.holder(t.IndexMissing) + " has lost the index of its replica identity" + fail + full(t.IndexMissing) + ", or DEFAULT, or USING INDEX"
	case t.KeyMissing != "":
		return t.holder(t.KeyMissing) + " has no primary key that is checked at once (a DEFERRABLE one is not)" + fail + "add one, or " + full(t.KeyMissing)
	case t.RowHidden != "":
		return t.holder(t.RowHidden) + " has a virtual generated column and replica identity FULL" + fail + "ALTER TABLE " + t.RowHidden + " REPLICA IDENTITY DEFAULT, or USING INDEX"
	case t.KeyHidden != "":
		return t.holder(t.KeyHidden) + " has a generated column in its key, which does not travel before PostgreSQL 18: " + full(t.KeyHidden) + ", or USING INDEX"
	case t.OtherKey != "":
		return "the replica identity of partition " + t.OtherKey + " lacks columns by which the table's rows are known, so that its updates and deletes would not tell of which row: " + full(t.OtherKey)
	}
	return ""
}

// holder names which of the tables that hold the rows it is.
func (t tableRow) holder(table string) string {
	if t.Partitioned {
		return "partition " + table
	}
	return "it"
}

// fewPartitions is how many partitions are named one by one.
const fewPartitions = 3

// partialIdentities says of exposed tables which partitions keep old rows from being
// known, and how that is mended: neither PostgreSQL nor pg_partman hands a replica
// identity down to a partition.
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

// refuseHidden refuses the partitions of a table that could not be taken out of the
// publication yet, and which still is what their changes come as.
func refuseHidden(found []pgcatalog.Table, rows map[uint32]tableRow, members members) {
	for i := range found {
		for _, above := range rows[found[i].OID].Ancestors {
			if found[i].Refused == "" && members.have(uint32(above)) {
				found[i].Refused = "its changes come as those of the table that it is a partition of, which is locked and could not be taken out of the publication yet"
			}
		}
	}
}
