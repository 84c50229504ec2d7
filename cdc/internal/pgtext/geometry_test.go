package pgtext

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tablewire/tablewire/internal/pgserver/pgtest"
	"github.com/tablewire/tablewire/protocol/wal"
)

var (
	postgis      = flag.Int("pgtext.postgis", 0, "compare with PostGIS on a server of this major version")
	postgisWrite = flag.Bool("pgtext.postgis-write", false, "keep PostGIS' answers in testdata")
)

// postgisAnswers has the answers of a real PostGIS. A line has a geometry's text, its cast to
// json, the result of to_jsonb, each ERROR if PostGIS refuses it, and the expression. The
// first line has the version of PostGIS.
const postgisAnswers = "testdata/postgis.txt"

var refs = &wal.SpatialRefs{Names: map[int32]string{
	4326: "EPSG:4326", 3857: "EPSG:3857", 37001: "ESRI:37001", 900913: "spatialreferencing.org:900913",
}}

var geometryType = wal.Type{Name: "geometry", Extension: geometry, JSONCast: true, SpatialRefs: refs}

func TestGeometry(t *testing.T) {
	t.Parallel()
	answers, err := os.ReadFile(postgisAnswers)
	if err != nil {
		t.Fatal(err)
	}
	if *postgis != 0 {
		answers = askPostGIS(t, *postgis)
	}
	_, lines, _ := strings.Cut(string(answers), "\n")
	compared, documented := 0, documentedGeometries(t)
	for line := range strings.Lines(lines) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if diff := diffGeometry(f[0], f[1], f[2]); diff != "" {
			t.Errorf("%s\n%s", f[0], diff)
		}
		compared++
		if want, ok := documented[f[3]]; ok {
			delete(documented, f[3])
			if got := Encoder(geometryType)(nil, []byte(f[0])); string(got) != want && (f[2] != "ERROR" || want != "") {
				t.Errorf("%s is documented as %s and comes as %s", f[3], want, got)
			}
		}
	}
	if len(documented) > 0 {
		t.Errorf("documented and not compared: %v", documented)
	}
	if compared < 350 {
		t.Errorf("only %d geometries were compared", compared)
	}
}

// documentedGeometries are the lines of docs/types.md; "" for a geometry that stays text.
func documentedGeometries(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../../docs/types.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z=0-9;]+ ?[A-Z]* ?\\(.*\\))` \\| (?:`({.*})`|its text.*) \\|$").FindAllStringSubmatch(string(page), -1) {
		lines[m[1]] = m[2]
	}
	if len(lines) != 5 {
		t.Fatalf("found %v in docs/types.md", lines)
	}
	return lines
}

var exponent10 = regexp.MustCompile(`\de[-+]\d`)

func diffGeometry(text, cast, jsonb string) string {
	got := Encoder(geometryType)(nil, []byte(text))
	if jsonb == "ERROR" {
		return cmp.Diff(`"`+text+`"`, string(got))
	}
	if !exponent10.MatchString(cast) { // which to_jsonb resolves
		if diff := cmp.Diff(cast, string(got)); diff != "" {
			return diff
		}
	}
	return cmp.Diff(parse([]byte(jsonb), false), parse(got, false))
}

// askPostGIS returns the answers of a server that has PostGIS.
func askPostGIS(t *testing.T, major int) []byte {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), pgtest.StartVersion(t, major).NewDatabase(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	o := &oracle{conn}
	o.mustExec(t, settings+`CREATE EXTENSION postgis;
		CREATE FUNCTION try_json(g geometry) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN g::json::text; EXCEPTION WHEN OTHERS THEN RETURN 'ERROR'; END $$;
		CREATE FUNCTION try_jsonb(g geometry) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN to_jsonb(g)::text; EXCEPTION WHEN OTHERS THEN RETURN 'ERROR'; END $$;`)
	version := o.mustExec(t, `SELECT 'PostGIS ' || extversion FROM pg_extension WHERE extname = 'postgis'`)[0].Rows[0][0]
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n", version)
	r := rand.New(rand.NewPCG(rand.Uint64(), 0)) // the answers say what was asked
	literals := append([]string{}, geometries...)
	for range 150 {
		literals = append(literals, "LINESTRING("+randomOrdinate(r)+" "+randomOrdinate(r)+","+randomOrdinate(r)+" "+randomOrdinate(r)+")")
	}
	for range 150 {
		literals = append(literals, randomGeometry(r, 0))
	}
	for _, g := range literals {
		results, err := o.exec(`SELECT g, try_json(g), try_jsonb(g) FROM (SELECT ` + quote(g) + `::geometry) t(g)`)
		if err != nil {
			t.Fatalf("%s: %v", g, err)
		}
		fmt.Fprintf(&out, "%s\t%s\n", bytes.Join(results[0].Rows[0], []byte("\t")), g)
	}
	if *postgisWrite {
		if err := os.WriteFile(postgisAnswers, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// geometries are expressions for geometries with something special.
var geometries = []string{
	"POINT(1 2)", "POINT(1 2.5)", "GEOMETRYCOLLECTION(POINT(1 2))", "POINT EMPTY", "POINT Z (1 2 3)", "POINT M (1 2 3)", "POINT ZM (1 2 3 4)", "POINT Z EMPTY",
	"SRID=4326;POINT(1 2)", "SRID=3857;POINT(1 2)", "SRID=900913;POINT(1 2)", "SRID=37001;POINT(1 2)", "SRID=998999;POINT(1 2)", "SRID=4326;POINT EMPTY",
	"LINESTRING(0 0,1 1)", "LINESTRING EMPTY", "LINESTRING ZM(0 0 1 2,1 1 3 4)", "LINESTRING M(0 0 1,1 1 3)",
	"POLYGON((0 0,1 0,1 1,0 0),(0.1 0.1,0.2 0.1,0.2 0.2,0.1 0.1))", "POLYGON EMPTY", "POLYGON Z((0 0 1,1 0 2,1 1 3,0 0 1))",
	"MULTIPOINT(0 0,1 1)", "MULTIPOINT EMPTY", "MULTIPOINT(EMPTY,1 1)", "MULTIPOINT(1 1,EMPTY)", "MULTIPOINT(EMPTY)", "MULTIPOINT(EMPTY,EMPTY)", "SRID=4326;MULTIPOINT(1 1)", "MULTIPOINT Z(1 2 3)",
	"MULTILINESTRING((0 0,1 1),(2 2,3 3))", "MULTILINESTRING((0 0,1 1),EMPTY)", "MULTILINESTRING(EMPTY)", "MULTILINESTRING EMPTY",
	"MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))", "MULTIPOLYGON(EMPTY,((0 0,1 0,1 1,0 0)))", "MULTIPOLYGON(EMPTY)", "MULTIPOLYGON EMPTY",
	"GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))", "GEOMETRYCOLLECTION EMPTY", "GEOMETRYCOLLECTION(POINT EMPTY)", "GEOMETRYCOLLECTION(POINT EMPTY,POINT(1 2))",
	"GEOMETRYCOLLECTION(POINT(1 2),LINESTRING EMPTY,POLYGON EMPTY,MULTIPOINT EMPTY,MULTILINESTRING(EMPTY),MULTIPOLYGON(EMPTY))", "GEOMETRYCOLLECTION(MULTIPOINT(EMPTY,1 1))",
	"SRID=4326;GEOMETRYCOLLECTION(POINT(1 2))", "GEOMETRYCOLLECTION(POINT(1 1),GEOMETRYCOLLECTION(POINT(3 4)))", "GEOMETRYCOLLECTION(POINT(1 1),GEOMETRYCOLLECTION EMPTY)",
	"GEOMETRYCOLLECTION(TRIANGLE((0 0,1 0,1 1,0 0)))", "GEOMETRYCOLLECTION(TRIANGLE EMPTY,POINT(1 1))", "GEOMETRYCOLLECTION(TIN(((0 0 0,1 0 0,1 1 0,0 0 0))))",
	"GEOMETRYCOLLECTION(CIRCULARSTRING(0 0,1 1,2 0))", "GEOMETRYCOLLECTION(POINT(1 1),CIRCULARSTRING EMPTY)",
	"TRIANGLE((0 0,1 0,1 1,0 0))", "TRIANGLE EMPTY", "TIN(((0 0 0,1 0 0,1 1 0,0 0 0)),((0 0 0,0 1 0,1 1 0,0 0 0)))", "TIN EMPTY", "SRID=4326;TIN M(((0 0 0,1 0 0,1 1 0,0 0 0)))",
	"POLYHEDRALSURFACE(((0 0 0,1 0 0,1 1 0,0 0 0)))", "POLYHEDRALSURFACE EMPTY", "CIRCULARSTRING(0 0,1 1,2 0)", "CIRCULARSTRING EMPTY", "COMPOUNDCURVE(CIRCULARSTRING(0 0,1 1,2 0),(2 0,3 0))",
	"CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0))", "MULTICURVE((0 0,1 1))", "MULTISURFACE(((0 0,1 0,1 1,0 0)))", "LINESTRING(NaN 0,1 1)", "POINT(NaN 1)",
	"0101000000000000000000F07F000000000000F03F", "00000000013FF00000000000004000000000000000", "POINT(-0 0)", "POINT(1e15 1e-8)", "POINT(1e300 -1e-300)",
	"POINT(0.1234567890123455 0.1234567890123465)", "POINT(0.9999999999999999 0.9999999999999995)", "POINT(1.0000000000000001e-8 1.00000001e-8)",
	"POINT(1.2345678901234565e20 1.2345678901234575e20)", "POINT(9.9999999999999995e22 999999999999999.9)", "POINT(4.9406564584124654e-324 1.7976931348623157e308)",
	"POINT(99999.99999999999 9.999999999999999e-5)", "POINT(5e-16 0.0000000100000005)",
}

func randomOrdinate(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return fmt.Sprint(r.IntN(2000) - 1000)
	case 1:
		return fmt.Sprint((r.Float64() - 0.5) * 360)
	case 2:
		return fmt.Sprint((r.Float64() - 0.5) * math.Pow10(r.IntN(36)-16))
	}
	for {
		if f := math.Float64frombits(r.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return fmt.Sprint(f)
		}
	}
}

func randomGeometry(r *rand.Rand, depth int) string {
	dims := 2 + r.IntN(3)
	tag := []string{"", " Z", " ZM"}[dims-2]
	if dims == 3 && r.IntN(2) == 0 {
		tag = " M"
	}
	return randomTagged(r, depth, tag, dims)
}

func randomTagged(r *rand.Rand, depth int, tag string, dims int) string {
	point := func() string {
		all := make([]string, dims)
		for i := range all {
			all[i] = randomOrdinate(r)
		}
		return strings.Join(all, " ")
	}
	list := func(n int, item func() string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = item()
		}
		return "(" + strings.Join(all, ",") + ")"
	}
	line := func() string { return list(2+r.IntN(3), point) }
	ring := func() string {
		first := point()
		return "(" + first + "," + point() + "," + point() + "," + first + ")"
	}
	polygon := func() string { return list(1+r.IntN(2), ring) }
	orEmpty := func(item func() string) func() string {
		return func() string {
			if r.IntN(8) == 0 {
				return "EMPTY"
			}
			return item()
		}
	}
	srid := ""
	if depth == 0 {
		srid = []string{"", "SRID=4326;", "SRID=3857;"}[r.IntN(3)]
	}
	switch r.IntN(7 - depth) {
	case 0:
		return srid + "POINT" + tag + " (" + point() + ")"
	case 1:
		return srid + "LINESTRING" + tag + " " + line()
	case 2:
		return srid + "POLYGON" + tag + " " + polygon()
	case 3:
		return srid + "MULTIPOINT" + tag + " " + list(1+r.IntN(3), orEmpty(point))
	case 4:
		return srid + "MULTILINESTRING" + tag + " " + list(1+r.IntN(3), orEmpty(line))
	case 5:
		return srid + "MULTIPOLYGON" + tag + " " + list(1+r.IntN(3), orEmpty(polygon))
	}
	return srid + "GEOMETRYCOLLECTION" + tag + " " + list(1+r.IntN(3), func() string { return randomTagged(r, 1, tag, dims) })
}

// Any text becomes JSON, in little memory.
func FuzzGeometry(f *testing.F) {
	answers, err := os.ReadFile(postgisAnswers)
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(answers)) {
		text, _, _ := strings.Cut(line, "\t")
		f.Add([]byte(text))
	}
	enc := Encoder(geometryType)
	f.Fuzz(func(t *testing.T, text []byte) {
		got := enc([]byte("x"), text)
		if got[0] != 'x' || !json.Valid(got[1:]) {
			t.Errorf("%q gives %s", text, got)
		}
	})
}
