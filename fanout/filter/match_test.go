package filter_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

const (
	no      = filter.No
	yes     = filter.Yes
	unknown = filter.Unknown
)

func TestMatchNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		raw  string
		row  []wal.Value
		want filter.Result
	}{
		{`{"checked_in":"7"}`, row("checked_in", "7"), yes},
		{`{"checked_in":"7"}`, row("checked", "7"), no},
		{`{"checked__in":"6,7"}`, row("checked", "7"), yes},
		{`{"checked_in_in":"6,7"}`, row("checked_in", "7"), yes},
		{`{"age__gt":1}`, row("age_", "2"), yes}, // the longest name wins
		{`{"age__gt":1}`, row("age", "2"), no},
		{`{"age_gt":1}`, row("age", "2"), yes},
		{`{"profile.city":"Rome"}`, row("profile.city", "Rome"), yes},
		{`{"profile.city":"Rome"}`, row("profile", `{"city": "Rome"}`), no},
		{`{"profile.town":"Rome"}`, row("profile", `{"town": "Rome"}`), yes},
		{`{"profile.checked_in__eq":"x"}`, row("profile", `{"checked_in": "x"}`), yes},
		{`{"profile.checked_in":"x,y"}`, row("profile", `{"checked": "x"}`), yes},
		{`{"[or]odd":"x"}`, row("[or]odd", "x"), yes},
		{`{"[or]name":"a","[or]name_2":"b"}`, row("name_2", "b"), yes}, // name_2 is a column
		{`{"[or]name":"a","[or]name_3":"b"}`, row("name", "b"), yes},
		{`{"[or]age_gt":9,"[or]age_lt_2":1}`, row("age", "0"), yes},
		{`{"[or]profile.a_2":"x"}`, row("profile", `{"a": "x"}`), yes},
		{`{"name__or__code_contains":"J"}`, row("code", "ajb  "), yes},
		{`{"name__or__code_contains":"J"}`, row("code", "a    ", "name", "b"), no},
		{`{"age_gt__or__name_contains":"5"}`, row("age", "6"), yes},
		{`{"age_gt__or__name_contains":"5"}`, row("age", "5"), no},
		{`{"[or:a]age":1,"[or:b]name":"x"}`, row("age", "1"), no},
		{`{"[or:a]age":1,"[or:b]name":"x"}`, row("age", "1", "name", "x"), yes},
		{`{"[or:a]age":1,"[or:a]name":"x","active":true}`, row("name", "x", "active", "t"), yes},
		{`{"[or:a]age":1,"[or:a]name":"x","active":true}`, row("name", "x", "active", "f"), no},
	}
	for _, test := range tests {
		if got := compile(t, test.raw).Match(test.row); got != test.want {
			t.Errorf("%s: %v, want %v", test.raw, got, test.want)
		}
	}
}

func TestMatchUnknown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		raw  string
		row  []wal.Value
		want filter.Result
	}{
		{`{"age":1}`, nil, unknown},
		{`{"age":null}`, nil, no},
		{`{"age":1}`, row("age", absent), unknown},
		{`{"age":1}`, row("age", unchanged), unknown},
		{`{"age_isnull":true}`, row("age", absent), unknown},
		{`{"name_isnull":true}`, row("name", unchanged), no},
		{`{"name_isnull":false}`, row("name", unchanged), yes},
		{`{"profile.a_isnull":true}`, row("profile", unchanged), unknown},
		{`{"age":1,"name":"x"}`, row("age", absent, "name", "y"), no},
		{`{"age":1,"name":"x"}`, row("age", absent, "name", null), no},
		{`{"age":1,"name":"x"}`, row("age", absent, "name", "x"), unknown},
		{`{"[or]age":1,"[or]name":"x"}`, row("age", absent, "name", "x"), yes},
		{`{"[or]age":1,"[or]name":"x"}`, row("age", absent, "name", "y"), unknown},
		{`{"[or]age":1,"[or]name":"x","id":5}`, row("age", absent, "id", "6"), no},
		{`{"mood":"sad"}`, row("mood", "added since"), unknown},
		{`{"age_ne":1}`, row("age", null), no},
		{`{"age_notin":"1,2"}`, row("age", null), no},
		{`{"name_contains":""}`, row("name", null), no},
		{`{"name_contains":""}`, row("name", ""), yes},
	}
	for _, test := range tests {
		if got := compile(t, test.raw).Match(test.row); got != test.want {
			t.Errorf("%s: %v, want %v", test.raw, got, test.want)
		}
	}
}

// TestMatchValues has what is easily got wrong; TestDifferential has the rest.
func TestMatchValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		column, text string
		yes, no      string // members without the column, `_gt:1 _lt:3`, or `_gt#1` for a bare number
	}{
		{"id", "9223372036854775807", "_gt:9223372036854775806", "_lt:9223372036854775807"},
		{"id", "-9223372036854775808", ":-9223372036854775808 _lt:0", "_gt:-9223372036854775808"},
		{"id", "-100", "#-100.0 #-1e2 _in#[1,-1.0E2]", "#100.0"},
		{"id", "0", "#-0.0 #0e9", "#1.0"},
		{"id", "9007199254740993", "#9007199254740993.0 #900719925474099.3e1", "#9007199254740992.0"},
		{"price", "123456789012345678901234567890.10", ":123456789012345678901234567890.1", "_gt:123456789012345678901234567890.1"},
		{"price", "0.00", ":-0 _lt:0.0001 _gt:-1", "_gt:0"},
		{"price", "-10.5", "_lt:-10.49 _gt:-10.51 _lt:-9 _gt:-100", "_gt:-10.5"},
		{"price", "NaN", ":NaN _gt:Infinity", "_lt:NaN"},
		{"weight", "NaN", ":nan _gt:Infinity", "_lt:NaN"},
		{"weight", "-0", ":0 _gte:0", "_lt:0"},
		{"score", "0.1", ":0.1 :1e-1 :0.10000000001", "_gt:0.1"},
		{"weight", "0.1", ":0.1", ":0.10000000001"},
		{"active", "t", "_startswith:tr _gt:f", ":f"},
		{"code", "ab   ", ":ab _endswith:b", "_endswith: "},
		{"name", "ab ", "_gt:ab", ":ab"},
		{"name", "50%_\\", "_contains:%_\\ _startswith:50%", "_contains:5_ _startswith:5_"},
		{"name", "ÉCOLE", "_contains:école _contains:ÉcoL", "_startswith:é"},
		{"born", "0044-03-15 BC", "_lt:0001-01-01 :0044-03-15BC|", "_gt:0043-01-01"},
		{"born", "infinity", "_gt:5874897-12-31", "_lt:infinity"},
		{"created_at", "2024-01-15 10:30:00.5+00", "_gt:2024-01-15T11:30:00+01:00 _lt:2024-01-15T10:30:00.500001Z", ":2024-01-15T10:30:00.5+01"},
		{"seen", "2024-01-15 10:30:00", ":2024-01-15T10:30:00+05", "_lt:2024-01-15T10:30"},
		{"lasts", "1 mon -1 days +00:00:01", "_gt:29days| :P29DT1S", "_gt:P1M"},
		{"mood", "ok", "_gt:sad _lt:happy", "_gte:happy"},
		{"pair", "(,)", "_isnull:true", "_isnull:false"},
		{"pair", "(,\"\")", "_isnull:false", "_isnull:true"},
	}
	for _, test := range tests {
		for _, want := range []filter.Result{yes, no} {
			members := test.no
			if want == yes {
				members = test.yes
			}
			for _, member := range splitMembers(members) {
				raw := `{"` + test.column + strings.Replace(member, ":", `":"`, 1) + `"}`
				if name, bare, ok := strings.Cut(member, "#"); ok {
					raw = `{"` + test.column + name + `":` + bare + `}`
				}
				raw = strings.ReplaceAll(raw, `\`, `\\`)
				if got := compile(t, raw).Match(row(test.column, test.text)); got != want {
					t.Errorf("%s of %s: %v, want %v", raw, test.text, got, want)
				}
			}
		}
	}
}

// splitMembers splits at blanks in front of a member, so that literals may be
// blank; a bar ends a literal whose blanks were left out.
func splitMembers(members string) []string {
	var list []string
	for m := range strings.SplitSeq(members, " ") {
		if m == "" {
			list[len(list)-1] += " "
			continue
		}
		m = strings.Replace(m, "BC|", " BC", 1)
		list = append(list, strings.Replace(m, "29days|", "29 days", 1))
	}
	return list
}

func TestMatchJSON(t *testing.T) {
	t.Parallel()
	const text = `{"a": 5, "b": {"c": "x\ny", "d": null, "e": [1, {"f": true}]}, "n": "10", "w": "1.50", "é": "\u00e9"}`
	tests := []struct {
		raw  string
		want filter.Result
	}{
		{`{"doc.a":"5"}`, yes},
		{`{"doc.a":5.0}`, yes},
		{`{"doc.a":"5.0"}`, no},
		{`{"doc.n_gt":9}`, yes},
		{`{"doc.n_gt":"9"}`, no}, // text
		{`{"doc.w":1.5}`, yes},
		{`{"doc.b.c":"x\ny"}`, yes},
		{`{"doc.b.c_ne":5}`, no}, // no number: NULL
		{`{"doc.b.c_ne":"5"}`, yes},
		{`{"doc.b.d_isnull":true}`, yes},
		{`{"doc.b.z_isnull":true}`, yes},
		{`{"doc.a.z_isnull":true}`, yes},
		{`{"doc.b.e_contains":"\"F\": TRUE"}`, yes},
		{`{"doc.b.e.0_isnull":true}`, yes}, // no way into arrays
		{`{"doc.b_isnull":false}`, yes},
		{`{"doc.é":"é"}`, yes},
		{`{"doc.a_in":[4,5]}`, yes},
		{`{"doc.a_in":[4,"5"]}`, yes}, // text
		{`{"doc.a_in":"4,5"}`, yes},
		{`{"doc.a_notin":[4,6,null]}`, no},
	}
	for _, test := range tests {
		if got := compile(t, test.raw).Match(row("doc", text)); got != test.want {
			t.Errorf("%s: %v, want %v", test.raw, got, test.want)
		}
	}
}

// TestMatchAllocates holds Match to its promise.
func TestMatchAllocates(t *testing.T) {
	r := benchRow()
	for _, b := range benchmarks {
		f := compile(t, b.raw)
		if n := testing.AllocsPerRun(100, func() { f.Match(r) }); n != 0 {
			t.Errorf("%s: %v allocations", b.raw, n)
		}
	}
}
