package pgtext

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tablewire/tablewire/protocol/wal"
)

// The generators make SQL expressions.
type exprGen = *rapid.Generator[string]

func expr(f func(t *rapid.T) string) exprGen { return rapid.Custom(f) }

// orNull makes every fourth expression NULL.
func orNull(g exprGen) exprGen {
	return expr(func(t *rapid.T) string {
		if rapid.IntRange(0, 3).Draw(t, "null") == 0 {
			return "NULL"
		}
		return g.Draw(t, "value")
	})
}

// genString makes texts with many characters that have a meaning in some syntax.
var genString = rapid.OneOf(
	rapid.StringOf(rapid.RuneFrom([]rune("ab \"'\\{}(),;:=[]<>\n\t\r\b\f\x01\x1f\x7f\u00a0é\u2028\u2029\ufffd😀"))),
	rapid.Map(rapid.String(), func(s string) string { return strings.ReplaceAll(s, "\x00", "") }),
	rapid.SampledFrom([]string{"", "NULL", "null", "true", "1e5", "infinity", "{}", "()", `"`, `\`}),
)

var (
	genInt   = expr(func(t *rapid.T) string { return quote(strconv.Itoa(int(rapid.Int32().Draw(t, "n")))) + "::integer" })
	genInt64 = expr(func(t *rapid.T) string { return quote(strconv.FormatInt(rapid.Int64().Draw(t, "n"), 10)) + "::bigint" })
	genText  = expr(func(t *rapid.T) string { return quote(genString.Draw(t, "s")) + "::text" })
	genBool  = expr(func(t *rapid.T) string { return strconv.FormatBool(rapid.Bool().Draw(t, "b")) })
	genBytea = expr(func(t *rapid.T) string {
		return quote(`\x`+hex.EncodeToString(rapid.SliceOf(rapid.Byte()).Draw(t, "b"))) + "::bytea"
	})
	genNumeric = expr(func(t *rapid.T) string {
		return quote(rapid.StringMatching(`-?[0-9]{1,40}(\.[0-9]{1,40})?(e-?[1-9][0-9]?)?|NaN|-?Infinity`).Draw(t, "n")) + "::numeric"
	})
	genFloat8 = expr(func(t *rapid.T) string {
		return quote(strconv.FormatFloat(rapid.Float64().Draw(t, "f"), 'g', -1, 64)) + "::double precision"
	})
	genFloat8Short = expr(func(t *rapid.T) string {
		return quote(rapid.StringMatching(`-?[0-9]{1,17}e-?[1-2]?[0-9]`).Draw(t, "f")) + "::double precision"
	})
	genFloat4 = expr(func(t *rapid.T) string {
		return quote(strconv.FormatFloat(float64(rapid.Float32().Draw(t, "f")), 'g', -1, 32)) + "::real"
	})
	genJSON = expr(func(t *rapid.T) string {
		b, err := json.Marshal(map[string]any{genString.Draw(t, "k"): []any{genString.Draw(t, "v"), rapid.Int().Draw(t, "n"), nil}})
		if err != nil {
			t.Fatal(err)
		}
		return quote(string(b)) + "::jsonb"
	})
)

func genMoment(typ string) exprGen {
	return expr(func(t *rapid.T) string {
		if s := rapid.SampledFrom([]string{"", "", "", "", "infinity", "-infinity"}).Draw(t, "special"); s != "" {
			return quote(s) + "::" + typ
		}
		year, era := rapid.IntRange(1, 294275).Draw(t, "year"), ""
		if rapid.Bool().Draw(t, "near") {
			year = rapid.IntRange(1, 4712).Draw(t, "near year")
			era = rapid.SampledFrom([]string{"", " BC"}).Draw(t, "era")
		}
		clock := "24:00:00"
		if rapid.IntRange(0, 5).Draw(t, "midnight") > 0 {
			clock = fmt.Sprintf("%02d:%02d:%02d.%s", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"),
				rapid.IntRange(0, 59).Draw(t, "second"), rapid.StringMatching(`[0-9]{1,6}`).Draw(t, "fraction"))
		}
		return quote(fmt.Sprintf("%04d-%02d-%02d %s%s", year, rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"), clock, era)) + "::" + typ
	})
}

// genArray makes arrays of one or two dimensions.
func genArray(typ string, elem exprGen) exprGen {
	return expr(func(t *rapid.T) string {
		width := rapid.IntRange(0, 4).Draw(t, "width")
		row := func() string {
			return "ARRAY[" + strings.Join(rapid.SliceOfN(orNull(elem), width, width).Draw(t, "elements"), ", ") + "]::" + typ + "[]"
		}
		if width == 0 || rapid.Bool().Draw(t, "flat") {
			return row()
		}
		return "ARRAY[" + row() + ", " + row() + "]"
	})
}

func genComposite(typ string, fields ...exprGen) exprGen {
	return expr(func(t *rapid.T) string {
		values := make([]string, len(fields))
		for i, f := range fields {
			values[i] = orNull(f).Draw(t, "field")
		}
		return "ROW(" + strings.Join(values, ", ") + ")::" + typ
	})
}

func TestToJSONBOfGenerated(t *testing.T) { //nolint:tparallel // the subtests share a connection
	t.Parallel()
	o := openOracle(t)
	o.mustExec(t, userTypes)
	genMood := rapid.SampledFrom(casts("mood", "sad", `so "so"`, "a,b"))
	genItem := genComposite("item", genInt, genText, genMoment("timestamptz"), genArray("integer", genInt), genFloat8)
	genCarton := genComposite("carton", genItem, genArray("item", genItem), genNumeric, genBool)
	moods, items, cartons := arrayOf(mood), arrayOf(item), arrayOf(box)
	tests := []struct {
		name string
		typ  *wal.Type // nil: the server says which
		gen  exprGen
	}{
		{"integer", nil, genInt},
		{"bigint", nil, genInt64},
		{"numeric", nil, genNumeric},
		{"double precision", nil, genFloat8},
		{"double precision/short", nil, genFloat8Short},
		{"real", nil, genFloat4},
		{"text", nil, genText},
		{"bytea", nil, genBytea},
		{"jsonb", nil, genJSON},
		{"timestamp", nil, genMoment("timestamp")},
		{"timestamptz", nil, genMoment("timestamptz")},
		{"date", nil, genMoment("timestamp::date")},
		{"mood", &mood, genMood},
		{"item", &item, genItem},
		{"carton", &box, genCarton},
		{"integer[]", nil, genArray("integer", genInt)},
		{"text[]", nil, genArray("text", genText)},
		{"double precision[]", nil, genArray("double precision", genFloat8)},
		{"bytea[]", nil, genArray("bytea", genBytea)},
		{"jsonb[]", nil, genArray("jsonb", genJSON)},
		{"timestamptz[]", nil, genArray("timestamptz", genMoment("timestamptz"))},
		{"mood[]", &moods, genArray("mood", genMood)},
		{"item[]", &items, genArray("item", genItem)},
		{"carton[]", &cartons, genArray("carton", genCarton)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				o.check(t, tt.typ, rapid.SliceOfN(tt.gen, 1, 20).Draw(t, "values")...)
			})
		})
	}
}
