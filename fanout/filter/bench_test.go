package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
	"github.com/tablewire/tablewire/protocol/wal"
)

func benchRow() []wal.Value {
	return row(
		"id", "123456789", "name", strings.Repeat("lorem ipsum ", 5)+"dolor", "age", "42", "active", "t",
		"score", "3.25", "weight", "3.141592653589793", "price", "12345.6789", "code", "ab   ",
		"uid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "born", "1999-01-08", "wakes", "06:30:00",
		"seen", "2024-01-15 10:30:00.123", "created_at", "2024-01-15 10:30:00.123456+00", "raw", `\x0aff`, "mood", "ok",
		"profile", `{"age": 42, "city": {"name": "Rome"}, "tags": ["a", "b"]}`, "doc", `{"a":1}`,
		"lasts", "1 day 02:03:04", "tags", "{a,b}", "address", "10.0.0.1", "pair", "(1,a)",
	)
}

// benchmarks are filters that must be evaluated to the end.
var benchmarks = []struct{ name, raw string }{
	{"op=eq/type=int", `{"age":42}`},
	{"op=gte/type=bigint", `{"id_gte":18}`},
	{"op=gt/type=float4", `{"score_gt":3}`},
	{"op=gt/type=float8", `{"weight_gt":3}`},
	{"op=gt/type=numeric", `{"price_gt":"12345.6"}`},
	{"op=eq/type=bool", `{"active":true}`},
	{"op=ne/type=text", `{"name_ne":"lorem"}`},
	{"op=eq/type=bpchar", `{"code":"ab"}`},
	{"op=eq/type=uuid", `{"uid":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`},
	{"op=gt/type=date", `{"born_gt":"1998-01-01"}`},
	{"op=gt/type=time", `{"wakes_gt":"06:00"}`},
	{"op=gt/type=timestamp", `{"seen_gt":"2024-01-15"}`},
	{"op=gt/type=timestamptz", `{"created_at_gt":"2024-01-15T10:30:00Z"}`},
	{"op=gt/type=interval", `{"lasts_gt":"1 day"}`},
	{"op=gt/type=enum", `{"mood_gt":"sad"}`},
	{"op=eq/type=bytea", `{"raw":"\\x0aff"}`},
	{"op=eq/type=jsonb", `{"profile":"{\"age\":42,\"tags\":[\"a\",\"b\"],\"city\":{\"name\":\"Rome\"}}"}`},
	{"op=gt/type=path", `{"profile.age_gt":18}`},
	{"op=eq/type=path", `{"profile.city.name":"Rome"}`},
	{"op=in/type=int/items=3", `{"age_in":"1,2,42"}`},
	{"op=notin/type=int/items=200", numbers(`{"age_notin":[`, 1000, 1200)},
	{"op=contains/type=text", `{"name_contains":"DOLOR"}`},
	{"op=startswith/type=text", `{"name_startswith":"lorem"}`},
	{"op=endswith/type=text", `{"name_endswith":"dolor"}`},
	{"op=isnull/type=text", `{"name_isnull":false}`},
	{"op=or/clauses=3", `{"[or]age":1,"[or]age_2":2,"[or]name_startswith":"lorem"}`},
	{"op=and/clauses=3", `{"age_gte":18,"active":true,"mood_in":"ok,happy"}`},
}

func numbers(start string, from, to int) string {
	var b strings.Builder
	b.WriteString(start)
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return strings.TrimSuffix(b.String(), ",") + "]}"
}

func BenchmarkMatch(b *testing.B) {
	for _, bench := range benchmarks {
		b.Run(bench.name, func(b *testing.B) {
			f := compile(b, bench.raw)
			r := benchRow()
			if f.Match(r) != filter.Yes {
				b.Fatal("does not match")
			}
			b.ReportAllocs()
			for b.Loop() {
				f.Match(r)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	raw := []byte(`{"status":"active","age_gte":"18","mood_in":"ok,happy"}`)
	raw = []byte(strings.Replace(string(raw), "status", "name", 1))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := filter.Compile(raw, rel); err != nil {
			b.Fatal(err)
		}
	}
}
