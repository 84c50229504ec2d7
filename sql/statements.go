package sql

import (
	"embed"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed setup/*.sql catalog/*.sql doctor/*.sql
var files embed.FS

// statement reads an embedded file. It panics if there is none, which is a mistake here.
func statement(name string) string {
	b, err := files.ReadFile(name + ".sql")
	if err != nil {
		panic(err)
	}
	return string(b)
}

var (
	createPublication = statement("setup/publication")
	markPublication   = statement("setup/mark")
	publishGenerated  = statement("setup/generated")
	addTables         = statement("setup/add_tables")
	dropTables        = statement("setup/drop_tables")
	createByHand      = statement("setup/by_hand")
	createSlot        = statement("setup/slot")

	session           = statement("catalog/session")
	lockTimeout       = statement("catalog/lock_timeout")
	serverInfo        = statement("catalog/server")
	slotHolder        = statement("catalog/holder")
	tables            = statement("catalog/tables")
	rewrittenTables   = statement("catalog/rewritten")
	unreadTables      = statement("catalog/unread")
	emptyTable        = statement("catalog/empty")
	publicationInfo   = statement("catalog/publication")
	publicationTables = statement("catalog/publication_tables")
	alterers          = statement("catalog/alterers")
	inheritance       = statement("catalog/inheritance")
	columns           = statement("catalog/columns")
	unsent            = statement("catalog/unsent")
	types             = statement("catalog/types")
	visible           = statement("catalog/visible")
	databaseLocale    = statement("catalog/locale")
	foldingLower      = statement("catalog/folding")
	foldingContext    = statement("catalog/folding_context")
	foldingWords      = statement("catalog/folding_words")
	absent            = statement("catalog/absent")
	postgisSchema     = statement("catalog/postgis_schema")
	spatialRefs       = statement("catalog/spatial_refs")

	doctorInstance     = statement("doctor/instance")
	doctorMarks        = statement("doctor/marks")
	doctorSlots        = statement("doctor/slots")
	doctorTransactions = statement("doctor/transactions")
	doctorPrepared     = statement("doctor/prepared")
	doctorWriters      = statement("doctor/writers")
	doctorTables       = statement("doctor/tables")
	doctorSelect       = statement("doctor/select")
)

// fill replaces each {name} of a statement that can't take parameters. The values must be
// quoted. values has pairs of a {name} and its value.
func fill(statement string, values ...string) string {
	return strings.NewReplacer(values...).Replace(statement)
}

func quote(parts ...string) string { return pgx.Identifier(parts).Sanitize() }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
