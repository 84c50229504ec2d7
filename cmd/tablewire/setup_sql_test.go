package main

import (
	"slices"
	"strings"
	"testing"
)

func TestSetupSQL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"orders", "My Shop.a"}, 0, `FOR TABLE ONLY "public"."orders", ONLY "My Shop"."a" WITH`},
		{[]string{"orders,customers"}, 0, `FOR TABLE ONLY "public"."orders", ONLY "public"."customers" WITH`},
		{[]string{" orders", "public.orders"}, 0, `FOR TABLE ONLY "public"."orders" WITH`},
		{nil, 0, "-- No table was named"},
		{[]string{"orders,,customers"}, 1, `"" can't be the name of a table`},
		{[]string{"public.*"}, 1, `"public.*" can't be the name of a table`},
		{[]string{"--slot", "Bad-Name", "orders"}, 1, `"Bad-Name" can't be the name of a replication slot`},
	} {
		var stdout, stderr strings.Builder
		if code := run(t.Context(), append([]string{"setup-sql"}, tc.args...), &stdout, &stderr); code != tc.code {
			t.Errorf("%q: exit code %d, want %d", tc.args, code, tc.code)
		}
		if out := stdout.String() + stderr.String(); !strings.Contains(out, tc.want) {
			t.Errorf("%q: %s", tc.args, out)
		}
	}
}

// An empty list or name, as of a variable that is set to nothing, is a mistake: the default
// would expose tables, or take a slot, that nobody named.
func TestEmptySettings(t *testing.T) {
	t.Parallel()
	serve := []string{"serve", "--database-url=postgres://app@127.0.0.1:1/shop", "--api-key=k", "--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0"}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{append(slices.Clone(serve), "--tables="), "problem: table-pattern"},
		{append(slices.Clone(serve), "--slot="), "problem: slot-name"},
		{append(slices.Clone(serve), "--listen="), "problem: listen-address"},
		{append(slices.Clone(serve), "--admin-listen="), "problem: listen-address"},
		{append(slices.Clone(serve), "--admin-listen=off"), "problem: server-unreachable"}, // as with an address
		{append(slices.Clone(serve), "--listen=8080"), "or :8080 for all addresses"},
		{[]string{"setup-sql", "--slot=", "orders"}, "problem: slot-name"},
	} {
		var stdout, stderr strings.Builder
		if code := run(t.Context(), tt.args, &stdout, &stderr); code != 1 || stdout.Len() > 0 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%v: %d, %s%s, want %s", tt.args, code, stdout.String(), stderr.String(), tt.want)
		}
	}
}
