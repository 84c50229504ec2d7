package sql_test

import (
	"strings"
	"testing"

	"github.com/tablewire/tablewire/sql"
)

func TestPatterns(t *testing.T) {
	for _, tc := range []struct {
		patterns      []string
		schema, table string
		want          bool
	}{
		{[]string{"public.*"}, "public", "orders", true},
		{[]string{"public.*"}, "shop", "orders", false},
		{[]string{"orders"}, "public", "orders", true},
		{[]string{"orders"}, "shop", "orders", false},
		{[]string{"orders"}, "public", "Orders", false},
		{[]string{"*"}, "public", "orders", true},
		{[]string{"*"}, "shop", "orders", false},
		{[]string{"*.*"}, "shop", "orders", true},
		{[]string{"shop.order*"}, "shop", "orders", true},
		{[]string{"a.b"}, "public", "a.b", true},
		{[]string{"a.b"}, "a", "b", true},
		{[]string{"public.*", "!secrets"}, "public", "secrets", false},
		{[]string{"public.*", "!public.audit_*"}, "public", "audit_log", false},
		{[]string{"public.*", "!public.audit_*"}, "public", "orders", true},
		{[]string{"shop.[a,o]rders"}, "shop", "orders", true},
		{[]string{" orders ", ""}, "public", "orders", true},
	} {
		p, err := sql.ParsePatterns(tc.patterns)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Match(tc.schema, tc.table); got != tc.want {
			t.Errorf("%q matches %s.%s: %v", tc.patterns, tc.schema, tc.table, got)
		}
	}
	for _, bad := range [][]string{nil, {""}, {"!x"}, {"a["}, {"a,b"}} {
		if _, err := sql.ParsePatterns(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if _, err := sql.ParsePatterns([]string{"!orders"}); err == nil || !strings.Contains(err.Error(), "public.*,!orders") {
		t.Errorf("exclusions alone: %v", err)
	}
}
