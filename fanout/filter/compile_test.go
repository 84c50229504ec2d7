package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
)

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	const what = "a string, a number, a boolean or null, or a list of them for in and notin"
	const notOp = ` is not an operator: want eq, ne, gt, gte, lt, lte, contains, startswith, endswith, in, notin, isnull; nor is there such a column in "users"`
	tests := []struct{ raw, want string }{
		{`[]`, `filters: want a JSON object`},
		{`"x"`, `filters: want a JSON object`},
		{`{"a":`, `filters: not valid JSON`},
		{`{"name":"a","name":"b"}`, `name: appears twice`},
		{`{"name":{"a":1}}`, `name: want ` + what},
		{`{"name_in":[["a"]]}`, `name_in: want ` + what},
		{`{"name":"a\u0000b"}`, `name: holds the character U+0000, which no value can`},

		{`{"colour":"red"}`, `colour: no such column in "users"`},
		{`{"colour_gte":"red"}`, `colour_gte: no such column in "users"`},
		{`{"":"red"}`, `: no such column in "users"`},
		{`{"_eq":"red"}`, `_eq: no such column in "users"`},
		{`{"Name":"red"}`, `Name: no such column in "users"`},
		{`{"name_GT":"red"}`, `name_GT: "GT"` + notOp},
		{`{"name___gt":"red"}`, `name___gt: no such column in "users"`},
		{`{"name_3":"x"}`, `name_3: "3"` + notOp},
		{`{"[or]name_1":"x"}`, `[or]name_1: "1"` + notOp},
		{`{"[or]name_02":"x"}`, `[or]name_02: "02"` + notOp},
		{`{"age_gtx":1}`, `age_gtx: "gtx"` + notOp},
		{`{"age_gt_":1}`, `age_gt_: "gt_"` + notOp},
		{`{"age__foo":1}`, `age__foo: "foo"` + notOp},
		{`{"checked_in_foo":1}`, `checked_in_foo: "foo"` + notOp},
		{`{"name__or__age_foo":"x"}`, `name__or__age_foo: "foo"` + notOp},
		{`{"name__or__colour":"x"}`, `name__or__colour: no such column in "users"`},
		{`{"[or:]name":"x"}`, `[or:]name: want [or]field or [or:name]field`},
		{`{"[or:a":"x"}`, `[or:a: want [or]field or [or:name]field`},
		{`{"name.first":"x"}`, `name.first: "name" is text, not json or jsonb: there is no path into it`},
		{`{"profile.":"x"}`, `profile.: the path "profile." has an empty member`},
		{`{"profile..a_gt":"x"}`, `profile..a_gt: the path "profile..a" has an empty member`},

		{`{"name":["a"]}`, `name: a list needs the operator in or notin`},
		{`{"name_contains":["a"]}`, `name_contains: a list needs the operator in or notin`},
		{`{"name_isnull":[true]}`, `name_isnull: a list needs the operator in or notin`},
		{`{"name_in":[]}`, `name_in: the list is empty`},
		{`{"name_isnull":"maybe"}`, `name_isnull: "maybe" is not true or false`},
		{`{"name_isnull":null}`, `name_isnull: null is not true or false`},

		{`{"age_gte":"abc"}`, `age_gte: "abc" is not an integer`},
		{`{"age":"18.5"}`, `age: "18.5" is not an integer`},
		{`{"age":18.5}`, `age: 18.5 is not an integer`},
		{`{"age":true}`, `age: true is not an integer`},
		{`{"age":""}`, `age: "" is not an integer`},
		{`{"age_in":"1,x"}`, `age_in: "x" is not an integer`},
		{`{"age":2147483648}`, `age: 2147483648 is out of range for integer`},
		{`{"small":"-32769"}`, `small: "-32769" is out of range for smallint`},
		{`{"id":9223372036854775808}`, `id: 9223372036854775808 is out of range for bigint`},
		{`{"age":"18.0"}`, `age: "18.0" is not an integer`},
		{`{"age":18.5}`, `age: 18.5 is not an integer`},
		{`{"age":1e-1}`, `age: 1e-1 is not an integer`},
		{`{"id_in":[1.0,1e400]}`, `id_in: 1e400 is out of range for bigint`},
		{`{"small":32768.0}`, `small: 32768.0 is out of range for smallint`},
		{`{"active":"maybe"}`, `active: "maybe" is not a boolean`},
		{`{"active":2}`, `active: 2 is not a boolean`},
		{`{"score":"1e39"}`, `score: "1e39" is out of range for real`},
		{`{"score":"1e-60"}`, `score: "1e-60" is out of range for real`},
		{`{"weight":"0x1p3"}`, `weight: "0x1p3" is not a number`},
		{`{"weight":"1_000"}`, `weight: "1_000" is not a number`},
		{`{"price":"1,5"}`, `price: "1,5" is not a number`},
		{`{"price":"."}`, `price: "." is not a number`},
		{`{"price":"1e"}`, `price: "1e" is not a number`},
		{`{"price":"1e131072"}`, `price: "1e131072" is out of range for numeric`},
		{`{"price":"1e-16384"}`, `price: "1e-16384" is out of range for numeric`},
		{`{"uid":"abc"}`, `uid: "abc" is not a uuid`},
		{`{"born":"Jan 8, 1999"}`, `born: "Jan 8, 1999" is not a date as in 2024-01-15`},
		{`{"born":"2023-02-29"}`, `born: "2023-02-29" is not a date as in 2024-01-15`},
		{`{"born":"5874898-01-01"}`, `born: "5874898-01-01" is out of range for date`},
		{`{"wakes":"25:00"}`, `wakes: "25:00" is not a time as in 10:30:00`},
		{`{"seen":"now"}`, `seen: "now" is not a timestamp as in 2024-01-15 10:30:00`},
		{`{"seen":"294277-01-01"}`, `seen: "294277-01-01" is out of range for timestamp`},
		{`{"created_at_gt":1705315800}`, `created_at_gt: 1705315800 is not a timestamp as in 2024-01-15T10:30:00Z`},
		{`{"raw":"0aff"}`, `raw: "0aff" is not bytea in hex, as in \x0aff`},
		{`{"mood":"angry"}`, `mood: "angry" is not a label of mood (sad, ok, happy)`},
		{`{"lasts":"a while"}`, `lasts: "a while" is not an interval as in 1 year 2 mons 3 days 04:05:06 or P1Y2M3DT4H5M6S`},
		{`{"profile":"active"}`, `profile: "active" is not JSON`},
		{`{"profile":"\"\\u0000\""}`, `profile: "\"\\u0000\"" holds the character U+0000, which jsonb can't`},
		{`{"doc":"{}"}`, `doc: json values have no equality: use a path into them, or isnull`},
		{`{"profile_gt":"{}"}`, `profile_gt: the operator gt can't be used on jsonb`},
		{`{"tags_lte":"a"}`, `tags_lte: "a" is not an array as in {1,2,NULL}, its elements of the type`},
		{`{"pair_lte":"(1,a)"}`, `pair_lte: the operator lte can't be used on pair`},
		{`{"address":"10.1"}`, `address: "10.1" is not an address as in 192.168.0.1, 192.168.0.0/24 or 2001:db8::1`},
		{`{"age":"` + strings.Repeat("é", 40) + `"}`, `age: "` + strings.Repeat("é", 30) + `…" is not an integer`},
	}
	for _, test := range tests {
		_, err := filter.Compile([]byte(test.raw), rel)
		if err == nil || err.Error() != test.want {
			t.Errorf("Compile(%s)\n got %v\nwant %s", test.raw, err, test.want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	members := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf(`"[or:g%d]age":1`, i)
		}
		return "{" + strings.Join(list, ",") + "}"
	}
	items := func(n int) string { return `{"age_in":"` + strings.TrimSuffix(strings.Repeat("1,", n), ",") + `"}` }
	sized := func(n int) string { return `{"name":"` + strings.Repeat("x", n-len(`{"name":""}`)) + `"}` }
	tests := []struct{ raw, want string }{
		{members(filter.MaxClauses), ""},
		{members(filter.MaxClauses + 1), "filters: more than 100 clauses"},
		{`{"` + strings.Repeat("age__or__", filter.MaxClauses) + `age":1}`, "filters: more than 100 clauses"},
		{items(filter.MaxItems), ""},
		{items(filter.MaxItems + 1), "age_in: the lists have more than 2000 items"},
		{sized(filter.MaxBytes), ""},
		{sized(filter.MaxBytes + 1), "filters: longer than 65536 bytes"},
	}
	for _, test := range tests {
		got := ""
		if _, err := filter.Compile([]byte(test.raw), rel); err != nil {
			got, _, _ = strings.Cut(err.Error(), "\n")
		}
		if !strings.HasSuffix(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("Compile(%.40s…) = %q, want %q", test.raw, got, test.want)
		}
	}
}
