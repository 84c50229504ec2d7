package main

import (
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
		{[]string{"public.*"}, 1, `"public.*" is a pattern`},
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
