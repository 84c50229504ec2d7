package cdc_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
)

// documentedType is a line of docs/types.md: a value of a type and its JSON, and the versions
// that the line is for.
type documentedType struct {
	typ, value, json string
	from, before     int
}

var (
	typeLine  = regexp.MustCompile("(?m)^\\| `([^`]+)`(?: \\((before )?([0-9]+)\\))? \\| `([^`]*)` \\| `([^`]*)` \\|$")
	typeSetup = regexp.MustCompile("(?s)```sql\n(.*?)```")
)

// internalTypes are those that no user has a column of.
var internalTypes = []string{
	"gtsvector", "pg_node_tree", "pg_ndistinct", "pg_dependencies", "pg_mcv_list", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary",
}

// TestDocumentedTypes compares docs/types.md, on every version, with events and with
// to_jsonb.
func TestDocumentedTypes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/types.md")
	if err != nil {
		t.Fatal(err)
	}
	statements := typeSetup.FindSubmatch(page)
	all := documentedTypes(string(page))
	if len(all) < 80 || statements == nil {
		t.Fatalf("%d lines and the statements %q were found in the page", len(all), statements)
	}
	for _, major := range pgtest.Versions() {
		t.Run(fmt.Sprintf("PostgreSQL%d", major), func(t *testing.T) {
			t.Parallel()
			lines := slices.DeleteFunc(slices.Clone(all), func(l documentedType) bool { return major < l.from || major >= l.before })
			var columns, values []string
			for i, l := range lines {
				columns = append(columns, fmt.Sprintf("c%d %s", i, l.typ))
				values = append(values, quoteSQL(l.value)+"::"+l.typ)
			}
			s := setup(t, pgtest.StartVersion(t, major), `
				CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;`+string(statements[1])+`
				CREATE TABLE t (id int PRIMARY KEY, `+strings.Join(columns, ", ")+`)`)
			s.exec(t, `SET TimeZone = 'UTC'`)
			var row string
			if err := s.conn.QueryRow(t.Context(), `INSERT INTO t VALUES (1, `+strings.Join(values, ", ")+`) RETURNING to_jsonb(t)::text`).Scan(&row); err != nil {
				t.Fatal(err)
			}
			event, err := object([]byte(s.next(t)))
			if err != nil {
				t.Fatal(err)
			}
			data, err := object(event.value("data"))
			if err != nil {
				t.Fatal(err)
			}
			oracle := parseRow(t, row)
			for i, l := range lines {
				name := fmt.Sprintf("c%d", i)
				if got := string(data.value(name)); got != l.json {
					t.Errorf("%s %s comes as %s; documented is %s", l.typ, l.value, got, l.json)
				}
				if diff := shapeOf(l.typ).compare(decode(oracle[name]), decode(data.value(name))); diff != "" {
					t.Errorf("%s %s is not what to_jsonb gives: %s", l.typ, l.value, diff)
				}
			}
			s.missing(t, lines)
		})
	}
}

func documentedTypes(page string) []documentedType {
	var lines []documentedType
	for _, m := range typeLine.FindAllStringSubmatch(page, -1) {
		l := documentedType{typ: m[1], value: m[4], json: m[5], before: math.MaxInt}
		version, _ := strconv.Atoi(m[3]) // digits, or none
		if m[2] == "" {
			l.from = version
		} else {
			l.before = version
		}
		lines = append(lines, l)
	}
	return lines
}

func shapeOf(typ string) shape {
	if elem, ok := strings.CutSuffix(typ, "[]"); ok {
		s := shapeOf(elem)
		return shape{kind: array, elem: &s}
	}
	return shape{kind: map[string]shapeKind{"json": text, "jsonb": parsed, "timestamp with time zone": zoned}[typ]}
}

// missing reports types of the server that the page does not have.
func (s *subject) missing(t *testing.T, lines []documentedType) {
	t.Helper()
	rows, err := s.conn.Query(t.Context(), `
		SELECT format_type(oid, NULL) FROM pg_type
		WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm')
		  AND NOT EXISTS (SELECT FROM pg_type elem WHERE elem.typarray = pg_type.oid)`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		documented := slices.ContainsFunc(lines, func(l documentedType) bool {
			bare, _, _ := strings.Cut(l.typ, "(")
			return bare == strings.Trim(name, `"`) || l.typ == name
		})
		if !documented && !slices.Contains(internalTypes, name) {
			t.Errorf("the type %s is not documented", name)
		}
	}
	if b, err := json.Marshal(all); len(all) < 60 {
		t.Errorf("the server has %d types only: %s, %v", len(all), b, err)
	}
}
