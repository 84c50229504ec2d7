package catalog

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/tablewire/tablewire/cdc/internal/quote"
	"github.com/tablewire/tablewire/protocol/wal"
)

// listChanges are the changes of the list of tables at one refresh, so that one line of the
// log covers many tables.
type listChanges struct {
	exposed, gone []wal.TableName
	refused       map[wal.TableName]string // why
}

const (
	maxNamed   = 10 // tables that a line names; it counts the others
	maxReasons = 10 // reasons that have a line of their own in one refresh
)

// log writes a line for the tables that are exposed, one for those that are gone, and one
// for each reason for which others are refused.
func (l *listChanges) log(log *slog.Logger) {
	groups := byReason(l.refused)
	for i, names := range groups {
		if i == maxReasons {
			rest := slices.Concat(groups[i:]...)
			log.Warn("more tables are not exposed, for other reasons", "count", len(rest), "tables", listed(rest))
			break
		}
		why := l.refused[names[0]]
		if len(names) == 1 {
			log.Warn("a table is not exposed", "table", names[0], "reason", why)
			continue
		}
		log.Warn("tables are not exposed, all for the same reason", "count", len(names), "tables", listed(names), "reason", why)
	}
	logNames(log, "a table is exposed", "tables are exposed", l.exposed)
	logNames(log, "a table is no longer exposed", "tables are no longer exposed", l.gone)
}

func logNames(log *slog.Logger, one, many string, names []wal.TableName) {
	switch slices.SortFunc(names, compareNames); len(names) {
	case 0:
	case 1:
		log.Info(one, "table", names[0])
	default:
		log.Info(many, "count", len(names), "tables", listed(names))
	}
}

// listed joins the first names, and says if there are more.
func listed(names []wal.TableName) string {
	list := make([]string, 0, maxNamed)
	for _, name := range names[:min(len(names), maxNamed)] {
		list = append(list, name.String())
	}
	text := strings.Join(list, ", ")
	if len(names) > maxNamed {
		text += ", …"
	}
	return text
}

// byReason groups tables whose reasons are equal, apart from the table's own name in the
// statements that a reason suggests.
func byReason(refused map[wal.TableName]string) [][]wal.TableName {
	groups := map[string][]wal.TableName{}
	for name, why := range refused {
		reason := withoutName(why, name)
		groups[reason] = append(groups[reason], name)
	}
	list := make([][]wal.TableName, 0, len(groups))
	for _, names := range groups {
		slices.SortFunc(names, compareNames)
		list = append(list, names)
	}
	slices.SortFunc(list, func(a, b []wal.TableName) int { return compareNames(a[0], b[0]) })
	return list
}

// withoutName replaces a table's name in a reason, whether it is quoted or not.
func withoutName(why string, name wal.TableName) string {
	for _, schema := range [...]string{quote.Identifier(name.Schema), name.Schema} {
		for _, table := range [...]string{quote.Identifier(name.Table), name.Table} {
			why = strings.ReplaceAll(why, schema+"."+table, "\x00")
		}
	}
	return why
}

func compareNames(a, b wal.TableName) int { return strings.Compare(a.String(), b.String()) }
