package pgtext

import (
	"encoding/json"
	"testing"

	"github.com/tablewire/tablewire/protocol/wal"
)

// builtinType is a type of pg_catalog without a modifier.
func builtinType(oid uint32) wal.Type {
	t, ok := Builtin(oid, -1)
	if !ok {
		panic("no such type")
	}
	return t
}

func arrayOf(elem wal.Type) wal.Type {
	return wal.Type{Name: elem.Name + "[]", Kind: wal.KindArray, Delim: ',', Elem: &elem}
}

var (
	boolean     = builtinType(16)
	bytea       = builtinType(17)
	bigint      = builtinType(20)
	int4        = builtinType(23)
	text        = builtinType(25)
	jsonb       = builtinType(3802)
	float8      = builtinType(701)
	numeric     = builtinType(1700)
	timestamp   = builtinType(1114)
	timestamptz = builtinType(1184)
	tstzrange   = builtinType(3910)

	mood       = wal.Type{Name: "mood", Kind: wal.KindEnum, Labels: []string{"sad", `so "so"`, "a,b"}}
	hstoreType = wal.Type{Name: "ext.pairs", Kind: wal.KindOther, Extension: hstore, JSONCast: true}

	// ints is a domain over integer[], whose values nest in arrays as quoted text.
	ints = wal.Type{Name: "ints", Base: 1007, Kind: wal.KindArray, Delim: ',', Elem: &int4}

	item = wal.Type{Name: "item", Kind: wal.KindComposite, Fields: []wal.Field{
		{Name: "x", Type: int4},
		{Name: `y "q"`, Type: text},
		{Name: "t", Type: timestamptz},
		{Name: "a", Type: builtinType(1007)},
		{Name: "f", Type: float8},
	}}
	box = wal.Type{Name: "carton", Kind: wal.KindComposite, Fields: []wal.Field{
		{Name: "p", Type: item}, {Name: "ps", Type: arrayOf(item)}, {Name: "n", Type: numeric}, {Name: "b", Type: boolean},
	}}
	empty = wal.Type{Name: "empty", Kind: wal.KindComposite}
)

func TestEncoder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ  wal.Type
		text string
		want string
	}{
		{boolean, "t", `true`},
		{boolean, "f", `false`},
		{boolean, "maybe", `"maybe"`},

		{bigint, "-9223372036854775808", `-9223372036854775808`},
		{int4, "0", `0`},
		{int4, "007", `"007"`},
		{int4, "", `""`},
		{int4, "-", `"-"`},
		{int4, "1 ", `"1 "`},

		{numeric, "1.500", `1.500`},
		{numeric, "-0.00", `-0.00`},
		{numeric, "NaN", `"NaN"`},
		{numeric, "-Infinity", `"-Infinity"`},
		{numeric, "1.", `"1."`},
		{numeric, ".5", `".5"`},

		{float8, "1e+20", `100000000000000000000`},
		{float8, "-1.2345e+15", `-1234500000000000`},
		{float8, "1.23456789e+03", `1234.56789`},
		{float8, "1.5e-07", `0.00000015`},
		{float8, "-1e-01", `-0.1`},
		{float8, "-0", `0`},
		{float8, "0.1", `0.1`},
		{float8, "Infinity", `"Infinity"`},
		{float8, "1e9999", `"1e9999"`},
		{float8, "1e+99999999999999999999", `"1e+99999999999999999999"`},
		{float8, "12.5e+3", `"12.5e+3"`},
		{float8, "0e+20", `"0e+20"`},
		{float8, "1e", `"1e"`},

		{text, "a\"b\\c\x01\t\u2028\x7f</é", `"a\"b\\c\u0001\t` + "\u2028\x7f" + `</é"`},
		{text, "\xff", "\"\uFFFD\""},
		{bytea, `\x00ff`, `"\\x00ff"`},
		{mood, `so "so"`, `"so \"so\""`},
		{tstzrange, `["2020-01-01 00:00:00+00",)`, `"[\"2020-01-01 00:00:00+00\",)"`},
		{jsonb, `{"a":  [1, 2.50]}`, `{"a":  [1, 2.50]}`},
		{jsonb, "{\"a\":\"\xff\xfe\"}", "{\"a\":\"\uFFFD\"}"},

		{timestamp, "2024-05-06 07:08:09.123456", `"2024-05-06T07:08:09.123456"`},
		{timestamp, "0044-03-15 00:00:00 BC", `"0044-03-15T00:00:00 BC"`},
		{timestamp, "12024-05-06 07:08:09", `"12024-05-06T07:08:09"`},
		{timestamp, "-infinity", `"-infinity"`},
		{timestamp, "2024-05-06", `"2024-05-06"`},
		{timestamp, "2024-05-06 07:08", `"2024-05-06 07:08"`},
		{timestamp, "2024-05-06 07:08:09+00", `"2024-05-06 07:08:09+00"`},
		{timestamp, "2024-05-06 07:08:09.", `"2024-05-06 07:08:09."`},
		{timestamptz, "2024-05-06 07:08:09.5+00", `"2024-05-06T07:08:09.5Z"`},
		{timestamptz, "0044-03-15 00:00:00+00 BC", `"0044-03-15T00:00:00Z BC"`},
		{timestamptz, "infinity", `"infinity"`},
		{timestamptz, "2024-05-06 07:08:09+02", `"2024-05-06 07:08:09+02"`},
		{timestamptz, "2024-05-06 07:08:09+00 AD", `"2024-05-06 07:08:09+00 AD"`},

		{arrayOf(int4), "{}", `[]`},
		{arrayOf(int4), "{1,NULL,-3}", `[1,null,-3]`},
		{arrayOf(int4), "[2:3][-1:0]={{1,2},{3,4}}", `[[1,2],[3,4]]`},
		{arrayOf(text), `{"a\"b","c\\d","NULL",NULL,"","x y","{1,2}"}`, `["a\"b","c\\d","NULL",null,"","x y","{1,2}"]`},
		{arrayOf(boolean), `{t,f,NULL}`, `[true,false,null]`},
		{arrayOf(timestamptz), `{"2024-05-06 07:08:09+00",infinity}`, `["2024-05-06T07:08:09Z","infinity"]`},
		{arrayOf(jsonb), `{"{\"a\": [1, 2]}","null"}`, `[{"a": [1, 2]},null]`},
		{arrayOf(ints), `{"{1,2}","{}",NULL}`, `[[1,2],[],null]`},
		{builtinType(1020), `{(3,4),(1,2);(7,8),(5,6)}`, `["(3,4),(1,2)","(7,8),(5,6)"]`},
		{builtinType(22), `1 -2 3`, `[1,-2,3]`},
		{builtinType(22), ``, `[]`},
		{builtinType(22), `1 x`, `"1 x"`},
		{builtinType(30), `1 2`, `["1","2"]`},
		{builtinType(1006), `{"1 2",3,""}`, `[[1,2],[3],[]]`},
		{arrayOf(int4), "", `""`},
		{arrayOf(int4), "{1", `"{1"`},
		{arrayOf(int4), "{1,", `"{1,"`},
		{arrayOf(int4), "{1,}", `"{1,}"`},
		{arrayOf(int4), "{1}}", `"{1}}"`},
		{arrayOf(int4), "[x=]{1}", `"[x=]{1}"`},
		{arrayOf(int4), "[1:1]", `"[1:1]"`},
		{arrayOf(int4), "{{{{{{{1}}}}}}}", `"{{{{{{{1}}}}}}}"`},
		{arrayOf(text), `{"a}`, `"{\"a}"`},
		{arrayOf(text), `{"a"b}`, `"{\"a\"b}"`},
		{arrayOf(int4), `{1,x}`, `[1,"x"]`},
		{wal.Type{Kind: wal.KindArray}, `{1}`, `"{1}"`},

		{item, `(1,"a""b\\c,()","2020-01-01 00:00:00+00","{1,2}",1e+20)`, `{"x":1,"y \"q\"":"a\"b\\c,()","t":"2020-01-01T00:00:00Z","a":[1,2],"f":100000000000000000000}`},
		{item, `(,"",,,)`, `{"x":null,"y \"q\"":"","t":null,"a":null,"f":null}`},
		{
			box, `("(1,"" "",,,NaN)","{""(1,\\""\\""\\""\\\\\\\\\\"",,{NULL},1)"",NULL}",1.50,t)`,
			`{"p":{"x":1,"y \"q\"":" ","t":null,"a":null,"f":"NaN"},"ps":[{"x":1,"y \"q\"":"\"\\","t":null,"a":[null],"f":1},null],"n":1.50,"b":true}`,
		},
		{empty, `()`, `{}`},
		{empty, `(1)`, `"(1)"`},
		{item, `()`, `"()"`},
		{item, `(1,2,3,4,5,6)`, `"(1,2,3,4,5,6)"`},
		{item, `(1,2,3,4,5`, `"(1,2,3,4,5"`},
		{item, `(1,"2,3,4,5)`, `"(1,\"2,3,4,5)"`},
		{item, ``, `""`},

		{hstoreType, ``, `{}`},
		{hstoreType, `"a"=>"1", "b \"c\""=>NULL, ""=>"\\"`, `{"a":"1","b \"c\"":null,"":"\\"}`},
		{hstoreType, `"a"=>1`, `"\"a\"=>1"`},
		{hstoreType, `"a"=>"1", `, `"\"a\"=>\"1\", "`},
		{hstoreType, `"a"`, `"\"a\""`},
	}
	for _, tt := range tests {
		t.Run(tt.typ.Name+"/"+tt.text, func(t *testing.T) {
			t.Parallel()
			got := string(Encoder(tt.typ)([]byte("x:"), []byte(tt.text)))
			if got != "x:"+tt.want {
				t.Errorf("got  %s\nwant x:%s", got, tt.want)
			}
			if !json.Valid([]byte(got[2:])) {
				t.Error("not JSON")
			}
		})
	}
}
