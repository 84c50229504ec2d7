package sql

import (
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Setup gives the statements that make by hand what a server would make by
// itself, for a role that may only replicate. With no tables the publication is
// made empty. They are right on every supported version, and each is one statement:
// whoever runs it has all of it or nothing.
func Setup(publication, slot string, names []wal.TableName) string {
	forTables := ""
	if len(names) > 0 {
		quoted := make([]string, len(names))
		for i, n := range names {
			quoted[i] = only(n.Schema, n.Table)
		}
		forTables = " FOR TABLE " + strings.Join(quoted, ", ")
	}
	tag := "$tablewire$"
	for strings.Contains(publication+forTables, tag) {
		tag = strings.TrimSuffix(tag, "$") + "_$"
	}
	return strings.TrimSpace(fill(createByHand, "{tag}", tag, "{publication}", quote(publication), "{for_tables}", forTables)) + ";\n\n" +
		strings.TrimSpace(fill(createSlot, "{slot}", literal(slot))) + ";\n"
}
