package integration

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/tablewire/tablewire/integration/harness"
	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// A filter on a column that PostgreSQL does not send is refused, and the error says why
// PostgreSQL does not send it.
func TestUnsentColumns(t *testing.T) {
	t.Parallel()
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			db := harness.Connect(t, pgtest.StartVersion(t, major).NewDatabase(t))
			db.Run(t, `CREATE TABLE t (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) STORED)`)
			refused := map[string]string{
				`{"x_gt":1}`: `x_gt: no such column in "t"`,
			}
			switch {
			case major < 18:
				refused[`{"g_gt":1}`] = `g_gt: PostgreSQL does not send the column "g": it is a generated column, which PostgreSQL sends from version 18 on`
				refused[`{"[or]g":1,"[or]a__or__g":2}`] = `[or]g: PostgreSQL does not send the column "g": it is a generated column, which PostgreSQL sends from version 18 on`
			default:
				db.Run(t, `ALTER TABLE t ADD v int GENERATED ALWAYS AS (a * 3) VIRTUAL`)
				refused[`{"v":1}`] = `v: PostgreSQL does not send the column "v": it is a virtual generated column`
			}
			slot := fmt.Sprintf("unsent_%d", major)
			wantRefused(t, harness.Serve(t, db.URL, slot), "t", refused)
			if major < 15 {
				return
			}
			db.Run(t, `CREATE TABLE listed (id int PRIMARY KEY, a int, b jsonb); CREATE PUBLICATION parts FOR TABLE listed (id, a)`)
			wantRefused(t, harness.Serve(t, db.URL, slot+"_list", "--publication", "parts"), "listed", map[string]string{
				`{"b.x":"1"}`:       `b.x: PostgreSQL does not send the column "b": the publication's list of columns leaves it out`,
				`{"b_isnull":true}`: `b_isnull: PostgreSQL does not send the column "b": the publication's list of columns leaves it out`,
			})
			db.Run(t, `CREATE TABLE made (id int PRIMARY KEY, a int, g int GENERATED ALWAYS AS (a * 2) STORED); CREATE PUBLICATION plain FOR TABLE made`)
			reason := "it is a generated column, and the publication leaves these out"
			if major < 18 {
				reason = "it is a generated column, which PostgreSQL sends from version 18 on"
			}
			wantRefused(t, harness.Serve(t, db.URL, slot+"_plain", "--publication", "plain"), "made", map[string]string{
				`{"g":1}`: `g: PostgreSQL does not send the column "g": ` + reason,
			})
		})
	}
}

// wantRefused holds that a subscription with each of the filters gets this error_detail.
func wantRefused(t *testing.T, s *harness.Server, collection string, filters map[string]string) {
	t.Helper()
	for filter, want := range filters {
		detail, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		c := harness.NewClient(t, s, "collections/"+collection, map[string]any{"api_key": harness.APIKey, "filters": json.RawMessage(filter)})
		c.Want(t, `{"error":"Invalid filter","error_detail":`+string(detail)+`}`)
		c.WantClosed(t, 4400)
	}
}
