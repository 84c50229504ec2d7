package pgtext

import (
	"testing"

	"github.com/tablewire/tablewire/protocol/wal"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	feeling := wal.Type{Kind: wal.KindComposite, Fields: []wal.Field{{Name: "m", Type: mood}, {Name: "t", Type: text}}}
	feelings := arrayOf(feeling)
	for _, tc := range []struct {
		typ  wal.Type
		text string
		want bool
	}{
		{mood, "sad", true},
		{mood, "glad", false},
		{arrayOf(mood), `{sad,"so \"so\"",NULL}`, true},
		{arrayOf(mood), `{sad,glad}`, false},
		{feeling, `(sad,x)`, true},
		{feeling, `(,)`, true},
		{feeling, `(sad)`, false},
		{feeling, `(sad,x,y)`, false},
		{feeling, `(glad,x)`, false},
		{feelings, `{"(sad,\"a\\\"b\")",NULL,"(,)"}`, true},
		{feelings, `{"(sad,x,y)"}`, false},
		{feelings, `{"(glad,x)"}`, false},
	} {
		check := Check(tc.typ)
		for range 2 { // what did not fit does not count the next time
			if got := check([]byte(tc.text)); got != tc.want {
				t.Errorf("%s fits: %v, want %v", tc.text, got, tc.want)
			}
		}
	}
	for _, typ := range []wal.Type{int4, text, jsonb, arrayOf(int4), tstzrange} {
		if Check(typ) != nil {
			t.Errorf("values of %s are checked", typ.Name)
		}
	}
}

func TestCheckAllocatesNothing(t *testing.T) {
	check, label := Check(arrayOf(mood)), []byte(`{sad,"a,b"}`)
	if n := testing.AllocsPerRun(100, func() { check(label) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
