package pgtext

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/tablewire/tablewire/protocol/wal"
)

// fuzzed has a type of every kind except json, which passes through.
var fuzzed = []wal.Type{
	boolean, bigint, float8, numeric, text, bytea, timestamp, timestamptz, mood, hstoreType, item, box, empty,
	builtinType(22), builtinType(30), builtinType(1006), builtinType(1020),
	arrayOf(int4), arrayOf(text), arrayOf(float8), arrayOf(timestamptz), arrayOf(ints), arrayOf(item), arrayOf(hstoreType),
	builtinType(1082), builtinType(1083), builtinType(2950), tstzrange,
	{},
}

// FuzzEncoder checks that encoders do not panic, that they write valid JSON in valid UTF-8,
// and that they only append to dst.
func FuzzEncoder(f *testing.F) {
	for _, seed := range []string{
		"", "t", "-12.50", "1.5e-07", "NaN", "2024-05-06 07:08:09.5+00 BC", "infinity", `\x00ff`, "1 2 3", "\xff\u2028\"",
		`[2:3][-1:0]={{1,NULL},{3,"4"}}`, `{"a\"b","c\\d",NULL,""}`, `{(3,4),(1,2);(7,8),(5,6)}`, `{"{1,2}","{}"}`,
		`(1,"a""b\\c,()","2020-01-01 00:00:00+00","{1,2}",1e+20)`, `(,"",,,)`, `"a"=>"1", "b \"c\""=>NULL`,
		`("(1,"" "",,,NaN)","{""(1,\\""\\""\\""\\\\\\\\\\"",,{NULL},1)"",NULL}",1.50,t)`,
	} {
		for i := range fuzzed {
			f.Add(byte(i), []byte(seed))
		}
	}
	encoders := make([]encoder, len(fuzzed))
	for i := range fuzzed {
		encoders[i] = Encoder(fuzzed[i])
	}
	f.Fuzz(func(t *testing.T, which byte, text []byte) {
		i := int(which) % len(fuzzed)
		before := string(text)
		const prefix = `"x":`
		got := string(encoders[i]([]byte(prefix), text))
		if got[:len(prefix)] != prefix {
			t.Fatalf("%s: what was there became %q", fuzzed[i].Name, got[:len(prefix)])
		}
		if !utf8.ValidString(got) || !utf8.Valid(appendRaw(nil, text)) {
			t.Fatalf("%s: %q gave what is no UTF-8: %q", fuzzed[i].Name, text, got)
		}
		if !json.Valid([]byte(got[len(prefix):])) {
			t.Fatalf("%s: %q gave %s", fuzzed[i].Name, text, got[len(prefix):])
		}
		if string(text) != before {
			t.Fatalf("%s: the input was written to: %q became %q", fuzzed[i].Name, before, text)
		}
		// If dst has enough room, the result is in place.
		if roomy := encoders[i](append(make([]byte, 0, 64+32*len(text)), prefix...), text); string(roomy) != got {
			t.Fatalf("%s: got %s, and in place %s", fuzzed[i].Name, got, roomy)
		}
	})
}
