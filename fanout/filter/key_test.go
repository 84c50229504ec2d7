package filter_test

import (
	"testing"

	"github.com/tablewire/tablewire/fanout/filter"
)

func TestEmpty(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "{}", "null", " {\n} "} {
		f := compile(t, raw)
		if !f.Empty() || f.Key() != "" || f.Match(row()) != filter.Yes || f.Match(nil) != filter.Yes {
			t.Errorf("%q is not the empty filter", raw)
		}
	}
	if f := compile(t, `{"age":1}`); f.Empty() || f.Key() == "" {
		t.Error("a filter with a clause is empty")
	}
}

func TestKeyEqual(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		{`{"age":1,"name":"x"}`, `{"name":"x","age":1}`, `{"age_eq":"1","name__eq":"x"}`, `{"age":1.0,"name":"x"}`, `{"age":10e-1,"name":"x"}`, `{"age":"+01","name":"x"}`},
		{`{"age":1}`, `{"age_in":[1]}`, `{"age_in":"1,1"}`, `{"age":1,"age_eq":1}`, `{"[or]age":1}`, `{"[or]age":1,"[or]age_2":1}`, `{"age__or__age":1}`},
		{`{"age_ne":1}`, `{"age_notin":[1]}`},
		{`{"age_in":"1,2"}`, `{"age_in":[2,1,2]}`, `{"age_in":[1,null,2]}`},
		{`{"name_in":"a, b"}`, `{"name_in":["b","a"]}`},
		{`{"name__or__code_contains":"JO"}`, `{"[or]name_contains":"jo","[or]code__contains":"Jo"}`, `{"[or:x]code__or__name_contains":"jo"}`},
		{`{"[or:a]age":1,"[or:a]age_2":2}`, `{"[or:b]age_2":1,"[or:b]age":2}`},
		{`{"price":1}`, `{"price":"1.00"}`, `{"price":"10e-1"}`, `{"price":" +.1e1 "}`},
		{`{"price":0}`, `{"price":"-0.00"}`, `{"price":"0e5"}`},
		{`{"weight":"Infinity"}`, `{"weight":"inf"}`},
		{`{"score":0.1}`, `{"score":"1e-1"}`},
		{`{"active":true}`, `{"active":"yes"}`, `{"active":1}`},
		{`{"code":"ab"}`, `{"code":"ab   "}`},
		{`{"uid":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}`, `{"uid":"{a0eebc999c0b4ef8bb6d6bb9bd380a11}"}`, `{"uid":"a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"}`},
		{`{"created_at":"2024-01-15T10:30:00Z"}`, `{"created_at":"2024-01-15 12:30+02"}`, `{"created_at":"2024-01-15 10:30:00.000"}`},
		{`{"born":"2024-01-15"}`, `{"born":"2024-1-15T23:00:00+01:00"}`},
		{`{"lasts":"1 mon"}`, `{"lasts":"30 days"}`, `{"lasts":"P1M"}`, `{"lasts":"720:00"}`},
		{`{"raw":"\\x0AFF"}`, `{"raw":"\\x0a ff"}`},
		{`{"profile":"{\"b\":1.0,\"a\":[]}"}`, `{"profile":"{\"a\": [], \"b\": 1}"}`, `{"profile":"{\"a\":0,\"b\":1,\"a\":[]}"}`},
		{`{"profile.a":1}`, `{"profile.a_in":[1.0]}`},
		{`{"age":null}`, `{"name_in":[null]}`, `{"name_notin":[null,"a"]}`},
		{`{"[or]age":null,"[or]name":"x"}`, `{"name":"x"}`},
		{`{"name_isnull":true}`, `{"name_isnull":"t"}`, `{"name_isnull":1}`},
	}
	seen := map[string]string{}
	for _, equal := range tests {
		want := compile(t, equal[0]).Key()
		for _, raw := range equal[1:] {
			if got := compile(t, raw).Key(); got != want {
				t.Errorf("keys differ:\n%s → %s\n%s → %s", equal[0], want, raw, got)
			}
		}
		if seen[want] != "" {
			t.Errorf("keys of %s and %s are the same: %s", equal[0], seen[want], want)
		}
		seen[want] = equal[0]
	}
}

func TestKeyDistinct(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, raw := range []string{
		`{"age":1}`, `{"age":-1}`, `{"id":1}`, `{"age_gt":1}`, `{"age_gte":1}`, `{"age_ne":1}`, `{"age_contains":1}`,
		`{"name":"a"}`, `{"name":"A"}`, `{"name":"a "}`, `{"name_in":["a","b"]}`, `{"name":"a,b"}`, `{"name_in":["a,b","c"]}`,
		`{"name":"a","code":"b"}`, `{"[or]name":"a","[or]code":"b"}`, `{"name":"a\" & \"b"}`,
		`{"profile.a":"1"}`, `{"profile.a":1}`, `{"profile.a.b":1}`, `{"profile":"1"}`, `{"profile.city":"1"}`,
		`{"name_isnull":true}`, `{"name_isnull":false}`, `{"age":null}`,
		`{"price":"1"}`, `{"price":"10"}`, `{"price":"0.1"}`, `{"price":"-1"}`, `{"price":"NaN"}`, `{"price":"Infinity"}`, `{"price":"-inf"}`,
		`{"mood":"sad"}`, `{"mood":"ok"}`,
		`{"age_gt":0}`, `{"age__gt":2,"age":3}`, `{"[or]age":1,"[or:b]age":2}`, `{"[or]age":1,"[or]age_2":2}`,
	} {
		key := compile(t, raw).Key()
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have the same key %s", raw, other, key)
		}
		seen[key] = raw
	}
}
