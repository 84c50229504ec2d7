package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tablewire/tablewire/protocol/pgcatalog"
	"github.com/tablewire/tablewire/protocol/wal"
)

// logOf returns the log lines of several refreshes, one for each list of tables.
func logOf(t *testing.T, lists ...[]pgcatalog.Table) (c *Catalog, lines []string) {
	t.Helper()
	var b bytes.Buffer
	cfg := Config{Logger: slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))}
	c = New(cfg)
	for _, tables := range lists {
		c.accept(pgcatalog.PublicationState{Tables: tables}, time.Now())
	}
	return c, strings.Split(strings.TrimSpace(b.String()), "\n")
}

func tablesOf(n int, refused func(i int) string) []pgcatalog.Table {
	list := make([]pgcatalog.Table, n)
	for i := range list {
		list[i] = pgcatalog.Table{OID: uint32(i + 1), Schema: "shop", Name: fmt.Sprintf("t%03d", i), Refused: refused(i)}
	}
	return list
}

func exposed(int) string { return "" }

// Many tables have one line with a count. A later refresh has a line of its own.
func TestManyTablesAreOneLine(t *testing.T) {
	t.Parallel()
	refused := func(i int) string {
		switch {
		case i < 100:
			return "it has no primary key"
		case i < 200:
			return fmt.Sprintf(`its owner can run ALTER PUBLICATION p ADD TABLE ONLY "shop"."t%03d"`, i)
		case i == 200:
			return "it is UNLOGGED"
		}
		return ""
	}
	first := `shop.t000, shop.t001, shop.t002, shop.t003, shop.t004, shop.t005, shop.t006, shop.t007, shop.t008, shop.t009, …`
	for name, tt := range map[string]struct {
		lists [][]pgcatalog.Table
		want  []string
	}{
		"One":     {[][]pgcatalog.Table{tablesOf(1, exposed)}, []string{`level=INFO msg="a table is exposed" table=shop.t000`}},
		"Two":     {[][]pgcatalog.Table{tablesOf(2, exposed)}, []string{`level=INFO msg="tables are exposed" count=2 tables="shop.t000, shop.t001"`}},
		"Hundred": {[][]pgcatalog.Table{tablesOf(300, exposed)}, []string{`level=INFO msg="tables are exposed" count=300 tables="` + first + `"`}},
		"OneMore": {[][]pgcatalog.Table{tablesOf(300, exposed), tablesOf(301, exposed)}, []string{"", `level=INFO msg="a table is exposed" table=shop.t300`}},
		"Gone":    {[][]pgcatalog.Table{tablesOf(300, exposed), {}}, []string{"", `level=INFO msg="tables are no longer exposed" count=300 tables="` + first + `"`}},
		"OneGone": {[][]pgcatalog.Table{tablesOf(2, exposed), tablesOf(1, exposed)}, []string{"", `level=INFO msg="a table is no longer exposed" table=shop.t001`}},
		"Refused": {[][]pgcatalog.Table{tablesOf(202, refused), tablesOf(202, refused)}, []string{
			`level=WARN msg="tables are not exposed, all for the same reason" count=100 tables="` + first + `" reason="it has no primary key"`,
			`level=WARN msg="tables are not exposed, all for the same reason" count=100 tables="` + strings.ReplaceAll(first, "t0", "t1") +
				`" reason="its owner can run ALTER PUBLICATION p ADD TABLE ONLY \"shop\".\"t100\""`,
			`level=WARN msg="a table is not exposed" table=shop.t200 reason="it is UNLOGGED"`,
			`level=INFO msg="a table is exposed" table=shop.t201`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, lines := logOf(t, tt.lists...)
			if len(lines) != len(tt.want) {
				t.Errorf("%d lines, want %d:\n%s", len(lines), len(tt.want), strings.Join(lines, "\n"))
				return
			}
			for i, want := range tt.want {
				if want != "" && lines[i] != want {
					t.Errorf("line %d is\n%s, want\n%s", i, lines[i], want)
				}
			}
		})
	}
}

// Reasons that differ only in the table's name share a line, quoted or not. The number of
// lines is limited.
func TestReasonsOfManyTables(t *testing.T) {
	t.Parallel()
	list := []pgcatalog.Table{
		{OID: 1, Schema: "public", Name: "No Key", Refused: `ALTER TABLE public."No Key" REPLICA IDENTITY FULL`},
		{OID: 2, Schema: "public", Name: "nokey", Refused: `ALTER TABLE public.nokey REPLICA IDENTITY FULL`},
		{OID: 3, Schema: "My Shop", Name: "nokey", Refused: `ALTER TABLE "My Shop".nokey REPLICA IDENTITY FULL`},
	}
	if _, lines := logOf(t, list); len(lines) != 1 || !strings.Contains(lines[0], ` count=3 tables="My Shop.nokey, No Key, nokey" reason="ALTER TABLE \"My Shop\".nokey REPLICA`) {
		t.Errorf("the log says\n%s", strings.Join(lines, "\n"))
	}
	_, lines := logOf(t, tablesOf(100, func(i int) string { return fmt.Sprintf("partition %d", i) }))
	if len(lines) != maxReasons+1 || !strings.Contains(lines[maxReasons], `msg="more tables are not exposed, for other reasons" count=90 tables="shop.t010, `) {
		t.Errorf("the log says\n%s", strings.Join(lines, "\n"))
	}
}

// absences is a database that only says why there is no such table.
type absences struct{ Database }

func (absences) Absence(_ context.Context, name string) (string, error) {
	return "asked of " + name, nil
}

func TestWhy(t *testing.T) {
	t.Parallel()
	c, _ := logOf(t, tablesOf(2, func(i int) string {
		if i == 0 {
			return "it has no primary key"
		}
		return ""
	}))
	c.cfg.Database = absences{}
	for name, want := range map[string]string{
		"shop.t000": "it has no primary key",
		"shop.t001": "it has no columns, or came or went a moment ago",
		"t000":      "asked of t000",
	} {
		if why := c.Why(t.Context(), name); why != want {
			t.Errorf("%s: %s, want %s", name, why, want)
		}
	}
}

// Values of our own types look the same in the log as text and as JSON.
func TestLogsAreAlike(t *testing.T) {
	t.Parallel()
	for _, value := range []fmt.Stringer{
		wal.TableName{Schema: "shop", Table: "orders"}, wal.TableName{Schema: "public", Table: "orders"}, wal.LSN(0x16B374D848),
	} {
		var text, structured bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&structured, nil)} {
			slog.New(h).Info("m", "value", value)
		}
		var line struct{ Value any }
		if err := json.Unmarshal(structured.Bytes(), &line); err != nil || line.Value != value.String() {
			t.Errorf("JSON has %v, want %s (%v)", line.Value, value, err)
		}
		if !strings.Contains(text.String(), "value="+value.String()+"\n") {
			t.Errorf("text has %s, want %s", text.String(), value)
		}
	}
}
