package sql

import (
	"strings"

	"github.com/tablewire/tablewire/protocol/wal"
)

// Setup returns the statements that create what a server would create by itself, for a role
// that may only replicate. Without names the publication is empty. Both are right on every
// supported version. Each is one statement, so that it does everything or nothing.
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
